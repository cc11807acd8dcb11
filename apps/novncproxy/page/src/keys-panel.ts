import { Keysym } from "./keysym.ts";
import { pageElement } from "./page-element.ts";

/** Sends one key; `down` absent: pressed and released. */
export type SendKey = (keysym: number, code: string, down?: boolean) => void;

const HELD_KEYS = new Map([
  ["ControlLeft", { keysym: Keysym.ControlLeft, code: "ControlLeft" }],
  ["AltLeft", { keysym: Keysym.AltLeft, code: "AltLeft" }],
  ["SuperLeft", { keysym: Keysym.SuperLeft, code: "MetaLeft" }],
]);

const PRESSED_KEYS = new Map([
  ["Tab", { keysym: Keysym.Tab, code: "Tab" }],
  ["Escape", { keysym: Keysym.Escape, code: "Escape" }],
  ["Delete", { keysym: Keysym.Delete, code: "Delete" }],
  ["Up", { keysym: Keysym.Up, code: "ArrowUp" }],
  ["Down", { keysym: Keysym.Down, code: "ArrowDown" }],
  ["Left", { keysym: Keysym.Left, code: "ArrowLeft" }],
  ["Right", { keysym: Keysym.Right, code: "ArrowRight" }],
  ["PageUp", { keysym: Keysym.PageUp, code: "PageUp" }],
  ["PageDown", { keysym: Keysym.PageDown, code: "PageDown" }],
]);

/** The panel of keys that a phone lacks or a browser keeps to itself. */
export class KeysPanel {
  readonly #panel = pageElement("keys-panel", HTMLElement);
  readonly #sendKey: SendKey;

  constructor(sendKey: SendKey) {
    this.#sendKey = sendKey;
    this.#addFunctionKeys();
    for (const button of this.#panel.querySelectorAll("button")) {
      // The on-screen keyboard stays as long as its text field keeps the focus.
      button.addEventListener("pointerdown", (event) => {
        if (event.pointerType === "touch") event.preventDefault();
      });
    }
    this.#panel.addEventListener("click", ({ target }) => {
      if (target instanceof HTMLButtonElement) this.#use(target);
    });
  }

  /** Lets go of the keys that are held down. */
  releaseAll(): void {
    for (const button of this.#panel.querySelectorAll<HTMLButtonElement>("[aria-pressed=true]")) {
      this.#use(button);
    }
  }

  #use(button: HTMLButtonElement): void {
    const held = HELD_KEYS.get(button.dataset["hold"] ?? "");
    if (held !== undefined) {
      const isDown = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(isDown));
      this.#sendKey(held.keysym, held.code, isDown);
      return;
    }
    const pressed = PRESSED_KEYS.get(button.dataset["press"] ?? "");
    if (pressed !== undefined) this.#sendKey(pressed.keysym, pressed.code);
    const number = Number(button.dataset["function"]);
    if (number >= 1) this.#sendKey(Keysym.F1 + number - 1, `F${number}`);
  }

  #addFunctionKeys(): void {
    const group = pageElement("function-keys", HTMLElement);
    for (let number = 1; number <= 12; number++) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "key";
      button.dataset["function"] = String(number);
      button.textContent = `F${number}`;
      group.append(button);
    }
  }
}
