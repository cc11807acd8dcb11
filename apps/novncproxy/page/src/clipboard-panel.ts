import type RFB from "../core/rfb.js";
import { keysymsOf } from "./keysym.ts";
import { pageButton, pageElement } from "./page-element.ts";

/** More is cut: a text area with megabytes stops a phone. */
const MAX_SHOWN_CHARACTERS = 262_144;
/** Text is typed in steps, so that a slow instance keeps up. */
const KEYS_PER_STEP = 20;
const STEP_MS = 50;

/** The panel that carries text between this computer's clipboard and the instance's. */
export class ClipboardPanel {
  readonly #text = pageElement("clipboard-text", HTMLTextAreaElement);
  readonly #note = pageElement("clipboard-note", HTMLElement);
  readonly #rfb: () => RFB | null;

  /** @param rfb - the connection of the moment */
  constructor(rfb: () => RFB | null) {
    this.#rfb = rfb;
    pageButton("clipboard-send").addEventListener("click", () => {
      rfb()?.clipboardPasteFrom(this.#text.value);
      this.#say("Sent. Paste it in the instance.");
    });
    pageButton("clipboard-type").addEventListener("click", () => {
      this.#type(keysymsOf(this.#text.value));
    });
    pageButton("clipboard-copy").addEventListener("click", () => {
      void this.#copy();
    });
  }

  /** Shows text that the instance copied. */
  receive(text: string): void {
    this.#text.value = text.slice(0, MAX_SHOWN_CHARACTERS);
    this.#say("The instance copied this text.");
  }

  focus(): void {
    this.#text.focus();
  }

  #type(keysyms: readonly number[]): void {
    const rfb = this.#rfb();
    if (rfb === null) return;
    for (const keysym of keysyms.slice(0, KEYS_PER_STEP)) rfb.sendKey(keysym, null);
    const rest = keysyms.slice(KEYS_PER_STEP);
    this.#say(rest.length === 0 ? "Typed." : `Typing: ${rest.length} keys to go.`);
    if (rest.length > 0) {
      window.setTimeout(() => {
        if (this.#rfb() === rfb) this.#type(rest);
      }, STEP_MS);
    }
  }

  async #copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.#text.value);
      this.#say("Copied to this computer.");
    } catch {
      // No permission, or a page over plain http: then the person copies what is selected.
      this.#text.select();
      this.#say("Press Ctrl+C to copy the selected text.");
    }
  }

  #say(words: string): void {
    this.#note.textContent = words;
  }
}
