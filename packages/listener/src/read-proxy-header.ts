import type { Socket } from "node:net";
import { messageOf } from "./errors.ts";
import { decodeProxyHeader } from "./proxy-header.ts";

/** Who hears of the header; at most one of these is called, once. */
export interface ProxyHeaderOutcome {
  /** All bytes after the header are unread. @param source - null: the peer speaks for itself */
  readonly seen: (source: string | null) => void;
  /** It is no header. @param why - for the log */
  readonly failed: (why: string) => void;
  /** The peer ended before its header was there: a load balancer's health check. */
  readonly ended: () => void;
}

/** Takes the header of the PROXY protocol off a connection. The caller limits the wait. */
export function readProxyHeader(socket: Socket, outcome: ProxyHeaderOutcome): void {
  let arrived = Buffer.alloc(0);
  const onReadable = (): void => {
    const chunk: unknown = socket.read();
    if (!(chunk instanceof Buffer)) return;
    arrived = Buffer.concat([arrived, chunk]);
    try {
      const header = decodeProxyHeader(arrived);
      if (header === null) return;
      stop();
      const rest = arrived.subarray(header.byteCount);
      if (rest.length > 0) socket.unshift(rest);
      // Node settles a stream's state one tick after its last "readable" listener has gone.
      queueMicrotask(() => {
        if (!socket.destroyed) outcome.seen(header.source);
      });
    } catch (error) {
      stop();
      outcome.failed(messageOf(error));
    }
  };
  const onEnd = (): void => {
    stop();
    outcome.ended();
  };
  const stop = (): void => {
    socket.off("readable", onReadable);
    socket.off("end", onEnd);
  };
  socket.on("readable", onReadable);
  socket.on("end", onEnd);
}
