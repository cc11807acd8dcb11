import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CELL_HEIGHT, CELL_WIDTH, dotsOf } from "./font.ts";
import { glyphRows } from "./glyphs.ts";

describe("dotsOf()", () => {
  it("keeps every letter inside its cell, with room to the next", () => {
    for (const [character, rows] of Object.entries(glyphRows)) {
      assert.match(rows, /^([#.]{5}( [#.]{5}){0,8})?$/, character);
      for (const { x, y } of dotsOf(character)) {
        assert.ok(x < CELL_WIDTH - 1 && y < CELL_HEIGHT - 1, character);
      }
    }
  });

  it("draws all of ASCII, no two characters alike", () => {
    const printable = Array.from({ length: 95 }, (_, index) => String.fromCharCode(0x20 + index));
    for (const character of printable) assert.ok(character in glyphRows, character);
    const shapes = new Set(printable.map((character) => JSON.stringify(dotsOf(character))));
    assert.equal(shapes.size, printable.length);
  });

  it("draws a box for what the font lacks", () => {
    assert.deepEqual(dotsOf("漢"), dotsOf("😀"));
    assert.ok(dotsOf("漢").length > 0);
    assert.deepEqual(dotsOf("constructor"), dotsOf("漢"));
  });
});
