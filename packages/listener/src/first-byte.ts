import type { Socket } from "node:net";

/** The ContentType `handshake` of a TLS record; no text protocol starts with it. RFC 8446 §5.1. */
export const TLS_HANDSHAKE = 0x16;

/** Who hears of the first byte; at most one of these is called, once. */
export interface FirstByteOutcome {
  /** The socket is as if nobody had looked at it: neither flowing nor paused, all bytes unread. */
  readonly seen: (firstByte: number) => void;
  /** Nothing came within the time given; the socket is as with {@link seen}. */
  readonly silent: () => void;
  /** The peer ended before its first byte. */
  readonly ended: () => void;
}

/**
 * Waits for the first byte of a connection and leaves it where it was.
 *
 * @param silenceMs - after which the peer is taken for one that waits for us; null: never
 */
export function peekFirstByte(
  socket: Socket,
  silenceMs: number | null,
  outcome: FirstByteOutcome,
): void {
  const onReadable = (): void => {
    // All of it: of one byte alone two pieces would come out, for the next reader to join again.
    const chunk: unknown = socket.read();
    if (!(chunk instanceof Buffer)) return;
    stop();
    socket.unshift(chunk);
    settled(() => {
      outcome.seen(chunk.readUInt8(0));
    });
  };
  const onEnd = (): void => {
    stop();
    outcome.ended();
  };
  const timer =
    silenceMs === null
      ? undefined
      : setTimeout(() => {
          // Late ourselves, we find a byte that came in time only now: after the next poll.
          poll = setImmediate(() => {
            stop();
            settled(outcome.silent);
          });
        }, silenceMs);
  let poll: NodeJS.Immediate | undefined;
  const stop = (): void => {
    clearTimeout(timer);
    clearImmediate(poll);
    socket.off("readable", onReadable);
    socket.off("end", onEnd);
    socket.off("close", stop);
  };
  const settled = (tell: () => void): void => {
    // Node settles a stream's state one tick after its last "readable" listener has gone.
    queueMicrotask(() => {
      if (!socket.destroyed) tell();
    });
  };
  socket.on("readable", onReadable);
  socket.on("end", onEnd);
  socket.on("close", stop);
}
