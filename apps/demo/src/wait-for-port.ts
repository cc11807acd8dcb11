import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

const RETRY_MS = 25;
const CONNECT_TIMEOUT_MS = 1000;

/**
 * Waits until somebody accepts connections.
 *
 * @param signal - ends the waiting with its reason
 */
export async function waitForPort(host: string, port: number, signal: AbortSignal): Promise<void> {
  while (!(await accepts(host, port))) await pause(RETRY_MS, undefined, { signal });
  signal.throwIfAborted();
}

/**
 * Whether somebody accepts connections now. Never rejects.
 *
 * @param host - name or address; `unix:/path` for a unix socket
 */
export function accepts(host: string, port: number): Promise<boolean> {
  const path = host.startsWith("unix:") ? host.slice("unix:".length) : null;
  return new Promise((resolve) => {
    const socket = connect(path === null ? { host, port } : { path });
    const answer = (isThere: boolean): void => {
      socket.destroy();
      resolve(isThere);
    };
    socket.setTimeout(CONNECT_TIMEOUT_MS, () => {
      answer(false);
    });
    socket.on("connect", () => {
      answer(true);
    });
    socket.on("error", () => {
      answer(false);
    });
  });
}
