import type { Duplex } from "node:stream";
import type { ByteReader } from "@nova-console/byte-stream";
import { PeerIncompatibleError, PeerRejectedError } from "./errors.ts";
import {
  decodeProtocolVersion,
  encodeProtocolVersion,
  PROTOCOL_VERSION_BYTES,
  type ProtocolVersion,
} from "./protocol-version.ts";
import { readReason } from "./reason.ts";
import type { SecurityHandler } from "./security-handler.ts";
import { describeSecurityType, SecurityType } from "./security-type.ts";
import { withReader } from "./with-reader.ts";

/** SecurityResult's one good value; every other means failed. */
const RESULT_OK = 0;

/**
 * Runs the client's handshake with a VNC server up to SecurityResult: it waits for ClientInit then.
 *
 * @param server - a paused connection on which nothing was read yet; bytes past the handshake
 *   stay in it
 * @param handlers - what the operator accepts, most wanted first: this order decides, not the
 *   server's
 * @returns the stream to use from now on: `server`, or what a handler made of it
 * @throws {@link PeerMisbehavedError} if the server does not speak RFB
 * @throws {@link PeerIncompatibleError} if it offers none of `handlers`, or is older than 3.3
 * @throws {@link PeerRejectedError} if it says no, with its reason
 * @see RFC 6143 §7.1, and appendix A for 3.3 and 3.7
 */
export async function negotiateWithServer(
  server: Duplex,
  handlers: readonly SecurityHandler[],
  signal: AbortSignal,
): Promise<Duplex> {
  return withReader(server, signal, async (reader) => {
    const version = decodeProtocolVersion(await reader.readExact(PROTOCOL_VERSION_BYTES), "server");
    server.write(encodeProtocolVersion(version));
    const offered = await (version === "3.3" ? readDecision(reader) : readSecurityTypes(reader));
    const handler = handlers.find(({ type }) => offered.includes(type));
    if (handler === undefined) throw noneAcceptable(offered, handlers);
    // In 3.3 the server has decided; it does not wait to be told.
    if (version !== "3.3") server.write(Buffer.of(handler.type));
    if (handler.negotiate === null) {
      // With None there is a SecurityResult in 3.8 only.
      if (version === "3.8") await readSecurityResult(reader, version);
      return server;
    }
    reader.release();
    const stream = await handler.negotiate(server, signal);
    await withReader(stream, signal, (inner) => readSecurityResult(inner, version));
    return stream;
  });
}

/**
 * Reads the security type that a 3.3 server decided on.
 *
 * ```
 * server -> U32 type                         0 = refused: U32 length, reason
 * ```
 */
async function readDecision(reader: ByteReader): Promise<readonly SecurityType[]> {
  const type = await reader.readU32();
  if (type === SecurityType.Invalid) {
    throw new PeerRejectedError("server", "Security", await readReason(reader));
  }
  return [type];
}

/**
 * Reads the security types that a 3.7 or 3.8 server offers.
 *
 * ```
 * server -> U8 n, n x U8 type                n = 0 = refused: U32 length, reason
 * ```
 *
 * @throws {@link PeerRejectedError} if it offers none, with its reason
 */
export async function readSecurityTypes(reader: ByteReader): Promise<readonly SecurityType[]> {
  const count = await reader.readU8();
  if (count === 0) throw new PeerRejectedError("server", "Security", await readReason(reader));
  return [...(await reader.readExact(count))];
}

/**
 * Reads a SecurityResult.
 *
 * ```
 * server -> U32 result                       0 = OK; else in 3.8: U32 length, reason
 * ```
 */
async function readSecurityResult(reader: ByteReader, version: ProtocolVersion): Promise<void> {
  if ((await reader.readU32()) === RESULT_OK) return;
  const reason = version === "3.8" ? await readReason(reader) : "no reason given";
  throw new PeerRejectedError("server", "SecurityResult", reason);
}

function noneAcceptable(
  offered: readonly SecurityType[],
  handlers: readonly SecurityHandler[],
): PeerIncompatibleError {
  const list = (types: readonly SecurityType[]): string =>
    types.map(describeSecurityType).join(", ");
  return new PeerIncompatibleError(
    "server",
    "Security",
    `offers ${list(offered)}; accepted here: ${list(handlers.map(({ type }) => type))}`,
  );
}
