import { isIP } from "node:net";
import { canonicalAddress } from "./canonical-address.ts";
import { ProxyHeaderError } from "./errors.ts";

/** What a load balancer says of a connection before its first byte. */
export interface ProxyHeader {
  /** How long the header is. */
  readonly byteCount: number;
  /** The IP address that the client connected from; null: the load balancer speaks for itself. */
  readonly source: string | null;
}

const V1_START = Buffer.from("PROXY ");
const V2_START = Buffer.from("0d0a0d0a000d0a515549540a", "hex");
const V2_FIXED_BYTES = 16;

/** A line of version 1 with its end, as the specification bounds it. */
const MAX_V1_BYTES = 107;

/** Ours: addresses take 216 bytes at most, and what TLVs say is not looked at. */
const MAX_V2_BYTES = 2048;

const V1_LINE = /^PROXY (?:UNKNOWN(?: [^\r\n]*)?|TCP([46]) (\S+) (\S+) (\d{1,5}) (\d{1,5}))$/;

/** Families and transports of version 2 whose addresses name a client. */
const TCP4 = 0x11;
const TCP6 = 0x21;
const LOCAL = 0x20;
const PROXY = 0x21;

/**
 * Decodes the header of the PROXY protocol.
 *
 * ```
 * version 1   "PROXY TCP4 192.0.2.1 198.51.100.1 56324 6080\r\n"
 * version 2   12 bytes of signature, U8 version and command, U8 family and transport,
 *             U16 length, addresses and TLVs of that length
 * ```
 *
 * @param bytes - what has arrived so far
 * @returns null if the header is not there as a whole yet
 * @throws {@link ProxyHeaderError} if it is none, or too long
 * @see HAProxy's proxy-protocol.txt, sections 2.1 and 2.2
 */
export function decodeProxyHeader(bytes: Buffer): ProxyHeader | null {
  if (startsAlike(bytes, V2_START)) return decodeVersion2(bytes);
  if (startsAlike(bytes, V1_START)) return decodeVersion1(bytes);
  throw new ProxyHeaderError("does not begin with a header of the PROXY protocol");
}

/** As far as both go. */
function startsAlike(bytes: Buffer, start: Buffer): boolean {
  const length = Math.min(bytes.length, start.length);
  return bytes.subarray(0, length).equals(start.subarray(0, length));
}

function decodeVersion1(bytes: Buffer): ProxyHeader | null {
  const end = bytes.subarray(0, MAX_V1_BYTES).indexOf("\r\n");
  if (end < 0) {
    if (bytes.length < MAX_V1_BYTES) return null;
    throw new ProxyHeaderError(`has a PROXY line without an end in ${MAX_V1_BYTES} bytes`);
  }
  const match = V1_LINE.exec(bytes.toString("latin1", 0, end));
  const [, family, source] = match ?? [];
  // A zone is of the load balancer's machine, and could be any text.
  const isAddress = source === undefined || (isIP(source) === Number(family) && !/%/.test(source));
  if (match === null || !isAddress) {
    throw new ProxyHeaderError("has a malformed PROXY line");
  }
  return { byteCount: end + 2, source: source === undefined ? null : canonicalAddress(source) };
}

function decodeVersion2(bytes: Buffer): ProxyHeader | null {
  if (bytes.length < V2_FIXED_BYTES) return null;
  const command = bytes.readUInt8(12);
  const family = bytes.readUInt8(13);
  const length = bytes.readUInt16BE(14);
  if (command !== LOCAL && command !== PROXY) {
    throw new ProxyHeaderError(`has PROXY version and command 0x${command.toString(16)}`);
  }
  const byteCount = V2_FIXED_BYTES + length;
  if (byteCount > MAX_V2_BYTES) {
    throw new ProxyHeaderError(
      `has a PROXY header of ${byteCount} bytes, most are ${MAX_V2_BYTES}`,
    );
  }
  if (bytes.length < byteCount) return null;
  const address = bytes.subarray(V2_FIXED_BYTES, byteCount);
  return { byteCount, source: command === LOCAL ? null : sourceOf(family, address) };
}

/** Other families have no client that could be named; the specification has them accepted. */
function sourceOf(family: number, address: Buffer): string | null {
  if (family !== TCP4 && family !== TCP6) return null;
  const needed = family === TCP4 ? 12 : 36;
  if (address.length < needed) throw new ProxyHeaderError("has too short a PROXY address");
  if (family === TCP4) return address.subarray(0, 4).join(".");
  const groups = Array.from({ length: 8 }, (_, at) => address.readUInt16BE(2 * at).toString(16));
  return canonicalAddress(groups.join(":"));
}
