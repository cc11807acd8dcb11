import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RequestSlots } from "./request-slots.ts";

describe("RequestSlots", () => {
  it("begins as many as there are slots, and the others in the order in which they came", () => {
    const slots = new RequestSlots(2);
    const begun: number[] = [];
    const releases: (() => void)[] = [];
    for (let number = 0; number < 5; number++) {
      slots.take((release) => {
        begun.push(number);
        releases.push(release);
      });
    }
    assert.deepEqual(begun, [0, 1]);
    releases[1]?.();
    assert.deepEqual(begun, [0, 1, 2]);
    releases[0]?.();
    releases[2]?.();
    assert.deepEqual(begun, [0, 1, 2, 3, 4]);
  });

  it("goes on with the next when one gives its slot back at once", () => {
    const slots = new RequestSlots(1);
    const begun: number[] = [];
    for (let number = 0; number < 3; number++) {
      slots.take((release) => {
        begun.push(number);
        release();
      });
    }
    assert.deepEqual(begun, [0, 1, 2]);
  });

  it("drops those that wait, and keeps the slots of those that have begun", () => {
    const slots = new RequestSlots(1);
    const begun: string[] = [];
    let release = (): void => undefined;
    slots.take((give) => (release = give));
    slots.take(() => begun.push("dropped"));
    slots.clear();
    slots.take(() => begun.push("later"));
    assert.deepEqual(begun, []);
    release();
    assert.deepEqual(begun, ["later"]);
  });
});
