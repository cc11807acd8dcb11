import type { Socket } from "node:net";
import type { ByteReader } from "@nova-console/byte-stream";
import { PeerIncompatibleError, PeerMisbehavedError } from "./errors.ts";
import { describeVeNCryptSubtype, startsTls, type VeNCryptSubtype } from "./vencrypt-subtype.ts";
import type { AcceptTls } from "./viewer-tls.ts";
import type { ViewerCredential } from "./viewer-credential.ts";
import { withReader } from "./with-reader.ts";

const VERSION_0_2 = Buffer.of(0, 2);
/** Zero means yes here, as in SecurityResult ... */
const VERSION_ACCEPTED = Buffer.of(0);
const VERSION_REFUSED = Buffer.of(255);
/** ... but one means yes here. */
const SUBTYPE_ACCEPTED = Buffer.of(1);
const SUBTYPE_REFUSED = Buffer.of(0);

/** Longest user name and password: a token is 36 bytes, and some are given to long names. */
const MAX_CREDENTIAL_BYTES = 1024;

/** A subtype that viewers may choose, and what its TLS needs; null for Plain, which has none. */
export interface VeNCryptOffer {
  readonly subtype: VeNCryptSubtype;
  readonly tls: AcceptTls | null;
}

/**
 * Runs the server's side of VeNCrypt 0.2 up to the credential of a Plain subtype.
 *
 * ```
 * us     -> U8 0, U8 2
 * viewer -> U8 0, U8 2
 * us     -> U8 0                             version accepted
 * us     -> U8 n, n x U32 subtype
 * viewer -> U32 subtype
 * us     -> U8 1                             only with TLS: subtype accepted, TLS handshake follows
 * ```
 *
 * @param viewer - paused, just after it chose SecurityType VeNCrypt
 * @returns the stream that SecurityResult goes to, encrypted if the subtype is
 * @throws {@link PeerIncompatibleError} if the viewer lacks 0.2, or wants what was not offered
 * @throws {@link PeerMisbehavedError} if it sends plaintext where TLS must start
 * @see rfbproto, "VeNCrypt"
 */
export async function secureVeNCrypt(
  viewer: Socket,
  offers: readonly VeNCryptOffer[],
  signal: AbortSignal,
): Promise<{ stream: Socket; subtype: VeNCryptSubtype }> {
  const offer = await withReader(viewer, signal, (reader) => chooseSubtype(viewer, reader, offers));
  const { subtype, tls } = offer;
  const stream = tls === null ? viewer : await secure(viewer, tls, signal);
  return { stream, subtype };
}

async function chooseSubtype(
  viewer: Socket,
  reader: ByteReader,
  offers: readonly VeNCryptOffer[],
): Promise<VeNCryptOffer> {
  viewer.write(VERSION_0_2);
  const version = await reader.readExact(2);
  if (!version.equals(VERSION_0_2)) {
    viewer.write(VERSION_REFUSED);
    throw new PeerIncompatibleError("viewer", "VeNCrypt", `speaks ${version.join(".")}, not 0.2`);
  }
  const list = Buffer.alloc(1 + 4 * offers.length);
  list.writeUInt8(offers.length);
  offers.forEach(({ subtype }, index) => list.writeUInt32BE(subtype, 1 + 4 * index));
  viewer.write(Buffer.concat([VERSION_ACCEPTED, list]));
  const choice = await reader.readU32();
  const offer = offers.find(({ subtype }) => subtype === choice);
  if (offer === undefined) {
    viewer.write(SUBTYPE_REFUSED);
    throw new PeerIncompatibleError(
      "viewer",
      "VeNCrypt",
      `chose ${describeVeNCryptSubtype(choice)}, was offered ` +
        offers.map(({ subtype }) => describeVeNCryptSubtype(subtype)).join(", "),
    );
  }
  if (startsTls(choice)) {
    // The viewer waits for our byte before its ClientHello: anything here was injected in plaintext.
    if (reader.bufferedBytes > 0) {
      throw new PeerMisbehavedError("viewer", "VeNCrypt", "sent plaintext before TLS");
    }
    // No such byte without TLS: TigerVNC, noVNC and gtk-vnc would take it for SecurityResult.
    viewer.write(SUBTYPE_ACCEPTED);
  }
  return offer;
}

async function secure(viewer: Socket, accept: AcceptTls, signal: AbortSignal): Promise<Socket> {
  try {
    return await accept(viewer, signal);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    const why = error instanceof Error ? error.message : String(error);
    throw new PeerMisbehavedError("viewer", "VeNCrypt", why, { cause: error });
  }
}

/**
 * Reads the credential of a Plain subtype.
 *
 * ```
 * viewer -> U32 length, U32 length, user name, password
 * ```
 *
 * @throws {@link PeerMisbehavedError} if it is longer than any
 * @see rfbproto, "VeNCrypt"
 */
export async function readPlainCredential(reader: ByteReader): Promise<ViewerCredential> {
  const userNameBytes = await reader.readU32();
  const passwordBytes = await reader.readU32();
  if (userNameBytes > MAX_CREDENTIAL_BYTES || passwordBytes > MAX_CREDENTIAL_BYTES) {
    throw new PeerMisbehavedError(
      "viewer",
      "VeNCrypt",
      `announces a credential of more than ${MAX_CREDENTIAL_BYTES} bytes`,
    );
  }
  await reader.readExact(userNameBytes);
  const text = (await reader.readExact(passwordBytes)).toString("utf8");
  return { kind: "token", text };
}
