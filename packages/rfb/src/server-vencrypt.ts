import type { Duplex } from "node:stream";
import type { ConnectionOptions } from "node:tls";
import type { ByteReader } from "@nova-console/byte-stream";
import { PeerIncompatibleError, PeerMisbehavedError, PeerRejectedError } from "./errors.ts";
import type { SecurityHandler } from "./security-handler.ts";
import { SecurityType } from "./security-type.ts";
import { answerChallenge } from "./server-vnc-auth.ts";
import { startTls } from "./start-tls.ts";
import { describeVeNCryptSubtype, startsTls, VeNCryptSubtype } from "./vencrypt-subtype.ts";
import { withReader } from "./with-reader.ts";

const VERSION_0_2 = Buffer.of(0, 2);
/** Zero means yes here, as in SecurityResult ... */
const VERSION_ACCEPTED = 0;
/** ... but one means yes here. */
const SUBTYPE_ACCEPTED = 1;

/** What we can show a backend that asks for it inside VeNCrypt: bytes, as RFB names no character encoding. */
export interface BackendCredential {
  readonly userName: Buffer;
  readonly password: Buffer;
}

/** What a VeNCrypt handler may use. */
export interface VeNCryptOptions {
  /** Certificate authorities of the backends, our client certificate and key. */
  readonly tls: ConnectionOptions;
  /** Subtypes that are accepted, most wanted first; those beyond X509None need `credential`. */
  readonly subtypes: readonly VeNCryptSubtype[];
  readonly credential: BackendCredential | null;
}

/**
 * VeNCrypt 0.2 in the client's role.
 *
 * ```
 * server -> U8 major, U8 minor               highest version it speaks
 * us     -> U8 0, U8 2
 * server -> U8 ack                           0 = version accepted
 * server -> U8 n, n x U32 subtype
 * us     -> U32 subtype
 * server -> U8 ack                           only with TLS: 1 = subtype accepted
 *           TLS handshake
 *           None: nothing; Vnc: challenge, response; Plain: U32, U32, user name, password
 * ```
 *
 * @see rfbproto, "VeNCrypt"; nova/console/rfb/authvencrypt.py for X509None
 */
export function veNCryptHandler(options: VeNCryptOptions): SecurityHandler {
  return {
    type: SecurityType.VeNCrypt,
    async negotiate(server, signal) {
      const subtype = await withReader(server, signal, (reader) =>
        chooseSubtype(server, reader, options.subtypes),
      );
      const stream = startsTls(subtype) ? await startTls(server, options.tls, signal) : server;
      await showCredential(stream, subtype, options.credential, signal);
      return stream;
    },
  };
}

async function chooseSubtype(
  server: Duplex,
  reader: ByteReader,
  accepted: readonly VeNCryptSubtype[],
): Promise<VeNCryptSubtype> {
  const version = await reader.readExact(2);
  if (version.readUInt16BE(0) < 2) {
    throw new PeerIncompatibleError("server", "VeNCrypt", `speaks ${version.join(".")}, not 0.2`);
  }
  server.write(VERSION_0_2);
  if ((await reader.readU8()) !== VERSION_ACCEPTED) {
    throw new PeerRejectedError("server", "VeNCrypt", "refused version 0.2");
  }
  const offered = await readSubtypes(reader);
  const subtype = accepted.find((each) => offered.includes(each));
  if (subtype === undefined) {
    const list = (subtypes: readonly VeNCryptSubtype[]): string =>
      subtypes.map(describeVeNCryptSubtype).join(", ");
    throw new PeerIncompatibleError(
      "server",
      "VeNCrypt",
      `offers ${list(offered)}; accepted here: ${list(accepted)}`,
    );
  }
  const choice = Buffer.alloc(4);
  choice.writeUInt32BE(subtype);
  server.write(choice);
  if (!startsTls(subtype)) return subtype;
  if ((await reader.readU8()) !== SUBTYPE_ACCEPTED) {
    const name = describeVeNCryptSubtype(subtype);
    throw new PeerRejectedError("server", "VeNCrypt", `refused subtype ${name}`);
  }
  // The client speaks first in TLS: anything here was injected in plaintext.
  if (reader.bufferedBytes > 0) {
    throw new PeerMisbehavedError("server", "VeNCrypt", "sent plaintext before TLS");
  }
  return subtype;
}

async function readSubtypes(reader: ByteReader): Promise<VeNCryptSubtype[]> {
  const count = await reader.readU8();
  const bytes = await reader.readExact(4 * count);
  return Array.from({ length: count }, (_, index) => bytes.readUInt32BE(4 * index));
}

async function showCredential(
  stream: Duplex,
  subtype: VeNCryptSubtype,
  credential: BackendCredential | null,
  signal: AbortSignal,
): Promise<void> {
  if (subtype === VeNCryptSubtype.X509None || subtype === VeNCryptSubtype.TlsNone) return;
  if (credential === null) {
    const name = describeVeNCryptSubtype(subtype);
    throw new PeerIncompatibleError("server", "VeNCrypt", `wants a password for ${name}`);
  }
  if (subtype === VeNCryptSubtype.X509Vnc || subtype === VeNCryptSubtype.TlsVnc) {
    await answerChallenge(stream, credential.password, signal);
    return;
  }
  const { userName, password } = credential;
  const lengths = Buffer.alloc(8);
  lengths.writeUInt32BE(userName.length, 0);
  lengths.writeUInt32BE(password.length, 4);
  stream.write(Buffer.concat([lengths, userName, password]));
}
