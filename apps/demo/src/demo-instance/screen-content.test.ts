import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  emptyContent,
  MAX_TEXT_CHARACTERS,
  movePointer,
  setClipboard,
  typeKey,
} from "./screen-content.ts";

describe("typeKey()", () => {
  it("adds what is typed, and takes it away by whole characters", () => {
    let content = typeKey(emptyContent, { type: "insert", text: "a😀" });
    content = typeKey(content, { type: "erase" });
    assert.equal(content.text, "a");
    assert.equal(typeKey(content, { type: "clear" }).text, "");
  });

  it("keeps the end of a long text", () => {
    const long = "x".repeat(MAX_TEXT_CHARACTERS);
    const content = typeKey({ ...emptyContent, text: long }, { type: "insert", text: "end" });
    assert.equal(content.text.length, MAX_TEXT_CHARACTERS);
    assert.ok(content.text.endsWith("xend"));
  });

  it("pastes the clipboard", () => {
    const content = setClipboard(emptyContent, "one\r\ntwo");
    assert.equal(typeKey(content, { type: "paste" }).text, "one\ntwo");
  });
});

describe("movePointer()", () => {
  it("counts a turn of the wheel once, when its button goes down", () => {
    let content = movePointer(emptyContent, { x: 1, y: 2, buttons: 1 << 4 });
    content = movePointer(content, { x: 3, y: 4, buttons: 1 << 4 });
    content = movePointer(content, { x: 3, y: 4, buttons: 0 });
    assert.equal(content.wheel, 1);
    assert.equal(movePointer(content, { x: 3, y: 4, buttons: 1 << 3 }).wheel, 0);
    assert.deepEqual(content.pointer, { x: 3, y: 4, buttons: 0 });
  });
});
