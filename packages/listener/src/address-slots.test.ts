import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AddressSlots } from "./address-slots.ts";

describe("AddressSlots", () => {
  it("refuses one more than the limit, for each address on its own", () => {
    const slots = new AddressSlots(2);
    assert.notEqual(slots.take("192.0.2.1"), null);
    assert.notEqual(slots.take("192.0.2.1"), null);
    assert.equal(slots.take("192.0.2.1"), null);
    assert.notEqual(slots.take("192.0.2.2"), null);
  });

  it("takes a slot back once, however often it is given", () => {
    const slots = new AddressSlots(2);
    const release = slots.take("192.0.2.1");
    slots.take("192.0.2.1");
    release?.();
    release?.();
    assert.notEqual(slots.take("192.0.2.1"), null);
    assert.equal(slots.take("192.0.2.1"), null);
  });

  it("forgets an address that holds nothing", () => {
    const slots = new AddressSlots(2);
    slots.take("192.0.2.1")?.();
    assert.equal(slots.size, 0);
  });
});
