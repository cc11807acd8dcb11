import RFB, { type CredentialType } from "../core/rfb.js";
import type { AttemptEnd, LocalFailure } from "./attempt-end.ts";

/** What a connection tells the page. */
export interface ConnectionListener {
  connected(): void;
  /** The desktop name of RFB's ServerInit. */
  named(name: string): void;
  clipboardReceived(text: string): void;
  credentialsWanted(types: readonly CredentialType[]): void;
  /** The screen is larger than the window, or no longer. */
  clippingChanged(isClipped: boolean): void;
  /** Called once, last. */
  ended(end: AttemptEnd): void;
}

/** What a connection is opened with. */
export interface ConnectionSettings {
  readonly url: string;
  readonly shared: boolean;
  readonly credentials: Partial<Record<CredentialType, string>>;
}

/** A screen that does not appear in this time never will. */
const CONNECT_TIMEOUT_MS = 30_000;
/** How long noVNC's end waits for the WebSocket's, which knows the close code. */
const CLOSE_TIMEOUT_MS = 2000;
const ABNORMAL_CLOSURE = 1006;

/**
 * One connection to the console: noVNC's RFB on a WebSocket of our own making, because noVNC keeps
 * the close code and reason to itself.
 */
export class ConsoleConnection {
  readonly rfb: RFB;
  readonly #listener: ConnectionListener;
  readonly #connectTimer: number;
  #connectedAtMs: number | null = null;
  #wasRequested = false;
  #securityFailure: string | null = null;
  #localFailure: LocalFailure | null = null;
  #closed: CloseEvent | null = null;
  #rfbEnded = false;
  #reported = false;

  /**
   * @param screen - where the instance's screen goes
   * @throws DOMException if the browser refuses the address (mixed content, bad port)
   */
  constructor(screen: HTMLElement, settings: ConnectionSettings, listener: ConnectionListener) {
    this.#listener = listener;
    const socket = new WebSocket(settings.url);
    // Before noVNC's own: its "disconnect" follows from the same event.
    socket.addEventListener("close", (event) => {
      this.#closed = event;
      this.#reportIfEnded();
    });
    this.rfb = new RFB(screen, socket, {
      shared: settings.shared,
      credentials: settings.credentials,
    });
    this.#connectTimer = window.setTimeout(() => {
      this.#fail({ words: "The screen did not appear within 30 seconds.", isFinal: false });
    }, CONNECT_TIMEOUT_MS);
    this.#listen();
  }

  /** Ends the connection because the person at the page wants that. */
  close(): void {
    this.#wasRequested = true;
    this.rfb.disconnect();
  }

  /** Answers {@link ConnectionListener.credentialsWanted}. */
  sendCredentials(credentials: Partial<Record<CredentialType, string>>): void {
    this.rfb.sendCredentials(credentials);
  }

  #listen(): void {
    const { rfb } = this;
    rfb.addEventListener("connect", () => {
      window.clearTimeout(this.#connectTimer);
      this.#connectedAtMs = performance.now();
      this.#listener.connected();
    });
    rfb.addEventListener("desktopname", ({ detail }) => {
      this.#listener.named(detail.name);
    });
    rfb.addEventListener("clipboard", ({ detail }) => {
      this.#listener.clipboardReceived(detail.text);
    });
    rfb.addEventListener("clippingviewport", ({ detail }) => {
      this.#listener.clippingChanged(detail);
    });
    rfb.addEventListener("credentialsrequired", ({ detail }) => {
      // A person types now, and may take their time.
      window.clearTimeout(this.#connectTimer);
      this.#listener.credentialsWanted(detail.types);
    });
    rfb.addEventListener("serververification", () => {
      this.#fail({
        words: "The instance's screen wants its identity checked, which this page cannot do.",
        isFinal: true,
      });
    });
    rfb.addEventListener("securityfailure", ({ detail }) => {
      this.#securityFailure = detail.reason ?? "";
    });
    rfb.addEventListener("disconnect", () => {
      this.#rfbEnded = true;
      window.setTimeout(() => {
        this.#report();
      }, CLOSE_TIMEOUT_MS);
      this.#reportIfEnded();
    });
  }

  #fail(failure: LocalFailure): void {
    this.#localFailure = failure;
    this.rfb.disconnect();
  }

  #reportIfEnded(): void {
    if (this.#rfbEnded && this.#closed !== null) this.#report();
  }

  #report(): void {
    if (this.#reported) return;
    this.#reported = true;
    window.clearTimeout(this.#connectTimer);
    this.#listener.ended({
      wasRequested: this.#wasRequested,
      connectedForMs: this.#connectedAtMs === null ? null : performance.now() - this.#connectedAtMs,
      securityFailure: this.#securityFailure,
      localFailure: this.#localFailure,
      closeCode: this.#closed?.code ?? ABNORMAL_CLOSURE,
      closeReason: this.#closed?.reason ?? "",
    });
  }
}
