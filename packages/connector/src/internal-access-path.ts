import type { Duplex } from "node:stream";
import { ByteReader, MessageTooLongError, StreamError } from "@nova-console/byte-stream";
import { BackendAddressError, BackendForbiddenError, BackendRefusedError } from "./errors.ts";

/** Most bytes of a reply, status line and headers; nova's bound. @see nova/console/websocketproxy.py */
const MAX_REPLY_BYTES = 4096;

const END_OF_HEADERS = Buffer.from("\r\n\r\n");

/**
 * Asks the hypervisor's own proxy (XenServer's, VMware's) for a console behind it.
 *
 * ```
 * us      -> "CONNECT <path> HTTP/1.1\r\n\r\n"
 * backend -> "HTTP/1.1 200 OK\r\n" headers "\r\n"        at most 4096 bytes, then RFB
 * ```
 *
 * @param backend - paused, just connected; bytes after the reply stay in it
 * @throws {@link BackendAddressError} if `path` could not stand in a request line
 * @throws {@link BackendForbiddenError} if `path` reads as another server: a host and port, or a URL
 * @throws {@link BackendRefusedError} if the reply is not a 200, too long, or cut short
 */
export async function requestInternalAccessPath(
  backend: Duplex,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  if (!/^[\x21-\x7e]+$/.test(path)) {
    throw new BackendAddressError("internal_access_path has white space or is not ASCII");
  }
  // A general HTTP proxy would take "host:port" for the place to connect to, and a URL as well.
  if (!path.startsWith("/") && path.includes(":")) {
    throw new BackendForbiddenError("internal_access_path names another server");
  }
  backend.write(`CONNECT ${path} HTTP/1.1\r\n\r\n`);
  const statusLine = await readStatusLine(backend, signal);
  if (!/^HTTP\/1\.[01] 200(?: |$)/.test(statusLine)) {
    // Words only: a status line may repeat the path, which has the hypervisor's session in it.
    const seen = /^HTTP\/1\.[01] \d{3}(?: [A-Za-z ]{0,40}$)?/.exec(statusLine)?.[0].trimEnd();
    const what = seen === undefined ? "no status line" : `"${seen}"`;
    throw new BackendRefusedError(`backend answered CONNECT with ${what}, not with a 200`);
  }
}

async function readStatusLine(backend: Duplex, signal: AbortSignal): Promise<string> {
  const reader = new ByteReader(backend, signal);
  try {
    const reply = await reader.readUntil(END_OF_HEADERS, MAX_REPLY_BYTES);
    return reply.toString("latin1", 0, reply.indexOf("\r\n"));
  } catch (error) {
    if (error instanceof MessageTooLongError) {
      throw new BackendRefusedError(
        `backend answered CONNECT with more than ${MAX_REPLY_BYTES} bytes of headers`,
        { cause: error },
      );
    }
    if (error instanceof StreamError) {
      throw new BackendRefusedError("backend closed before it had answered CONNECT", {
        cause: error,
      });
    }
    throw error;
  } finally {
    reader.release();
  }
}
