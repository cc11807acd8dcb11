import { once } from "node:events";
import type { Socket } from "node:net";
import { clientCloseFrame, clientFrame, upgradeRequest } from "./client-frames.ts";
import { dial } from "./tcp.ts";
import { webSocketUrl } from "./web-socket-viewer.ts";

/** How a viewer leaves. */
export type Leaving = "FIN" | "RST" | "close frame" | "silence";

/** A conversation with a proxy, up to the byte at which the viewer leaves. */
export interface Conversation {
  /** The access URL of a token. */
  readonly url: URL;
  readonly port: "6080" | "6081";
  readonly leaving: Leaving;
  /** Waits for an answer after each step; else all is sent at once, with the end behind it. */
  readonly inStep: boolean;
  /** Reads what the proxy sends, before and after it has left. */
  readonly reads: boolean;
  /** Where in its bytes it leaves: 0 to 1. */
  readonly part: number;
  /** Leaves before the session: `part` counts up to ClientInit, which is not sent. */
  readonly inHandshake?: boolean;
}

const ANSWER_LIMIT_MS = 1_000;
const VERSION = Buffer.from("RFB 003.008\n");
const SESSION_BYTES = 400;

/**
 * Holds a conversation until the viewer has left.
 *
 * @returns the viewer's end of the connection, which is not closed unless leaving does it
 */
export async function converse(conversation: Conversation): Promise<Socket> {
  const { url, port, leaving, inStep, reads, part, inHandshake = false } = conversation;
  const steps = port === "6080" ? webSocketSteps(webSocketUrl(url)) : xvpSteps(url);
  const total = steps.reduce((sum, { length }) => sum + length, 0);
  const sessionBytes = steps.slice(-2).reduce((sum, { length }) => sum + length, 0);
  let left = Math.floor(part * (inHandshake ? total - sessionBytes : total));
  const socket = await dial({ host: url.hostname, port: Number(url.port), allowHalfOpen: true });
  if (reads || inStep) socket.resume();
  for (const step of steps) {
    // Within a frame a close frame would be some of its bytes.
    const bytes = leaving === "close frame" && left > 0 ? step : step.subarray(0, left);
    left = Math.max(0, left - bytes.length);
    const answered = inStep && left > 0 ? answer(socket) : null;
    socket.write(bytes);
    if (left === 0) break;
    await answered;
  }
  if (!reads) socket.pause();
  if (leaving === "RST") socket.resetAndDestroy();
  else if (leaving === "FIN") socket.end();
  else if (leaving === "close frame") {
    if (port === "6080") socket.write(clientCloseFrame());
    else socket.end();
  }
  return socket;
}

async function answer(socket: Socket): Promise<void> {
  const signal = AbortSignal.timeout(ANSWER_LIMIT_MS);
  await once(socket, "data", { signal }).catch(() => undefined);
}

function webSocketSteps(url: URL): Buffer[] {
  const messages = [VERSION, Buffer.of(1), Buffer.of(1), Buffer.alloc(SESSION_BYTES, 7)];
  return [upgradeRequest(url), ...messages.map((message) => clientFrame(message))];
}

function xvpSteps(url: URL): Buffer[] {
  const request = Buffer.from(`CONNECT ${url.pathname}${url.search} HTTP/1.0\r\n\r\n`);
  return [request, VERSION, Buffer.of(1), Buffer.of(1), Buffer.alloc(SESSION_BYTES, 7)];
}
