import { once } from "node:events";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import {
  admitWithoutSecurity,
  exchangeVersions,
  type ProtocolVersion,
  writeSecurityFailure,
} from "@nova-console/rfb";
import { type CloseReason, closeReasons, type ViewerFront, within } from "@nova-console/session";
import type { ConnectInfo, Token } from "@nova-console/token";
import { writeError } from "./error-page.ts";
import type { Upgrade } from "./http-door.ts";
import type { KeepAlive } from "./keep-alive.ts";
import { originHeadersOf, type OriginPolicy } from "./origin-policy.ts";
import { presentedToken } from "./presented-token.ts";
import type { ViewerWebSocket } from "./viewer-web-socket.ts";
import type { WebSocketAcceptor } from "./web-socket-acceptor.ts";
import { WebSocketStream } from "./websocket-stream.ts";

/** How long a viewer that has sent a close frame may take for what was sent to it before. */
const LEAVING_LIMIT_MS = 1_000;

/** What ends a step that nobody waits for any more. One for all: a stack for each would cost. */
const CLOSED = new Error("the connection is being closed");

/** What all fronts of one proxy share. */
export interface WebSocketFrontSettings {
  readonly origins: OriginPolicy;
  /** For viewers whose token is good. */
  readonly sessions: WebSocketAcceptor;
  /** For viewers that are only told why not: little of what they send is held. */
  readonly refusals: WebSocketAcceptor;
  readonly keepAlive: KeepAlive;
}

/** A viewer that asked for a WebSocket: a browser with noVNC. */
export class WebSocketFront implements ViewerFront {
  readonly name = "novnc";
  readonly viewerAddress: string;
  readonly token: Token | null;
  readonly #socket: Socket;
  readonly #settings: WebSocketFrontSettings;
  /** null when it is completed: a session that lives does not hold the request that it began with. */
  #upgrade: Upgrade | null;
  #channel: Channel | null = null;
  /** null when there is no more to agree on: a version was, and the viewer is being let in. */
  #greeting: Greeting | null = null;

  /** @param upgrade - its handshake was found good */
  constructor(upgrade: Upgrade, settings: WebSocketFrontSettings) {
    const { request, socket, connection } = upgrade;
    this.viewerAddress = connection.viewerAddress;
    this.token = presentedToken(request.url ?? "", request.headers.cookie);
    this.#socket = socket;
    this.#settings = settings;
    this.#upgrade = upgrade;
  }

  authorize(info: ConnectInfo | null): void {
    const rawHeaders = this.#upgrade?.request.rawHeaders ?? [];
    this.#settings.origins.check(originHeadersOf(rawHeaders), info);
  }

  async begin(signal: AbortSignal): Promise<void> {
    this.#upgrade?.connection.tokenShown();
    this.#open(this.#settings.sessions);
    await this.#version(signal);
  }

  async admit(signal: AbortSignal): Promise<Duplex> {
    const { stream } = this.#open(this.#settings.sessions);
    const version = await this.#version(signal);
    this.#greeting = null;
    await admitWithoutSecurity(stream, version, signal);
    return stream;
  }

  async refuse(reason: CloseReason, signal: AbortSignal): Promise<void> {
    const { words, httpStatus } = closeReasons[reason];
    if (reason === "origin-refused" && this.#channel === null) {
      writeError(this.#socket, httpStatus, words);
      return;
    }
    try {
      const { stream } = this.#open(this.#settings.refusals);
      // Who was waited for in vain already is not waited for again.
      const hears = this.#greeting?.heard === true || reason !== "viewer-timeout";
      if (hears && this.#greeting !== null) {
        writeSecurityFailure(stream, await this.#version(signal), words);
        await within(allWritten(stream), signal);
      }
    } catch {
      // It does not speak RFB, or not in time: the close frame has the words as well.
    }
    await this.close(reason);
  }

  async close(reason: CloseReason): Promise<void> {
    this.#greeting?.end.abort(CLOSED);
    const channel = this.#channel;
    if (channel === null) {
      this.#socket.destroy();
      return;
    }
    const { webSocket, stream } = channel;
    if (webSocket.readyState === webSocket.CLOSED) return;
    const closed = once(webSocket, "close").catch(ignore);
    // A viewer that has ended the connection takes no close frame. `ws` would wait without a limit
    // until it has taken everything else.
    if (this.#socket.readableEnded) webSocket.terminate();
    const hasLeft = stream.destroyed && webSocket.readyState === webSocket.CLOSING;
    const { webSocketCode, words } = closeReasons[reason];
    webSocket.closeWith(webSocketCode, words);
    // Discard whatever it still sends. The acceptor's close timeout ends the wait.
    stream.destroy();
    const limit = hasLeft
      ? setTimeout(() => {
          webSocket.terminate();
        }, LEAVING_LIMIT_MS)
      : undefined;
    await closed;
    clearTimeout(limit);
  }

  /** Completes the upgrade and starts the exchange of versions, unless that was done before. */
  #open(acceptor: WebSocketAcceptor): Channel {
    if (this.#channel !== null) return this.#channel;
    // The answer to the upgrade and our version leave in one piece.
    this.#socket.cork();
    try {
      const webSocket = this.#upgrade === null ? null : acceptor.accept(this.#upgrade);
      if (webSocket === null) throw goneError();
      this.#upgrade = null;
      const stream = new WebSocketStream(webSocket, this.#socket);
      stream.on("error", ignore);
      this.#settings.keepAlive.watch(webSocket, this.#socket);
      this.#channel = { webSocket, stream };
      this.#greeting = greet(stream);
      return this.#channel;
    } finally {
      this.#socket.uncork();
    }
  }

  async #version(signal: AbortSignal): Promise<ProtocolVersion> {
    if (this.#greeting === null) throw goneError();
    return within(this.#greeting.version, signal);
  }
}

/** A completed upgrade. */
interface Channel {
  readonly webSocket: ViewerWebSocket;
  readonly stream: WebSocketStream;
}

/** The exchange of versions with a viewer. */
interface Greeting {
  readonly version: Promise<ProtocolVersion>;
  /** Whether the viewer has told its version. */
  heard: boolean;
  readonly end: AbortController;
}

/** Not under the signal of one step: a refusal goes on with the exchange that `begin` started. */
function greet(stream: WebSocketStream): Greeting {
  const end = new AbortController();
  const greeting = { version: exchangeVersions(stream, end.signal), heard: false, end };
  greeting.version.then(() => {
    greeting.heard = true;
  }, ignore);
  return greeting;
}

/** The close frame does not wait for what the stream has not handed to the WebSocket yet. */
function allWritten(stream: Duplex): Promise<void> {
  return new Promise((resolve) => {
    stream.write(Buffer.alloc(0), () => {
      resolve();
    });
  });
}

/** The code is that of a socket whose peer has left: the session then knows who ended it. */
function goneError(): Error {
  return Object.assign(new Error("viewer left before its upgrade"), { code: "ECONNABORTED" });
}

function ignore(): void {
  // Told by what follows: the stream's end, the WebSocket's close.
}
