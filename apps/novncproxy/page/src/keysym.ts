/** Keysyms of X11 that this page sends by itself (RFC 6143 §7.5.4, keysymdef.h). */
export const Keysym = {
  BackSpace: 0xff08,
  Tab: 0xff09,
  Return: 0xff0d,
  Escape: 0xff1b,
  Left: 0xff51,
  Up: 0xff52,
  Right: 0xff53,
  Down: 0xff54,
  PageUp: 0xff55,
  PageDown: 0xff56,
  Delete: 0xffff,
  ControlLeft: 0xffe3,
  AltLeft: 0xffe9,
  SuperLeft: 0xffeb,
  F1: 0xffbe,
} as const;

/** Keysyms of characters outside Latin-1 are their code point plus this. */
const UNICODE_KEYSYM = 0x0100_0000;

/**
 * The keysym that types a character; null if no key does.
 *
 * @param character - one code point
 */
export function keysymOf(character: string): number | null {
  const codePoint = character.codePointAt(0);
  if (codePoint === undefined) return null;
  if (character === "\n") return Keysym.Return;
  if (character === "\t") return Keysym.Tab;
  if (codePoint < 0x20 || (codePoint >= 0x7f && codePoint < 0xa0)) return null;
  return codePoint <= 0xff ? codePoint : UNICODE_KEYSYM + codePoint;
}

/** The keysyms that type a text; what no key types is left out, a CR LF is one Return. */
export function keysymsOf(text: string): number[] {
  return Array.from(text.replace(/\r\n?/g, "\n"), keysymOf).filter((keysym) => keysym !== null);
}
