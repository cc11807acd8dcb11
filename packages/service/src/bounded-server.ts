import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** Longest request head that a {@link createBoundedServer | bounded server} reads. */
export const MAX_HEAD_BYTES = 8 * 1024;

const HEADERS_TIMEOUT_MS = 5_000;
/** For a whole request. */
const REQUEST_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_TIMEOUT_MS = 5_000;
/** Between two looks for requests that are late. */
const CHECKING_INTERVAL_MS = 1_000;

/** What {@link createBoundedServer} needs. */
export interface BoundedServerOptions {
  readonly mostConnections: number;
  /** For an answer of which the caller takes no byte. */
  readonly stallTimeoutMs?: number;
}

/**
 * Creates an HTTP server for operators and their programs, of whom there are few. It does not listen yet.
 *
 * Its waits are limited, and so is what it holds: a connection has one request at a time, and is closed
 * if it sends another one before the answer. Where there are too many connections the oldest one is
 * closed, first those without a whole request: nobody keeps a health check out.
 *
 * @param onRequest - answers a request
 */
export function createBoundedServer(
  { mostConnections, stallTimeoutMs = 10_000 }: BoundedServerOptions,
  onRequest: (request: IncomingMessage, response: ServerResponse) => void,
): Server {
  const server = createServer({
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    maxHeaderSize: MAX_HEAD_BYTES,
    connectionsCheckingInterval: CHECKING_INTERVAL_MS,
  });
  /** Connections without a whole request, the oldest first. */
  const waiting = new Set<Socket>();
  const answered = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    if (waiting.size + answered.size >= mostConnections) {
      const [oldest] = waiting.size > 0 ? waiting : answered;
      if (oldest !== undefined) close(oldest);
    }
    waiting.add(socket);
    socket.once("close", () => {
      close(socket);
    });
  });
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    // Answers to pipelined requests would all be held for a caller that reads none of them.
    if (!waiting.delete(socket)) {
      socket.destroy();
      return;
    }
    answered.add(socket);
    response.once("prefinish", () => response.setTimeout(stallTimeoutMs, () => socket.destroy()));
    response.once("close", () => {
      if (answered.delete(socket) && !socket.destroyed) waiting.add(socket);
    });
    onRequest(request, response);
  });
  return server;

  /** At once, as one of the next tick would still be counted. */
  function close(socket: Socket): void {
    waiting.delete(socket);
    answered.delete(socket);
    socket.destroy();
  }
}
