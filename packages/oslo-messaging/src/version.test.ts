import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isCompatible } from "./version.ts";

describe("isCompatible()", () => {
  it("wants the same major version and no newer minor one, compared as numbers", () => {
    assert.ok(isCompatible("2.1", "2.0"));
    assert.ok(isCompatible("2.1", "2.1"));
    assert.ok(isCompatible("2.10", "2.9"));
    assert.ok(!isCompatible("2.1", "2.2"));
    assert.ok(!isCompatible("2.1", "1.0"));
    assert.ok(!isCompatible("2.1", "3.0"));
  });

  it("understands nothing that is no version", () => {
    for (const text of ["", "2", "2.", "2.x", "2.0.0", " 2.0"]) {
      assert.ok(!isCompatible("2.1", text), text);
      assert.ok(!isCompatible(text, "2.0"), text);
    }
  });
});
