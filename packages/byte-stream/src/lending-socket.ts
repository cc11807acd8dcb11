import { Socket } from "node:net";
import type { Duplex } from "node:stream";

/** What one read of a socket brings at most. */
const SLAB_BYTES = 65_536;

/**
 * Where all lending sockets of the process are read into, one after the other: idle connections
 * hold no buffer, and busy ones allocate none.
 */
const slab = Buffer.allocUnsafeSlow(SLAB_BYTES);

/**
 * Takes bytes as they are read.
 *
 * @param chunk - lent: overwritten as soon as this returns, so that what is kept must be copied
 */
export type Borrower = (chunk: Buffer) => void;

/** A stream that is no socket, and lends. */
export interface Lender {
  /** Has all bytes handed to `borrower` from now on, in pieces of at most 64 KiB. */
  lendTo(borrower: Borrower): void;
}

/** The borrower of each lending socket; null while it is read as a stream. */
const borrowers = new WeakMap<Duplex, Borrower | null>();

/**
 * Makes a TCP or unix socket that is read as any other, until {@link borrow} takes its bytes without
 * a copy and without the cost of a stream.
 *
 * @returns not connected; half-open is allowed
 */
export function createLendingSocket(): Socket {
  const socket: Socket = new Socket({
    allowHalfOpen: true,
    onread: {
      buffer: slab,
      callback(byteCount) {
        const chunk = slab.subarray(0, byteCount);
        const borrower = borrowers.get(socket) ?? null;
        if (borrower === null) return socket.push(Buffer.from(chunk));
        borrower(chunk);
        return true;
      },
    },
  });
  borrowers.set(socket, null);
  return socket;
}

/**
 * Has a stream's bytes handed to `borrower` from now on, those first that nobody has read yet. Its
 * `pause`, `resume` and `end` are as with any stream; `data` is not emitted.
 *
 * @returns false if `stream` is neither a lending socket nor a {@link Lender}: nothing was done
 */
export function borrow(stream: Duplex, borrower: Borrower): boolean {
  const lender = isLender(stream) ? stream : null;
  if (lender === null && !borrowers.has(stream)) return false;
  const unread = stream.read() as Buffer | null;
  if (unread !== null) borrower(unread);
  if (lender === null) borrowers.set(stream, borrower);
  else lender.lendTo(borrower);
  return true;
}

function isLender(stream: object): stream is Lender {
  return "lendTo" in stream;
}
