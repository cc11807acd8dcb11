import type { Socket } from "node:net";
import type { WebSocket } from "ws";

/** Pings that a viewer may leave unanswered while the network has not taken our bytes before them. */
const PINGS_BEHIND_DATA = 4;

/**
 * Pings a viewer, and cuts one that has not answered by the next ping.
 *
 * Whatever arrives is an answer. Two kinds of silence are not the viewer's: while we do not read, as
 * the backend is slow, its answer waits in the network; and behind bytes it is slow to take, so does
 * our ping, for which it gets four intervals.
 *
 * @param intervalMs - between pings; 0: none
 */
export function keepAlive(webSocket: WebSocket, socket: Socket, intervalMs: number): void {
  if (intervalMs === 0) return;
  let unanswered = 0;
  const onSign = (): void => {
    unanswered = 0;
  };
  for (const sign of ["message", "ping", "pong"]) webSocket.on(sign, onSign);
  const timer = setInterval(() => {
    if (webSocket.isPaused) onSign();
    const allowed = socket.writableLength > 0 ? PINGS_BEHIND_DATA : 1;
    if (unanswered >= allowed) {
      webSocket.terminate();
      return;
    }
    unanswered += 1;
    webSocket.ping(ignore);
  }, intervalMs);
  webSocket.once("close", () => {
    clearInterval(timer);
  });
}

function ignore(): void {
  // A WebSocket that is closing takes no ping; its close timeout is running.
}
