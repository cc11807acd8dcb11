import type { Duplex } from "node:stream";

/**
 * Watches a peer that waits.
 *
 * @param left - called at most once, when the peer has gone; before the return if it has already
 * @returns what stops watching
 */
export type PeerWatch = (left: () => void) => () => void;

/** Anything that says when it is closed: the response to an HTTP request. */
interface Closing {
  readonly destroyed: boolean;
  once(event: "close", listener: () => void): unknown;
  off(event: "close", listener: () => void): unknown;
}

/** Watches a peer whose stream is read by somebody else all the time. */
export function untilClosed(stream: Closing): PeerWatch {
  return (left) => {
    if (stream.destroyed) left();
    stream.once("close", left);
    return () => {
      stream.off("close", left);
    };
  };
}

/**
 * Watches a peer from whom nobody reads. Its bytes stay in the stream, up to the stream's high-water
 * mark; behind unread bytes its end goes unnoticed.
 */
export function untilLeft(stream: Duplex): PeerWatch {
  return (left) => {
    let isOver = false;
    const onGone = (): void => {
      if (isOver) return;
      isOver = true;
      left();
    };
    // The end shows only when somebody reads; 0 bytes take nothing away.
    const onReadable = (): void => {
      if (stream.readableLength === 0) stream.read(0);
    };
    const events = [
      ["readable", onReadable],
      ["end", onGone],
      ["close", onGone],
    ] as const;
    for (const [event, listener] of events) stream.on(event, listener);
    if (stream.destroyed || stream.readableEnded) onGone();
    return () => {
      isOver = true;
      for (const [event, listener] of events) stream.off(event, listener);
    };
  };
}
