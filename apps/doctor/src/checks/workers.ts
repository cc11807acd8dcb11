import { availableParallelism } from "node:os";
import { finding, fine, type Result } from "../finding.ts";
import type { CheckContext } from "./context.ts";

/** Compares the processes that are asked for with the cores that there are. */
export function checkWorkers({ novnc }: CheckContext): Result[] {
  const { workers } = novnc.values.console_proxy;
  return [
    judgeWorkers(workers, availableParallelism(), novnc.sources["console_proxy.workers"] ?? ""),
  ];
}

/** Says whether there are more workers than cores. */
export function judgeWorkers(workers: number, cores: number, source: string): Result {
  const here = `${workers} on ${cores} core${cores === 1 ? "" : "s"}`;
  if (workers <= cores) return fine(here);
  return finding(
    "workers-too-many",
    `[console_proxy] workers is ${workers} (${source}); this host has ${cores} cores`,
    ["remove the line from nova.conf: one per core is the default"],
  );
}
