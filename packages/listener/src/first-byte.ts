import type { Socket } from "node:net";

/** The ContentType `handshake` of a TLS record; no text protocol starts with it. RFC 8446 §5.1. */
export const TLS_HANDSHAKE = 0x16;

/** Who hears of the first byte; at most one of the two is called, once. */
export interface FirstByteOutcome {
  /** The socket is as if nobody had looked at it: neither flowing nor paused, all bytes unread. */
  readonly seen: (firstByte: number) => void;
  /** The peer ended before its first byte. */
  readonly ended: () => void;
}

/** Waits for the first byte of a connection and leaves it where it was. */
export function peekFirstByte(socket: Socket, outcome: FirstByteOutcome): void {
  const onReadable = (): void => {
    const chunk: unknown = socket.read(1);
    if (!(chunk instanceof Buffer)) return;
    stop();
    socket.unshift(chunk);
    // Node settles a stream's state one tick after its last "readable" listener has gone.
    queueMicrotask(() => {
      if (!socket.destroyed) outcome.seen(chunk.readUInt8(0));
    });
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
