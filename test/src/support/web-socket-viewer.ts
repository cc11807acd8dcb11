import { once } from "node:events";
import type { Duplex } from "node:stream";
import { createWebSocketStream, WebSocket, type ClientOptions } from "ws";

/** A WebSocket to the proxy, as the page opens one. */
export interface WebSocketViewer {
  readonly webSocket: WebSocket;
  /** RFB in binary messages. */
  readonly channel: Duplex;
  /** How the proxy closed it. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
}

/** Opens one as a browser would from the proxy's own page: with that Origin, asking for `binary`. */
export async function openWebSocket(
  url: URL,
  options: ClientOptions = {},
): Promise<WebSocketViewer> {
  const origin = url.origin.replace(/^ws/, "http");
  const webSocket = new WebSocket(url, ["binary"], { origin, ...options });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    webSocket.once("close", (code, reason) => {
      resolve({ code, reason: reason.toString() });
    });
  });
  const channel = createWebSocketStream(webSocket);
  channel.on("error", () => undefined);
  await once(webSocket, "open");
  return { webSocket, channel, closed };
}

/** The WebSocket that the page would open for this access URL. */
export function webSocketUrl(accessUrl: URL): URL {
  const path = accessUrl.searchParams.get("path") ?? "";
  const url = new URL(path.startsWith("?") ? `/${path}` : path, accessUrl.origin);
  url.protocol = accessUrl.protocol === "https:" ? "wss:" : "ws:";
  return url;
}
