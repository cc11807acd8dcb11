import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import { cpuSecondsOf, cpuSecondsOfStat } from "./cpu-time.ts";

const times = "120 30 7 3";

describe("cpuSecondsOfStat()", () => {
  for (const name of ["node", "a b", "x) S 1 (y", ""]) {
    it(`adds up user and system time of a process named "${name}" and its ended children`, () => {
      const stat = `42 (${name}) S 1 42 42 0 -1 4194304 9 9 9 9 ${times} 20 0 11 0 100 1 1`;
      assert.equal(cpuSecondsOfStat(stat), 1.6);
    });
  }

  it("refuses what is no stat", () => {
    for (const text of ["", "42 (node) S 1", "42 node S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16"]) {
      assert.throws(() => cpuSecondsOfStat(text), /not a process's stat/);
    }
  });
});

describe("cpuSecondsOf()", () => {
  it("counts what children used that have ended", () => {
    const before = cpuSecondsOf([process.pid]);
    const busy = "const end = Date.now() + 200; while (Date.now() < end);";
    spawnSync(process.execPath, ["-e", busy], { timeout: 20_000 });
    assert.ok(cpuSecondsOf([process.pid]) > before);
  });

  it("counts nothing for a process that is gone", () => {
    const { pid } = spawnSync(process.execPath, ["-e", ""], { timeout: 20_000 });
    assert.equal(cpuSecondsOf([pid]), 0);
  });
});
