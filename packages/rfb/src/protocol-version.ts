import { PeerIncompatibleError, PeerMisbehavedError, type Peer } from "./errors.ts";
import { printable } from "./printable.ts";

/** Length of a ProtocolVersion message. */
export const PROTOCOL_VERSION_BYTES = 12;

/** The versions whose handshakes differ. What follows the handshake is the same in all of them. */
export type ProtocolVersion = "3.3" | "3.7" | "3.8";

const ENCODED: Readonly<Record<ProtocolVersion, Buffer>> = {
  "3.3": Buffer.from("RFB 003.003\n", "latin1"),
  "3.7": Buffer.from("RFB 003.007\n", "latin1"),
  "3.8": Buffer.from("RFB 003.008\n", "latin1"),
};

/**
 * Encodes a ProtocolVersion message.
 *
 * @returns the same bytes each time: not to be changed
 * @see RFC 6143 §7.1.1
 */
export function encodeProtocolVersion(version: ProtocolVersion): Buffer {
  return ENCODED[version];
}

/**
 * Decodes a ProtocolVersion message into the version whose handshake it calls for.
 *
 * ```
 * "RFB " major:3 digits "." minor:3 digits "\n"      12 bytes of ASCII
 * ```
 *
 * Other minor versions than 3, 7 and 8 were never published: those between are treated as the
 * one below (3.5, which some viewers wrongly send, as 3.3; RFC 6143 §7.1.1), those above as 3.8
 * (3.889 is Apple's, 4.x RealVNC's).
 *
 * @param message - exactly {@link PROTOCOL_VERSION_BYTES} bytes
 * @param peer - who sent it, for the error
 * @throws {@link PeerMisbehavedError} if it is not of that form
 * @throws {@link PeerIncompatibleError} if it is older than 3.3
 */
export function decodeProtocolVersion(message: Buffer, peer: Peer): ProtocolVersion {
  const match = /^RFB (\d{3})\.(\d{3})\n$/.exec(message.toString("latin1"));
  if (match === null) {
    throw new PeerMisbehavedError(
      peer,
      "ProtocolVersion",
      `got ${shown(message, peer)}, not "RFB 003.008\\n" or the like`,
    );
  }
  const [major, minor] = [Number(match[1]), Number(match[2])];
  if (major > 3 || (major === 3 && minor >= 8)) return "3.8";
  if (major === 3 && minor === 7) return "3.7";
  if (major === 3 && minor >= 3) return "3.3";
  throw new PeerIncompatibleError(
    peer,
    "ProtocolVersion",
    `speaks ${major}.${minor}, not 3.3 or later`,
  );
}

/** A viewer's bytes are not shown: they may be a part of its token. */
function shown(message: Buffer, peer: Peer): string {
  if (peer === "server") return `"${printable(message)}"`;
  return `${message.length} bytes that begin with 0x${message.toString("hex", 0, 1)}`;
}
