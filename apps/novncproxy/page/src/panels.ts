import { pageButton, pageElement } from "./page-element.ts";

/** The panels that buttons of the page open, by the first part of their ids. */
export type PanelName = "keys" | "clipboard" | "display";

const NAMES: readonly PanelName[] = ["keys", "clipboard", "display"];

/** The panels under the tools: at most one is open; Escape closes it. */
export class Panels {
  #open: PanelName | null = null;
  readonly #onOpen: (name: PanelName) => void;

  constructor(onOpen: (name: PanelName) => void) {
    this.#onOpen = onOpen;
    for (const name of NAMES) {
      pageButton(`${name}-button`).addEventListener("click", () => {
        this.#show(this.#open === name ? null : name);
      });
      panelOf(name).addEventListener("keydown", (event) => {
        if (event.key !== "Escape") return;
        event.preventDefault();
        this.close();
        pageButton(`${name}-button`).focus();
      });
    }
  }

  /** Whether this panel is the open one. */
  isOpen(name: PanelName): boolean {
    return this.#open === name;
  }

  close(): void {
    this.#show(null);
  }

  #show(open: PanelName | null): void {
    this.#open = open;
    for (const name of NAMES) {
      panelOf(name).hidden = name !== open;
      pageButton(`${name}-button`).setAttribute("aria-expanded", String(name === open));
    }
    if (open !== null) this.#onOpen(open);
  }
}

function panelOf(name: PanelName): HTMLElement {
  return pageElement(`${name}-panel`, HTMLElement);
}
