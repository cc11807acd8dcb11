import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/** Drafts 07 and 08 of the protocol have the frames of RFC 6455. */
const VERSIONS = ["7", "8", "13"];
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** The subprotocol of websockify: RFB in binary frames. */
export const SUBPROTOCOL = "binary";

/**
 * Says what is wrong with the WebSocket handshake, in nova's words; it is a 400.
 *
 * @returns null if nothing is
 * @see RFC 6455 §4.2.1, and websockify/websocket.py `accept`, which takes any key
 */
export function handshakeProblem(headers: IncomingHttpHeaders): string | null {
  const version = headers["sec-websocket-version"];
  if (version === undefined) return "Missing Sec-WebSocket-Version header";
  if (!VERSIONS.includes(version)) return `Unsupported protocol version ${version.slice(0, 20)}`;
  if (headers["sec-websocket-key"] === undefined) return "Missing Sec-WebSocket-Key header";
  const offered = headers["sec-websocket-protocol"];
  if (offered !== undefined && offered !== "" && !offersBinary(offered)) {
    return "Invalid protocol selected";
  }
  return null;
}

function offersBinary(offered: string): boolean {
  return offered.split(",").some((protocol) => protocol.trim() === SUBPROTOCOL);
}

/** The Sec-WebSocket-Accept to a key. @see RFC 6455 §4.2.2 */
export function acceptOf(key: string): string {
  return createHash("sha1")
    .update(key + GUID, "latin1")
    .digest("base64");
}
