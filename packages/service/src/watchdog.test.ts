import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startWatchdog, takeWatchdogLimit } from "./watchdog.ts";

const PID = 4711;

describe("takeWatchdogLimit()", () => {
  for (const [what, environment, limitMs] of [
    [
      "is what the unit says, in milliseconds",
      { WATCHDOG_USEC: "60000000", WATCHDOG_PID: "4711" },
      60_000,
    ],
    ["is for whoever reads it when it names no process", { WATCHDOG_USEC: "2500" }, 2.5],
    ["is none for another process", { WATCHDOG_USEC: "60000000", WATCHDOG_PID: "4712" }, null],
    ["is none when the unit has none", {}, null],
    ["is none when it is 0", { WATCHDOG_USEC: "0" }, null],
    ["is none when it is no number", { WATCHDOG_USEC: "1h" }, null],
  ] as const) {
    it(what, () => {
      const given: NodeJS.ProcessEnv = { PATH: "/bin", ...environment };
      assert.equal(takeWatchdogLimit(given, PID), limitMs);
      assert.deepEqual(given, { PATH: "/bin" });
    });
  }
});

describe("startWatchdog()", () => {
  it("tells four times in the time, as some may be lost, and not again before it was told", async ({
    mock,
  }) => {
    mock.timers.enable({ apis: ["setInterval"] });
    const told: (() => void)[] = [];
    startWatchdog(1_000, () => new Promise((resolve) => told.push(resolve)));
    mock.timers.tick(249);
    assert.equal(told.length, 0);
    mock.timers.tick(1);
    mock.timers.tick(5_000);
    assert.equal(told.length, 1);
    told[0]?.();
    await new Promise(setImmediate);
    mock.timers.tick(250);
    assert.equal(told.length, 2);
  });
});
