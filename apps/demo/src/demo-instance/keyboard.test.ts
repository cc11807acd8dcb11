import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type KeyAction, Keyboard } from "./keyboard.ts";

const SHIFT = 0xffe1;
const CTRL = 0xffe3;
const ALT = 0xffe9;

describe("Keyboard", () => {
  const cases: { name: string; keys: number[]; chord: string; action: KeyAction }[] = [
    { name: "a letter", keys: [0x61], chord: "a", action: { type: "insert", text: "a" } },
    {
      name: "a capital",
      keys: [SHIFT, 0x41],
      chord: "Shift + A",
      action: { type: "insert", text: "A" },
    },
    { name: "Latin-1", keys: [0xfc], chord: "ü", action: { type: "insert", text: "ü" } },
    {
      name: "Unicode",
      keys: [0x0100_6f22],
      chord: "漢",
      action: { type: "insert", text: "漢" },
    },
    {
      name: "the euro's own keysym",
      keys: [0x20ac],
      chord: "€",
      action: { type: "insert", text: "€" },
    },
    { name: "the keypad", keys: [0xffb7], chord: "7", action: { type: "insert", text: "7" } },
    { name: "Enter", keys: [0xff0d], chord: "Enter", action: { type: "insert", text: "\n" } },
    { name: "Tab", keys: [0xff09], chord: "Tab", action: { type: "insert", text: "    " } },
    { name: "Backspace", keys: [0xff08], chord: "Backspace", action: { type: "erase" } },
    { name: "Escape", keys: [0xff1b], chord: "Esc", action: { type: "clear" } },
    { name: "Ctrl-C", keys: [CTRL, 0x63], chord: "Ctrl + c", action: { type: "copy" } },
    { name: "Ctrl-V", keys: [CTRL, 0x76], chord: "Ctrl + v", action: { type: "paste" } },
    {
      name: "Ctrl-Alt-Del",
      keys: [CTRL, ALT, 0xffff],
      chord: "Ctrl + Alt + Delete",
      action: { type: "none" },
    },
    { name: "a command", keys: [ALT, 0x78], chord: "Alt + x", action: { type: "none" } },
    { name: "F12", keys: [0xffc9], chord: "F12", action: { type: "none" } },
    { name: "a modifier alone", keys: [CTRL], chord: "Ctrl", action: { type: "none" } },
    { name: "a key nobody named", keys: [0xfe99], chord: "0xfe99", action: { type: "none" } },
  ];
  for (const { name, keys, chord, action } of cases) {
    it(`understands ${name}`, () => {
      const keyboard = new Keyboard();
      const presses = keys.map((keysym) => keyboard.apply(keysym, true));
      assert.deepEqual(presses.at(-1), { chord, action });
    });
  }

  it("forgets a modifier that went up", () => {
    const keyboard = new Keyboard();
    keyboard.apply(CTRL, true);
    assert.equal(keyboard.apply(CTRL, false), null);
    assert.equal(keyboard.apply(0x63, true)?.chord, "c");
  });

  it("has a name for every keysym that there can be", () => {
    fc.assert(
      fc.property(fc.nat(0xffff_ffff), (keysym) => {
        assert.ok((new Keyboard().apply(keysym, true)?.chord.length ?? 0) > 0);
      }),
    );
  });
});
