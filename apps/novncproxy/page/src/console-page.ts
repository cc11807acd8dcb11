import type { CredentialType } from "../core/rfb.js";
import type { AttemptEnd } from "./attempt-end.ts";
import { ClipboardPanel } from "./clipboard-panel.ts";
import { ConsoleConnection } from "./console-connection.ts";
import { type ConsoleEvent, type ConsoleState, nextState } from "./console-state.ts";
import { CredentialsDialog } from "./credentials-dialog.ts";
import { wireDesktopViewers } from "./desktop-viewers.ts";
import { DisplayPanel } from "./display-panel.ts";
import { wireFullScreen } from "./full-screen.ts";
import { KeysPanel, type SendKey } from "./keys-panel.ts";
import { pageButton, pageElement } from "./page-element.ts";
import type { PageOptions } from "./page-options.ts";
import { Panels } from "./panels.ts";
import { DEFAULT_FIRST_DELAY_MS, type ReconnectPolicy } from "./reconnect-policy.ts";
import { StateView } from "./state-view.ts";
import { wireToolbarShortcut } from "./toolbar-shortcut.ts";
import { TouchKeyboard } from "./touch-keyboard.ts";
import { findViewerFiles } from "./viewer-files.ts";
import { findWebSocket } from "./websocket-url.ts";

/** The page's one console: its state, the connection of the moment, and the tools around it. */
export class ConsolePage {
  readonly #options: PageOptions;
  readonly #address: string;
  readonly #policy: ReconnectPolicy;
  readonly #screen = pageElement("screen", HTMLElement);
  readonly #view = new StateView();
  readonly #credentials = new CredentialsDialog();
  readonly #clipboard: ClipboardPanel;
  readonly #keys: KeysPanel;
  readonly #display: DisplayPanel;
  readonly #panels: Panels;
  readonly #touch: TouchKeyboard;
  #state: ConsoleState = { phase: "ready" };
  #connection: ConsoleConnection | null = null;
  #desktopName: string | null = null;
  #retryTimer: number | undefined;

  /** @param address - the page's own, `location.href` */
  constructor(options: PageOptions, address: string) {
    this.#options = options;
    this.#address = address;
    this.#policy = {
      rule: options.reconnect,
      firstDelayMs: options.reconnectDelayMs ?? DEFAULT_FIRST_DELAY_MS,
    };

    const rfb = (): ConsoleConnection["rfb"] | null => this.#connection?.rfb ?? null;
    const sendKey: SendKey = (keysym, code, down) => {
      rfb()?.sendKey(keysym, code, down);
    };
    this.#clipboard = new ClipboardPanel(rfb);
    this.#keys = new KeysPanel(sendKey);
    this.#touch = new TouchKeyboard(sendKey, (isActive) => {
      const current = rfb();
      // A click on the screen would take the focus, and with it the keyboard.
      if (current !== null) current.focusOnClick = !isActive;
    });
    const fit = { fit: options.resize, viewOnly: options.viewOnly };
    this.#display = new DisplayPanel(fit, rfb, () => {
      this.#keys.releaseAll();
      this.#show();
    });
    this.#panels = new Panels((name) => {
      if (name !== "clipboard") return;
      markNews(false);
      this.#clipboard.focus();
    });
    this.#wireTools();
    this.#show();
  }

  /** Opens the console, unless it is open. */
  connect(): void {
    this.#move({ type: "connect" });
  }

  #wireTools(): void {
    pageButton("connect").addEventListener("click", () => {
      this.connect();
    });
    pageButton("stop").addEventListener("click", () => {
      this.#move({ type: "stop" });
    });
    pageButton("disconnect").addEventListener("click", () => {
      this.#connection?.close();
    });
    pageButton("ctrl-alt-del").addEventListener("click", () => {
      this.#connection?.rfb.sendCtrlAltDel();
      if (!this.#touch.isActive) this.#connection?.rfb.focus();
    });
    this.#screen.addEventListener("focus", () => {
      this.#connection?.rfb.focus();
    });
    wireFullScreen();
    wireDesktopViewers(findViewerFiles(findWebSocket(this.#options, this.#address).url));
    wireToolbarShortcut(this.#screen, () => {
      pageButton("display-button").focus();
    });
  }

  #move(event: ConsoleEvent): void {
    const before = this.#state;
    this.#state = nextState(before, event, this.#policy);
    if (this.#state === before) return;

    window.clearTimeout(this.#retryTimer);
    if (this.#state.phase === "reconnecting") {
      this.#retryTimer = window.setTimeout(() => {
        this.#move({ type: "retry" });
      }, this.#state.delayMs);
    }
    this.#show();
    if (this.#state.phase === "connecting") this.#open();
    if (this.#state.phase === "closed") pageButton("connect").focus();
  }

  #show(): void {
    this.#view.show(this.#state, {
      desktopName: this.#desktopName,
      title: this.#options.title,
      isViewOnly: this.#display.isViewOnly,
    });
  }

  #open(): void {
    const { url, refusal } = findWebSocket(this.#options, this.#address);
    if (url === null) {
      this.#ended(localEnd(refusal));
      return;
    }
    const { shared, username, password } = this.#options;
    const credentials = {
      ...(username !== null && { username }),
      ...(password !== null && { password }),
    };
    try {
      this.#connection = this.#openConnection({ url, shared, credentials });
    } catch {
      // Thrown before anything was sent: mixed content, a port that browsers block.
      this.#ended(localEnd("The browser does not allow a connection to this console's address."));
      return;
    }
    const { rfb } = this.#connection;
    rfb.background = "transparent";
    rfb.showDotCursor = this.#options.showDot;
    if (this.#options.quality !== null) rfb.qualityLevel = this.#options.quality;
    if (this.#options.compression !== null) rfb.compressionLevel = this.#options.compression;
    this.#display.apply();
  }

  #openConnection(settings: ConstructorParameters<typeof ConsoleConnection>[1]): ConsoleConnection {
    return new ConsoleConnection(this.#screen, settings, {
      connected: () => {
        this.#move({ type: "connected" });
        this.#connection?.rfb.focus({ preventScroll: true });
      },
      named: (name) => {
        this.#desktopName = name === "" ? null : name;
        this.#show();
      },
      clipboardReceived: (text) => {
        this.#clipboard.receive(text);
        if (!this.#panels.isOpen("clipboard")) markNews(true);
      },
      credentialsWanted: (types) => {
        void this.#askCredentials(types);
      },
      clippingChanged: (isClipped) => {
        this.#display.setClipped(isClipped);
      },
      ended: (end) => {
        this.#ended(end);
      },
    });
  }

  async #askCredentials(types: readonly CredentialType[]): Promise<void> {
    const connection = this.#connection;
    const credentials = await this.#credentials.ask(types);
    if (connection === null || connection !== this.#connection) return;
    if (credentials === null) connection.close();
    else connection.sendCredentials(credentials);
  }

  #ended(end: AttemptEnd): void {
    this.#keys.releaseAll();
    this.#credentials.close();
    this.#panels.close();
    this.#connection = null;
    this.#move({ type: "ended", end, random: Math.random() });
  }
}

/** The end of a connection that was never opened. */
function localEnd(words: string): AttemptEnd {
  return {
    wasRequested: false,
    connectedForMs: null,
    securityFailure: null,
    localFailure: { words, isFinal: true },
    closeCode: 1006,
    closeReason: "",
  };
}

/** Marks the clipboard's button: the instance copied something that was not looked at yet. */
function markNews(hasNews: boolean): void {
  const button = pageButton("clipboard-button");
  button.classList.toggle("has-news", hasNews);
  if (hasNews) button.setAttribute("aria-label", "Clipboard, with new text");
  else button.removeAttribute("aria-label");
}
