import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { BlockList, Socket } from "node:net";
import { type ConnectionInfo, forwardedFor } from "@nova-console/listener";
import {
  ConsoleRequest,
  headProblem,
  MAX_HEAD_BYTES,
  parserProblem,
  unsupportedMethod,
} from "./console-request.ts";
import { hangUp, sendError, SERVER_NAME, writeError } from "./error-page.ts";

/** Most requests a viewer may have sent before the first of them is answered. */
const MAX_PIPELINED = 16;

/** Where one client has too many connections without a valid token. @see RFC 6585 §4 */
const TOO_MANY_CONNECTIONS = { status: 429, message: "Too many connections from one address" };

/** A request for a WebSocket, with all that arrived; HTTP is over on this connection. */
export interface Upgrade {
  readonly request: IncomingMessage;
  /** Not flowing; nothing was written to it. */
  readonly socket: Socket;
  /** What came in one piece with the head: the first bytes after it. */
  readonly head: Buffer;
  readonly connection: Pick<ConnectionInfo, "viewerAddress" | "tokenShown">;
}

/** Who takes the requests, and how long one may take. */
export interface HttpDoorOptions {
  /** For a whole request head, and for the wait between two requests. */
  readonly headTimeoutMs: number;
  /** For a response of which the viewer takes no byte. */
  readonly stallTimeoutMs: number;
  /** Load balancers whose X-Forwarded-For counts; absent: nobody's. */
  readonly trustedProxies?: BlockList | undefined;
  /** Answers a GET or a HEAD; does not throw. */
  readonly onRequest: (
    request: IncomingMessage,
    response: ServerResponse,
    viewerAddress: string,
  ) => Promise<void>;
  /** Takes the connection over. */
  readonly onUpgrade: (upgrade: Upgrade) => void;
}

/** What is known of a connection that still speaks HTTP. */
interface Visit {
  readonly connection: ConnectionInfo;
  timer: NodeJS.Timeout | null;
  /** `socket.bytesRead` when the wait for a head began; -1 for the first one, of which a byte is there. */
  bytesBefore: number;
  unanswered: number;
  /** It was told an error and is being closed: whatever it still sends does not count. */
  leaving: boolean;
}

/**
 * Speaks HTTP on connections that somebody else accepted, until each is closed or is to become a
 * WebSocket. Every wait is limited: a half-sent head is answered with 408.
 */
export class HttpDoor {
  readonly #options: HttpDoorOptions;
  readonly #server: Server;
  readonly #visits = new Map<Socket, Visit>();
  #closing = false;
  #onEmpty: () => void = () => undefined;

  constructor(options: HttpDoorOptions) {
    this.#options = options;
    this.#server = createServer({
      IncomingMessage: ConsoleRequest,
      maxHeaderSize: MAX_HEAD_BYTES,
      requireHostHeader: false,
      keepAliveTimeout: 0,
    });
    // 0 is no limit: above one, Node would drop headers silently instead of refusing them.
    this.#server.maxHeadersCount = 0;
    this.#server.on("request", (request, response) => {
      this.#onRequest(request, response);
    });
    this.#server.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
      this.#onUpgrade(request, socket, head);
    });
    this.#server.on("connect", (request: IncomingMessage, socket: Socket) => {
      const { status, message } = unsupportedMethod(request.method ?? "");
      this.#refuse(socket, status, message);
    });
    this.#server.on("clientError", (error: Error, socket: Socket) => {
      const { status, message } = parserProblem(error);
      this.#refuse(socket, status, message);
    });
  }

  /** Takes a connection over: not flowing, with an `error` listener. */
  accept(socket: Socket, connection: ConnectionInfo): void {
    const visit = { connection, timer: null, bytesBefore: -1, unanswered: 0, leaving: false };
    this.#visits.set(socket, visit);
    socket.once("close", () => {
      this.#forget(socket);
    });
    this.#awaitHead(socket, visit);
    // The listener put the first byte back alone; a parser error should show the whole first line.
    const arrived: unknown = socket.read();
    if (arrived instanceof Buffer) socket.unshift(arrived);
    this.#server.emit("connection", socket);
  }

  /** Closes each connection that still speaks HTTP, one that is being answered after its answer. */
  close(): void {
    this.#closing = true;
    for (const [socket, visit] of this.#visits) if (visit.unanswered === 0) socket.destroy();
  }

  /**
   * Closes each connection after its next answer, and those at once that have had one and wait.
   *
   * @returns when none speaks HTTP any more, for which each has its time
   */
  drain(): Promise<void> {
    this.#closing = true;
    for (const [socket, { unanswered, bytesBefore }] of this.#visits) {
      if (unanswered === 0 && bytesBefore >= 0) socket.destroy();
    }
    return new Promise((resolve) => {
      this.#onEmpty = resolve;
      if (this.#visits.size === 0) resolve();
    });
  }

  #awaitHead(socket: Socket, visit: Visit): void {
    visit.timer = setTimeout(() => {
      if (socket.bytesRead > visit.bytesBefore) this.#refuse(socket, 408, "Request Timeout");
      else {
        visit.leaving = true;
        hangUp(socket);
      }
    }, this.#options.headTimeoutMs);
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    const visit = this.#visits.get(socket);
    if (visit === undefined || visit.leaving || visit.unanswered === MAX_PIPELINED) {
      socket.destroy();
      return;
    }
    stop(visit);
    visit.unanswered += 1;
    response.once("close", () => {
      this.#onAnswered(socket, visit);
    });
    response.setTimeout(this.#options.stallTimeoutMs, () => socket.destroy());
    response.setHeader("Server", SERVER_NAME);
    // A body is for nobody, and unread it would turn the close into a reset.
    request.resume();
    const client = this.#clientOf(request, visit);
    const problem = visit.connection.place.countAs(client)
      ? (headProblem(request) ?? methodProblem(request))
      : TOO_MANY_CONNECTIONS;
    if (problem === null) void this.#options.onRequest(request, response, client);
    else sendError(response, problem.status, problem.message);
  }

  #onAnswered(socket: Socket, visit: Visit): void {
    visit.unanswered -= 1;
    if (visit.unanswered > 0 || socket.destroyed || visit.leaving) return;
    visit.connection.place.rest();
    socket.setTimeout(0);
    visit.bytesBefore = socket.bytesRead;
    if (this.#closing) hangUp(socket);
    else this.#awaitHead(socket, visit);
  }

  #onUpgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const visit = this.#visits.get(socket);
    // The answers before it would come after the upgrade: no client does that.
    if (visit === undefined || visit.leaving || visit.unanswered > 0) {
      socket.destroy();
      return;
    }
    const viewerAddress = this.#clientOf(request, visit);
    const { place, tokenShown } = visit.connection;
    const problem = place.countAs(viewerAddress) ? headProblem(request) : TOO_MANY_CONNECTIONS;
    if (problem === null) {
      const connection = { viewerAddress, tokenShown };
      this.#options.onUpgrade({ request, socket, head, connection });
    } else writeError(socket, problem.status, problem.message);
    this.#forget(socket);
  }

  /** The address that a request counts for, and that a session's log line has. */
  #clientOf({ headers }: IncomingMessage, { connection }: Visit): string {
    const { trustedProxies } = this.#options;
    const peer = connection.viewerAddress;
    if (trustedProxies === undefined) return peer;
    const header = headers["x-forwarded-for"];
    return forwardedFor(Array.isArray(header) ? header.join() : header, peer, trustedProxies);
  }

  #refuse(socket: Socket, status: number, message: string): void {
    const visit = this.#visits.get(socket);
    if (visit === undefined || visit.unanswered > 0 || !socket.writable) {
      socket.destroy();
      return;
    }
    if (visit.leaving) return;
    visit.leaving = true;
    stop(visit);
    writeError(socket, status, message);
  }

  #forget(socket: Socket): void {
    const visit = this.#visits.get(socket);
    if (visit !== undefined) stop(visit);
    this.#visits.delete(socket);
    if (this.#visits.size === 0) this.#onEmpty();
  }
}

function methodProblem(request: IncomingMessage): ReturnType<typeof headProblem> {
  const { method = "" } = request;
  return method === "GET" || method === "HEAD" ? null : unsupportedMethod(method);
}

function stop(visit: Visit): void {
  if (visit.timer !== null) clearTimeout(visit.timer);
  visit.timer = null;
}
