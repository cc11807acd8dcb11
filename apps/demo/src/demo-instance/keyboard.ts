import { characterOf, keyName, Keysym, modifierName } from "./keysyms.ts";

/** What a key does to the demo's text. */
export type KeyAction =
  | { readonly type: "insert"; readonly text: string }
  | { readonly type: "erase" }
  | { readonly type: "clear" }
  | { readonly type: "copy" }
  | { readonly type: "paste" }
  | { readonly type: "none" };

/** A key that went down. */
export interface KeyPress {
  /** "Ctrl + Alt + Delete". */
  readonly chord: string;
  readonly action: KeyAction;
}

/** In the order in which people name them. */
const MODIFIER_ORDER = ["Ctrl", "Alt", "AltGr", "Shift", "Super", "Meta"];
/** These make a command of a letter; Shift and AltGr make another letter, which the viewer sends. */
const COMMAND_MODIFIERS = ["Ctrl", "Alt", "Super", "Meta"];

const NOTHING: KeyAction = { type: "none" };

/** One viewer's keyboard: knows which modifiers are held. */
export class Keyboard {
  /** Only modifiers are kept, so a viewer cannot make it grow. */
  readonly #held = new Set<string>();

  /** @returns null for a key that went up */
  apply(keysym: number, isDown: boolean): KeyPress | null {
    const modifier = modifierName(keysym);
    if (modifier !== null) {
      if (isDown) this.#held.add(modifier);
      else this.#held.delete(modifier);
    }
    if (!isDown) return null;
    const held = MODIFIER_ORDER.filter((name) => this.#held.has(name) && name !== modifier);
    return { chord: [...held, keyName(keysym)].join(" + "), action: this.#actionOf(keysym) };
  }

  #actionOf(keysym: number): KeyAction {
    const character = characterOf(keysym);
    if (COMMAND_MODIFIERS.some((name) => this.#held.has(name))) {
      if (!this.#held.has("Ctrl") || this.#held.has("Alt")) return NOTHING;
      if (character?.toLowerCase() === "c") return { type: "copy" };
      return character?.toLowerCase() === "v" ? { type: "paste" } : NOTHING;
    }
    switch (keysym) {
      case Keysym.BackSpace:
        return { type: "erase" };
      case Keysym.Escape:
        return { type: "clear" };
      case Keysym.Return:
      case Keysym.KeypadEnter:
        return { type: "insert", text: "\n" };
      case Keysym.Tab:
        return { type: "insert", text: "    " };
      default:
        return character === null ? NOTHING : { type: "insert", text: character };
    }
  }
}
