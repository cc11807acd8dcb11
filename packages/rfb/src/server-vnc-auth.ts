import type { Duplex } from "node:stream";
import type { SecurityHandler } from "./security-handler.ts";
import { SecurityType } from "./security-type.ts";
import { createVncResponder, VNC_CHALLENGE_BYTES } from "./vnc-challenge.ts";
import { withReader } from "./with-reader.ts";

/**
 * VNC Authentication in the client's role: for a backend that has a password of its own.
 *
 * @param password - only its first 8 bytes count
 * @see RFC 6143 §7.2.2
 */
export function vncAuthHandler(password: Buffer): SecurityHandler {
  return {
    type: SecurityType.VncAuth,
    negotiate: (server, signal) => answerChallenge(server, password, signal),
  };
}

/**
 * Answers a challenge.
 *
 * ```
 * server -> 16 x U8 challenge
 * us     -> 16 x U8 response
 * ```
 *
 * @returns `server` itself
 */
export async function answerChallenge<Stream extends Duplex>(
  server: Stream,
  password: Buffer,
  signal: AbortSignal,
): Promise<Stream> {
  const challenge = await withReader(server, signal, (reader) =>
    reader.readExact(VNC_CHALLENGE_BYTES),
  );
  server.write(createVncResponder(password)(challenge));
  return server;
}
