import { runProgram } from "@nova-console/service";
import { createProgram } from "./program.ts";

await runProgram(createProgram({ environment: process.env, now: Date.now }));
