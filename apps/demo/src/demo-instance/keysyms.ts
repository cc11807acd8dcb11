/** Keysyms that the demo knows by name (keysymdef.h of X11). */
export const Keysym = {
  BackSpace: 0xff08,
  Tab: 0xff09,
  Return: 0xff0d,
  Escape: 0xff1b,
  KeypadEnter: 0xff8d,
  Delete: 0xffff,
} as const;

const MODIFIERS = new Map([
  [0xffe1, "Shift"],
  [0xffe2, "Shift"],
  [0xffe3, "Ctrl"],
  [0xffe4, "Ctrl"],
  [0xffe7, "Meta"],
  [0xffe8, "Meta"],
  [0xffe9, "Alt"],
  [0xffea, "Alt"],
  [0xffeb, "Super"],
  [0xffec, "Super"],
  [0xfe03, "AltGr"],
]);

const NAMES = new Map([
  [0x20, "Space"],
  [0xff08, "Backspace"],
  [0xff09, "Tab"],
  [0xfe20, "Tab"],
  [0xff0d, "Enter"],
  [0xff13, "Pause"],
  [0xff14, "Scroll Lock"],
  [0xff1b, "Esc"],
  [0xff50, "Home"],
  [0xff51, "Left"],
  [0xff52, "Up"],
  [0xff53, "Right"],
  [0xff54, "Down"],
  [0xff55, "Page Up"],
  [0xff56, "Page Down"],
  [0xff57, "End"],
  [0xff61, "Print"],
  [0xff63, "Insert"],
  [0xff67, "Menu"],
  [0xff7f, "Num Lock"],
  [0xff8d, "Enter"],
  [0xffe5, "Caps Lock"],
  [0xffff, "Delete"],
]);

const UNICODE_KEYSYM = 0x0100_0000;
const LAST_CODE_POINT = 0x10_ffff;

/** "Ctrl" for either Control key, and so on; null for a key that is no modifier. */
export function modifierName(keysym: number): string | null {
  return MODIFIERS.get(keysym) ?? null;
}

/** The character that a keysym types; null for a key that types none. */
export function characterOf(keysym: number): string | null {
  const isLatin1 = (keysym >= 0x20 && keysym < 0x7f) || (keysym >= 0xa0 && keysym <= 0xff);
  if (isLatin1) return String.fromCodePoint(keysym);
  // The keypad's digits and signs lie as in ASCII.
  if (keysym >= 0xffaa && keysym <= 0xffb9) return String.fromCodePoint(keysym - 0xff80);
  if (keysym === 0x20ac) return "€";
  const codePoint = keysym - UNICODE_KEYSYM;
  const isText = codePoint >= 0xa0 && codePoint <= LAST_CODE_POINT;
  return isText ? String.fromCodePoint(codePoint) : null;
}

/** What to call a key: "Delete", "F5", "a", or its number. Never empty. */
export function keyName(keysym: number): string {
  if (keysym >= 0xffbe && keysym <= 0xffc9) return `F${keysym - 0xffbd}`;
  return (
    modifierName(keysym) ??
    NAMES.get(keysym) ??
    characterOf(keysym) ??
    `0x${keysym.toString(16).padStart(4, "0")}`
  );
}
