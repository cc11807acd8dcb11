/**
 * Exact reads from a stream, and its unread bytes handed back.
 *
 * A handshake reads a few bytes whose number it knows; what follows belongs to somebody else.
 * {@link ByteReader} takes the former and leaves the latter where it was.
 *
 * @packageDocumentation
 */
export { ByteReader } from "./byte-reader.ts";
export { MessageTooLongError, StreamError, UnexpectedEofError } from "./errors.ts";
