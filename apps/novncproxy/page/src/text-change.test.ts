import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { findTextChange } from "./text-change.ts";

describe("findTextChange()", () => {
  const cases = [
    { before: "__", after: "__a", change: { backspaces: 0, typed: "a" } },
    { before: "__a", after: "__", change: { backspaces: 1, typed: "" } },
    { before: "__helo", after: "__hello ", change: { backspaces: 1, typed: "lo " } },
    { before: "__😀", after: "__", change: { backspaces: 1, typed: "" } },
    { before: "same", after: "same", change: { backspaces: 0, typed: "" } },
  ];
  for (const { before, after, change } of cases) {
    it(`finds how "${after}" comes from "${before}"`, () => {
      assert.deepEqual(findTextChange(before, after), change);
    });
  }

  it("gives keys that make the one text of the other", () => {
    const text = fc.string({ unit: "grapheme" });
    fc.assert(
      fc.property(text, text, (before, after) => {
        const { backspaces, typed } = findTextChange(before, after);
        const kept = Array.from(before).slice(0, Array.from(before).length - backspaces);
        assert.equal(kept.join("") + typed, after);
      }),
    );
  });
});
