import { Keysym, keysymsOf } from "./keysym.ts";
import type { SendKey } from "./keys-panel.ts";
import { pageButton, pageElement } from "./page-element.ts";
import { findTextChange } from "./text-change.ts";

/** Something for Backspace to take away; a keyboard on a screen sends none into an empty field. */
const FILLER = "_".repeat(64);
const LONGEST = 4 * FILLER.length;

/** Keys that change no text, so that no "input" tells of them. */
const SILENT_KEYS = new Map([
  ["ArrowLeft", Keysym.Left],
  ["ArrowUp", Keysym.Up],
  ["ArrowRight", Keysym.Right],
  ["ArrowDown", Keysym.Down],
  ["Escape", Keysym.Escape],
  ["Tab", Keysym.Tab],
]);

/** Tools that are used while typing. */
const STAYING_TOOLS = ["keys-button", "ctrl-alt-del"];

/** Brings up a phone's keyboard by focusing a hidden text field, and types what is typed there. */
export class TouchKeyboard {
  readonly #input = pageElement("touch-input", HTMLTextAreaElement);
  readonly #button = pageButton("keyboard-button");
  readonly #sendKey: SendKey;
  #before = FILLER;

  /** @param onToggle - told whether the keyboard is in use */
  constructor(sendKey: SendKey, onToggle: (isActive: boolean) => void) {
    this.#sendKey = sendKey;
    for (const button of [this.#button, ...STAYING_TOOLS.map(pageButton)]) {
      button.addEventListener("pointerdown", (event) => {
        // Else the button takes the focus, and the keyboard goes before it was asked to.
        if (this.isActive) event.preventDefault();
      });
    }
    this.#button.addEventListener("click", () => {
      if (this.isActive) this.#input.blur();
      else this.#input.focus({ preventScroll: true });
    });
    this.#input.addEventListener("focus", () => {
      this.#reset();
      this.#button.setAttribute("aria-pressed", "true");
      onToggle(true);
    });
    this.#input.addEventListener("blur", () => {
      this.#button.setAttribute("aria-pressed", "false");
      onToggle(false);
    });
    this.#input.addEventListener("input", (event) => {
      this.#follow(event instanceof InputEvent && event.isComposing);
    });
    this.#input.addEventListener("keydown", (event) => {
      const keysym = SILENT_KEYS.get(event.key);
      if (keysym === undefined || event.isComposing) return;
      event.preventDefault();
      this.#sendKey(keysym, event.code);
    });
  }

  get isActive(): boolean {
    return document.activeElement === this.#input;
  }

  #follow(isComposing: boolean): void {
    const now = this.#input.value;
    const { backspaces, typed } = findTextChange(this.#before, now);
    this.#before = now;
    for (let count = 0; count < backspaces; count++) {
      this.#sendKey(Keysym.BackSpace, "Backspace");
    }
    for (const keysym of keysymsOf(typed)) this.#sendKey(keysym, "");
    // A text replaced while the keyboard composes a word confuses the keyboard.
    const isOffSize = now.length < FILLER.length / 2 || now.length > LONGEST;
    if (isOffSize && !isComposing) this.#reset();
  }

  #reset(): void {
    this.#input.value = FILLER;
    this.#before = FILLER;
    this.#input.setSelectionRange(FILLER.length, FILLER.length);
  }
}
