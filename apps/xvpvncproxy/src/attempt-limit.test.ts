import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CountedSlots } from "@nova-console/session";
import { AttemptLimit } from "./attempt-limit.ts";

function limitOf(perAddress: number, inAll: number): AttemptLimit {
  return new AttemptLimit({
    perAddress: new CountedSlots(perAddress),
    inAll: new CountedSlots(inAll),
  });
}

/** Whether each of these addresses, one after the other, may try. */
async function mayTry(limit: AttemptLimit, ...addresses: string[]): Promise<boolean[]> {
  const answers: boolean[] = [];
  for (const address of addresses) answers.push((await limit.take(address)) !== null);
  return answers;
}

describe("AttemptLimit", () => {
  it("lets an address try so often in a minute, and again in the next", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const limit = limitOf(2, 10);
    assert.deepEqual(await mayTry(limit, "a", "a", "a", "b"), [true, true, false, true]);
    t.mock.timers.tick(60_000);
    assert.deepEqual(await mayTry(limit, "a"), [true]);
  });

  it("bounds the attempts of all addresses together", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const limit = limitOf(2, 3);
    assert.deepEqual(await mayTry(limit, "a", "b", "c", "d"), [true, true, true, false]);
    t.mock.timers.tick(60_000);
    assert.deepEqual(await mayTry(limit, "d", "d", "d"), [true, true, false]);
  });

  it("counts no attempt that was right, even after its minute", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const limit = limitOf(1, 1);
    for (let times = 0; times < 5; times++) (await limit.take("a"))?.wasRight();
    assert.deepEqual(await mayTry(limit, "a", "b"), [true, false]);
    t.mock.timers.tick(59_999);
    assert.deepEqual(await mayTry(limit, "a"), [false]);
  });
});
