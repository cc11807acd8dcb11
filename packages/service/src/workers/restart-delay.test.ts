import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RestartDelay } from "./restart-delay.ts";

describe("RestartDelay", () => {
  it("is none for the first death, then longer for each that follows young, up to ten seconds", () => {
    const delay = new RestartDelay();
    const delays = Array.from({ length: 10 }, () => delay.after(1_000));
    assert.deepEqual(delays.slice(0, 5), [0, 100, 200, 400, 800]);
    assert.equal(delays.at(-1), 10_000);
  });

  it("is none again after a long life", () => {
    const delay = new RestartDelay();
    delay.after(0);
    delay.after(0);
    assert.equal(delay.after(30_000), 0);
    assert.equal(delay.after(0), 100);
  });
});
