import type { KeyAction } from "./keyboard.ts";

/** Where the mouse is, and which of its buttons are down (RFC 6143 §7.5.5). */
export interface Pointer {
  readonly x: number;
  readonly y: number;
  /** Bit 0 is the left button, 1 the middle one, 2 the right one, 3 and 4 the wheel. */
  readonly buttons: number;
}

/** What the demo's screen shows, but for the time. */
export interface ScreenContent {
  readonly text: string;
  /** The last key and the modifiers with it; empty before the first. */
  readonly chord: string;
  /** null before the mouse was seen. */
  readonly pointer: Pointer | null;
  /** How far the wheel was turned, down is more. */
  readonly wheel: number;
  /** What a viewer put on the clipboard; empty if nothing. */
  readonly clipboard: string;
  readonly viewerCount: number;
}

/** The screen before anybody looks. */
export const emptyContent: ScreenContent = {
  text: "",
  chord: "",
  pointer: null,
  wheel: 0,
  clipboard: "",
  viewerCount: 0,
};

/** What is kept of a text, from its end: more than fits on the screen. */
export const MAX_TEXT_CHARACTERS = 2000;

const WHEEL_UP = 1 << 3;
const WHEEL_DOWN = 1 << 4;

/** The content after a key. */
export function typeKey(content: ScreenContent, action: KeyAction): ScreenContent {
  switch (action.type) {
    case "insert":
      return { ...content, text: lastCharacters(content.text + action.text) };
    case "paste":
      return { ...content, text: lastCharacters(content.text + content.clipboard) };
    case "erase":
      // By code point: half a character is none.
      return { ...content, text: Array.from(content.text).slice(0, -1).join("") };
    case "clear":
      return { ...content, text: "" };
    case "copy":
    case "none":
      return content;
  }
}

/** The content after the mouse moved, or a button or the wheel did. */
export function movePointer(content: ScreenContent, pointer: Pointer): ScreenContent {
  const pressed = pointer.buttons & ~(content.pointer?.buttons ?? 0);
  const turned = ((pressed & WHEEL_DOWN) > 0 ? 1 : 0) - ((pressed & WHEEL_UP) > 0 ? 1 : 0);
  return { ...content, pointer, wheel: content.wheel + turned };
}

/** The content after a viewer sent its clipboard. */
export function setClipboard(content: ScreenContent, text: string): ScreenContent {
  return { ...content, clipboard: lastCharacters(text.replace(/\r\n?/g, "\n")) };
}

function lastCharacters(text: string): string {
  return Array.from(text).slice(-MAX_TEXT_CHARACTERS).join("");
}
