import { runTool } from "@nova-console/service";
import { limitNameService } from "./host/limit-name-service.ts";
import { program } from "./program.ts";

limitNameService(process.env);
await runTool(program);
