import { randomBytes } from "node:crypto";
import { request as requestPlain } from "node:http";
import { request as requestTls } from "node:https";
import { lookupWithin } from "@nova-console/name-lookup";

const TIME_LIMIT_MS = 5_000;

/**
 * Asks for a WebSocket, as the page does, and hangs up. No token is shown: the proxy refuses the console by RFB, within
 * the WebSocket.
 *
 * @param connectTo - host and port to ask instead of the URL's own
 * @returns the status: 101 if the WebSocket was opened
 * @throws whatever keeps the answer away, a time limit included
 */
export function requestWebSocket(
  url: string,
  connectTo: { readonly host: string; readonly port: number } | null = null,
): Promise<number> {
  const { protocol, hostname, port, pathname, host, origin } = new URL(url);
  const isTls = protocol === "https:";
  const options = {
    host: connectTo?.host ?? hostname.replace(/^\[|\]$/g, ""),
    port: connectTo?.port ?? (port === "" ? (isTls ? 443 : 80) : Number(port)),
    path: pathname,
    headers: {
      ...{ host, origin, connection: "Upgrade", upgrade: "websocket" },
      "sec-websocket-version": "13",
      "sec-websocket-key": randomBytes(16).toString("base64"),
      "sec-websocket-protocol": "binary",
      "user-agent": "nova-console-doctor",
    },
    ...{ agent: false, lookup: lookupWithin(TIME_LIMIT_MS) },
    signal: AbortSignal.timeout(TIME_LIMIT_MS),
  } as const;
  return new Promise((resolve, reject) => {
    const request = isTls
      ? requestTls({ ...options, rejectUnauthorized: false })
      : requestPlain(options);
    request.on("error", reject);
    request.on("upgrade", (response, socket) => {
      socket.on("error", () => undefined).destroy();
      resolve(response.statusCode ?? 0);
    });
    request.on("response", (response) => {
      resolve(response.statusCode ?? 0);
      request.destroy();
    });
    request.end();
  });
}
