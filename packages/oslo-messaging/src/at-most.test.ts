import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { atMost } from "./at-most.ts";

describe("atMost()", () => {
  it("tells that a promise ended in time, whichever way", async () => {
    assert.equal(await atMost(Promise.resolve(1), 10_000), true);
    assert.equal(await atMost(Promise.reject(new Error("no")), 10_000), true);
  });

  it("waits no longer than it may", async () => {
    assert.equal(await atMost(new Promise(() => undefined), 1), false);
  });
});
