/** Base of every error this package throws. */
export abstract class StreamError extends Error {
  /** Stable across releases: match on this, not on the message. */
  abstract readonly code: `STREAM_ERR_${string}`;
}

/** The stream ended before the bytes that were asked for had come. */
export class UnexpectedEofError extends StreamError {
  override readonly name = "UnexpectedEofError";
  readonly code = "STREAM_ERR_UNEXPECTED_EOF";

  /**
   * @param wantedBytes - how many were asked for
   * @param gotBytes - how many of them had come; they are lost
   */
  constructor(wantedBytes: number, gotBytes: number) {
    super(`stream ended after ${gotBytes} of ${wantedBytes} bytes`);
  }
}

/** A delimiter was not found within the bytes that a message of its kind may have. */
export class MessageTooLongError extends StreamError {
  override readonly name = "MessageTooLongError";
  readonly code = "STREAM_ERR_MESSAGE_TOO_LONG";

  /** @param maxBytes - how many the message may have, its delimiter included */
  constructor(maxBytes: number) {
    super(`no end of the message within ${maxBytes} bytes`);
  }
}
