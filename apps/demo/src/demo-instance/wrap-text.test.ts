import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { wrapText } from "./wrap-text.ts";

describe("wrapText()", () => {
  const cases = [
    { text: "", lines: [""] },
    { text: "abc", lines: ["abc"] },
    { text: "abcd", lines: ["abc", "d"] },
    { text: "a\n\nb\n", lines: ["a", "", "b", ""] },
    { text: "😀😀😀😀", lines: ["😀😀😀", "😀"] },
  ];
  for (const { text, lines } of cases) {
    it(`breaks ${JSON.stringify(text)} into ${lines.length}`, () => {
      assert.deepEqual(wrapText(text, 3), lines);
    });
  }
});
