import { STATUS_CODES, type ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** How long a peer that was told an error may take to close. */
const LINGER_MS = 2_000;

/** The Server header of every response: no version, which only helps those who look for old ones. */
export const SERVER_NAME = "nova-novncproxy";

const NO_LINE_TEXT = /[^\x20-\x7e]/g;

/** Answers a request with an error, and closes its connection, as nova does. */
export function sendError(response: ServerResponse, status: number, message: string): void {
  const { reason, body } = errorPage(status, message);
  response.shouldKeepAlive = false;
  response.writeHead(status, reason, {
    Connection: "close",
    "Content-Type": "text/html;charset=utf-8",
    "Content-Length": body.length,
  });
  response.end(body);
}

/**
 * Answers with an error where there is no request that Node could answer, and closes.
 *
 * @param headers - more of them, as lines
 */
export function writeError(
  socket: Socket,
  status: number,
  message: string,
  headers: readonly string[] = [],
): void {
  const { reason, body } = errorPage(status, message);
  const head = [
    `HTTP/1.1 ${status} ${reason}`,
    `Server: ${SERVER_NAME}`,
    `Date: ${new Date().toUTCString()}`,
    "Connection: close",
    "Content-Type: text/html;charset=utf-8",
    `Content-Length: ${body.length}`,
    ...headers,
  ];
  socket.write(Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`, "latin1"), body]));
  hangUp(socket);
}

/** Ends a connection after what was written to it, whether the peer ends its side as well or not. */
export function hangUp(socket: Socket): void {
  socket.end();
  // Unread bytes at the close would make it a reset, and the peer might never see the answer.
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once("close", () => {
    clearTimeout(timer);
  });
}

function errorPage(status: number, message: string): { reason: string; body: Buffer } {
  const reason = message.replace(NO_LINE_TEXT, "?").slice(0, 200);
  const text = reason.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
  const name = STATUS_CODES[status] ?? "Error";
  const body = `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>${status} ${name}</title></head>
<body>
<h1>${status} ${name}</h1>
<p>${text}.</p>
<p>A console opens from the URL that the dashboard, or <code>openstack console url show</code>, gives.</p>
</body>
</html>
`;
  return { reason, body: Buffer.from(body) };
}
