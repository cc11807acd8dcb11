import type { IncomingMessage } from "node:http";
import { type Server, WebSocketServer } from "ws";
import type { Upgrade } from "./http-door.ts";
import { acceptOf, SUBPROTOCOL } from "./upgrade-handshake.ts";
import { ViewerWebSocket } from "./viewer-web-socket.ts";

/** How long a peer may take to answer a close frame. */
const CLOSE_TIMEOUT_MS = 5_000;

/** Most reads that one frame may take: of a few bytes each, each costs far more than its bytes. */
const MAX_FRAME_PIECES = 8_192;

/** What `ws` finds well-formed: 16 bytes in base64. */
const WELL_FORMED_KEY = /^[A-Za-z0-9+/]{22}==$/;
const SOME_KEY = "AAAAAAAAAAAAAAAAAAAAAA==";

/** Completes upgrades whose handshake was found good. */
export class WebSocketAcceptor {
  readonly #server: Server<typeof ViewerWebSocket>;
  /** Keys that `ws` would not take. */
  readonly #oddKeys = new WeakMap<IncomingMessage, string>();

  /**
   * @param maxMessageBytes - longest message a viewer may send; a longer one closes with 1009
   * @param maxFragments - most pieces of one message, as each keeps alive the whole read it came in
   *   (64 KiB); more of them close with 1008
   */
  constructor(maxMessageBytes: number, maxFragments: number) {
    const options = {
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: maxMessageBytes,
      // Not in the types of `ws` yet, as the next two.
      maxFragments,
      maxBufferedChunks: MAX_FRAME_PIECES,
      closeTimeout: CLOSE_TIMEOUT_MS,
      WebSocket: ViewerWebSocket,
      handleProtocols: () => SUBPROTOCOL,
    };
    this.#server = new WebSocketServer(options);
    this.#server.on("headers", (lines: string[], request: IncomingMessage) => {
      const key = this.#oddKeys.get(request);
      if (key === undefined) return;
      const line = lines.findIndex((text) => text.startsWith("Sec-WebSocket-Accept:"));
      lines[line] = `Sec-WebSocket-Accept: ${acceptOf(key)}`;
    });
  }

  /**
   * Writes the 101 and starts to read frames; their listeners must be attached at once.
   *
   * @returns null if the viewer is gone already
   */
  accept({ request, socket, head }: Upgrade): ViewerWebSocket | null {
    // nova takes more than `ws` does: old drafts' versions, any key, lists that hold other protocols.
    const { headers } = request;
    const key = headers["sec-websocket-key"] ?? "";
    if (!WELL_FORMED_KEY.test(key)) {
      this.#oddKeys.set(request, key);
      headers["sec-websocket-key"] = SOME_KEY;
    }
    headers["sec-websocket-version"] = "13";
    if (headers["sec-websocket-protocol"] === "") delete headers["sec-websocket-protocol"];
    else if (headers["sec-websocket-protocol"] !== undefined) {
      headers["sec-websocket-protocol"] = SUBPROTOCOL;
    }
    const accepted: ViewerWebSocket[] = [];
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      accepted.push(webSocket);
    });
    return accepted[0] ?? null;
  }
}
