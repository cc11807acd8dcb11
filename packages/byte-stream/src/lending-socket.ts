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
 * Has a socket's bytes handed to `borrower` from now on, those first that nobody has read yet. Its
 * `pause`, `resume` and `end` are as with any stream; `data` is not told.
 *
 * @returns false if `stream` is no lending socket: nothing was done
 */
export function borrow(stream: Duplex, borrower: Borrower): boolean {
  if (!borrowers.has(stream)) return false;
  const unread = stream.read() as Buffer | null;
  if (unread !== null) borrower(unread);
  borrowers.set(stream, borrower);
  return true;
}
