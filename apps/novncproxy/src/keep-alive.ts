import type { Socket } from "node:net";
import type { WebSocket } from "ws";

/** Pings that a viewer may leave unanswered while the network has not taken our bytes before them. */
const PINGS_BEHIND_DATA = 4;

/**
 * Parts of the interval. A viewer is pinged in the part it came in, so that what goes out in one turn
 * is a small part of the work that one part's newcomers were.
 */
const SLOTS = 100;

/** A ping without data: U8 0x89 (FIN, opcode 9), U8 0. @see RFC 6455 §5.5.2 */
const PING = Buffer.of(0x89, 0);

/** A viewer that is pinged. */
interface Watched {
  readonly webSocket: WebSocket;
  readonly socket: Socket;
  unanswered: number;
  /** `socket.bytesRead` at the last ping. */
  bytesRead: number;
}

/**
 * Pings all viewers of a proxy, and cuts one that has not answered by its next ping.
 *
 * Whatever arrives is an answer. Two kinds of silence are not the viewer's: while we do not read, as
 * the backend is slow, its answer waits in the network; and behind bytes it is slow to take, so does
 * our ping, for which it gets four intervals.
 */
export class KeepAlive {
  readonly #intervalMs: number;
  /** Served in turn, one in each part of the interval. */
  readonly #slots = Array.from({ length: SLOTS }, () => new Set<Watched>());
  #lastServed = 0;
  #watched = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param intervalMs - between two pings of a viewer; 0: none */
  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  /** Pings a viewer until it is closed; for the first time after one interval, less a hundredth. */
  watch(webSocket: WebSocket, socket: Socket): void {
    if (this.#intervalMs === 0) return;
    const watched = { webSocket, socket, unanswered: 0, bytesRead: socket.bytesRead };
    const slot = this.#slots[this.#lastServed];
    slot?.add(watched);
    if (this.#watched === 0) {
      this.#timer = setInterval(() => {
        this.#serveNext();
      }, this.#intervalMs / SLOTS);
    }
    this.#watched += 1;
    webSocket.once("close", () => {
      slot?.delete(watched);
      this.#watched -= 1;
      if (this.#watched === 0) clearInterval(this.#timer);
    });
  }

  #serveNext(): void {
    this.#lastServed = (this.#lastServed + 1) % SLOTS;
    for (const watched of this.#slots[this.#lastServed] ?? []) ping(watched);
  }
}

function ping(watched: Watched): void {
  const { webSocket, socket } = watched;
  if (webSocket.isPaused || socket.bytesRead > watched.bytesRead) watched.unanswered = 0;
  watched.bytesRead = socket.bytesRead;
  const allowed = socket.writableLength > 0 ? PINGS_BEHIND_DATA : 1;
  if (watched.unanswered >= allowed) {
    webSocket.terminate();
    return;
  }
  // One that is closing takes no ping: its close timeout is running.
  if (webSocket.readyState !== webSocket.OPEN) return;
  watched.unanswered += 1;
  // The same for all, and in one piece: ten thousand of them are most of what idle viewers cost.
  socket.write(PING);
}
