/**
 * Exact reads from a stream, and its unread bytes handed back.
 *
 * A handshake reads a few bytes whose number it knows; what follows belongs to somebody else.
 * {@link ByteReader} takes the former and leaves the latter where it was. {@link borrow} then takes the
 * rest as it is read, without a copy.
 *
 * @packageDocumentation
 */
export { borrow, type Borrower, createLendingSocket, type Lender } from "./lending-socket.ts";
export { ByteReader } from "./byte-reader.ts";
export { MessageTooLongError, StreamError, UnexpectedEofError } from "./errors.ts";
export { type BorrowingDestination, type PutHeader, writeBorrowed } from "./write-borrowed.ts";
