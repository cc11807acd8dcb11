import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { within } from "./within.ts";

describe("within()", () => {
  it("hands on what comes in time, value or error", async () => {
    const { signal } = new AbortController();
    assert.equal(await within(Promise.resolve(7), signal), 7);
    await assert.rejects(within(Promise.reject(new Error("broken")), signal), {
      message: "broken",
    });
  });

  it("ends with the signal's reason when that comes first, and lets the rest go on", async () => {
    let resolveLate: (value: number) => void = () => undefined;
    const late = new Promise<number>((resolve) => {
      resolveLate = resolve;
    });
    const deadline = new AbortController();
    const waiting = within(late, deadline.signal);
    deadline.abort(new Error("too late"));
    await assert.rejects(waiting, { message: "too late" });
    await assert.rejects(within(late, deadline.signal), { message: "too late" });
    resolveLate(7);
    assert.equal(await within(late, new AbortController().signal), 7);
  });
});
