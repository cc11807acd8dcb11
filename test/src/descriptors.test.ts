import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { describe, it } from "node:test";
import { closeConsole, WorkersStage } from "./support/workers.ts";

describe("a proxy without a file descriptor left", { timeout: 60_000 }, () => {
  it("says so in its log, and opens consoles again when it has some", async () => {
    await using stage = await WorkersStage.start(AbortSignal.timeout(60_000), { workers: 1 });
    const url = await stage.authorize();
    const { pid } = stage.proxy;
    setLimit(pid, firstFreeDescriptor(pid));
    await stage.proxy.printed(/ERROR .*no file descriptor is left in this process \(EMFILE\)/);
    setLimit(pid, 1_024);
    await closeConsole(await stage.open(url));
  });
});

/** A process that may have no descriptor from this one on has none left. */
function firstFreeDescriptor(pid: number): number {
  const used = new Set(readdirSync(`/proc/${pid}/fd`).map(Number));
  let free = 0;
  while (used.has(free)) free += 1;
  return free;
}

function setLimit(pid: number, descriptors: number): void {
  execFileSync("prlimit", [`--pid=${pid}`, `--nofile=${descriptors}:`]);
}
