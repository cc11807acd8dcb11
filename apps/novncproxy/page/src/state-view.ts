import type { ConsoleState } from "./console-state.ts";
import type { EndWords } from "./attempt-end.ts";
import { pageButton, pageElement } from "./page-element.ts";

/** What the page shows beside the state itself. */
export interface ViewFacts {
  /** The instance's name, as its screen tells it (the RFB desktop name); null if it has not. */
  readonly desktopName: string | null;
  /** The instance's name, as the dashboard told it; null if it has not. */
  readonly title: string | null;
  readonly isViewOnly: boolean;
}

const INPUT_TOOLS = ["ctrl-alt-del", "keys-button", "keyboard-button", "clipboard-button"];

/** Writes the console's state on the page: name, state line, tools, the card over the screen. */
export class StateView {
  readonly #name = pageElement("name", HTMLElement);
  readonly #state = pageElement("state", HTMLElement);
  readonly #announcer = pageElement("announcer", HTMLElement);
  readonly #card = pageElement("card", HTMLElement);
  readonly #screen = pageElement("screen", HTMLElement);
  readonly #countdown = pageElement("card-countdown", HTMLElement);
  #ticker: number | undefined;

  show(state: ConsoleState, facts: ViewFacts): void {
    const name = facts.desktopName ?? facts.title;
    this.#name.textContent = name ?? "Console";
    // A browser's tab has little room: the name that the person chose comes first there.
    document.title = `${facts.title ?? name ?? "Instance"} · Console`;
    this.#screen.setAttribute("aria-label", `Screen of ${name ?? "the instance"}`);
    document.body.dataset["phase"] = state.phase;

    const line = stateLine(state, facts);
    const hasTwoNames = facts.title !== null && facts.title !== name;
    this.#state.textContent = hasTwoNames ? `${line} · ${facts.title}` : line;
    this.#announce(state, line);
    this.#showCard(state);

    const isConnected = state.phase === "connected";
    for (const id of INPUT_TOOLS) pageButton(id).disabled = !isConnected || facts.isViewOnly;
    pageButton("disconnect").disabled = !isConnected && state.phase !== "connecting";
  }

  #announce(state: ConsoleState, line: string): void {
    const words = wordsOf(state);
    const full =
      words === null ? line : `${line}. ${words.title}. ${words.detail} ${words.advice}`.trim();
    // The same text again would be read again.
    if (this.#announcer.textContent !== full) this.#announcer.textContent = full;
  }

  #showCard(state: ConsoleState): void {
    window.clearInterval(this.#ticker);
    this.#countdown.textContent = "";
    this.#card.hidden = state.phase === "connected";
    // Behind the card there is nothing to type at.
    this.#screen.tabIndex = state.phase === "connected" ? 0 : -1;

    const words = wordsOf(state) ?? {
      title: state.phase === "ready" ? "Ready" : "Connecting",
      detail: state.phase === "ready" ? "" : "Opening the instance's screen.",
      advice: "",
    };
    pageElement("card-title", HTMLElement).textContent = words.title;
    pageElement("card-detail", HTMLElement).textContent = words.detail;
    pageElement("card-advice", HTMLElement).textContent = words.advice;

    const connect = pageButton("connect");
    connect.hidden = state.phase === "connecting" || state.phase === "connected";
    connect.textContent = connectLabels[state.phase];
    pageButton("stop").hidden = state.phase !== "reconnecting";
    if (state.phase === "reconnecting") this.#countDown(performance.now() + state.delayMs);
  }

  #countDown(untilMs: number): void {
    const tick = (): void => {
      const seconds = Math.max(0, Math.ceil((untilMs - performance.now()) / 1000));
      this.#countdown.textContent = `Trying again in ${seconds} s`;
    };
    tick();
    this.#ticker = window.setInterval(tick, 250);
  }
}

const connectLabels = {
  ready: "Connect",
  connecting: "Connect",
  connected: "Connect",
  reconnecting: "Try now",
  closed: "Reconnect",
} as const satisfies Record<ConsoleState["phase"], string>;

function wordsOf(state: ConsoleState): EndWords | null {
  return state.phase === "reconnecting" || state.phase === "closed" ? state.words : null;
}

function stateLine(state: ConsoleState, facts: ViewFacts): string {
  switch (state.phase) {
    case "ready":
      return "Ready";
    case "connecting":
      return state.history.retries === 0 ? "Connecting" : "Reconnecting";
    case "connected":
      return facts.isViewOnly ? "Connected, view only" : "Connected";
    case "reconnecting":
      return "Reconnecting";
    case "closed":
      return "Closed";
  }
}
