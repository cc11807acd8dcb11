import { runProgram } from "@nova-console/service";
import { createProgram } from "./program.ts";

const { env: environment, stdin, stderr } = process;
const input = { standardInput: stdin, prompt: (text: string) => stderr.write(text) };
await runProgram(createProgram({ environment, now: Date.now, input }));
