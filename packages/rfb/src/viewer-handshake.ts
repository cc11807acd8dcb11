import type { Duplex } from "node:stream";
import { PeerIncompatibleError } from "./errors.ts";
import {
  decodeProtocolVersion,
  encodeProtocolVersion,
  PROTOCOL_VERSION_BYTES,
  type ProtocolVersion,
} from "./protocol-version.ts";
import { encodeReason } from "./reason.ts";
import { describeSecurityType, SecurityType } from "./security-type.ts";
import { withReader } from "./with-reader.ts";

const OFFER_NONE = Buffer.of(1, SecurityType.None);
const OFFER_NOTHING = Buffer.of(0);
const NONE_U32 = Buffer.of(0, 0, 0, SecurityType.None);
const INVALID_U32 = Buffer.of(0, 0, 0, SecurityType.Invalid);
const RESULT_OK = Buffer.of(0, 0, 0, 0);
const RESULT_FAILED = Buffer.of(0, 0, 0, 1);

/**
 * Agrees on a ProtocolVersion with a viewer, in the server's role.
 *
 * ```
 * us     -> "RFB 003.008\n"
 * viewer -> "RFB 003.00x\n"
 * ```
 *
 * @param viewer - paused; bytes after the viewer's answer stay in it
 * @throws {@link PeerMisbehavedError} if the answer is no ProtocolVersion
 * @throws {@link PeerIncompatibleError} if it is older than 3.3
 * @see RFC 6143 §7.1.1
 */
export async function exchangeVersions(
  viewer: Duplex,
  signal: AbortSignal,
): Promise<ProtocolVersion> {
  viewer.write(encodeProtocolVersion("3.8"));
  return readViewerVersion(viewer, signal);
}

/**
 * Waits for a viewer's answer in {@link exchangeVersions} again, when its signal has cut that short:
 * the part of an answer that came before is not lost.
 *
 * @throws as {@link exchangeVersions}
 */
export function readViewerVersion(viewer: Duplex, signal: AbortSignal): Promise<ProtocolVersion> {
  return withReader(viewer, signal, async (reader) =>
    decodeProtocolVersion(await reader.readExact(PROTOCOL_VERSION_BYTES), "viewer"),
  );
}

/**
 * Runs the rest of the server's handshake with security type None: the viewer has shown its token
 * already, outside RFB. What it sends next is its ClientInit.
 *
 * ```
 * 3.3   us     -> U32 1                      None
 *
 * 3.7+  us     -> U8 1, U8 1                 one type: None
 *       viewer -> U8 1                       its choice
 * 3.8   us     -> U32 0                      SecurityResult OK
 * ```
 *
 * @param viewer - paused; bytes after the viewer's choice (a ClientInit sent early) stay in it
 * @throws {@link PeerIncompatibleError} if the viewer wants another type; it has been told
 * @see RFC 6143 §7.1.2, §7.1.3, and appendix A for 3.3 and 3.7
 */
export async function admitWithoutSecurity(
  viewer: Duplex,
  version: ProtocolVersion,
  signal: AbortSignal,
): Promise<void> {
  if (version === "3.3") {
    viewer.write(NONE_U32);
    return;
  }
  viewer.write(OFFER_NONE);
  const choice = await withReader(viewer, signal, (reader) => reader.readU8());
  if (choice !== SecurityType.None) {
    // nova's own words, so that what its users search for is found.
    const reason = encodeReason("Only the security type 1 (NONE) is supported");
    if (version === "3.8") viewer.write(Buffer.concat([RESULT_FAILED, reason]));
    throw new PeerIncompatibleError(
      "viewer",
      "Security",
      `chose ${describeSecurityType(choice)}, was offered None (1)`,
    );
  }
  if (version === "3.8") viewer.write(RESULT_OK);
}

/**
 * Tells a viewer that there is no console for it, and why, in place of the security types.
 *
 * ```
 * 3.3   us -> U32 0, U32 length, reason
 * 3.7+  us -> U8 0,  U32 length, reason
 * ```
 *
 * @param viewer - just after {@link exchangeVersions}; the caller closes it
 * @param reason - shown to the person; short, in general words
 * @see RFC 6143 §7.1.2
 */
export function writeSecurityFailure(
  viewer: Duplex,
  version: ProtocolVersion,
  reason: string,
): void {
  const nothing = version === "3.3" ? INVALID_U32 : OFFER_NOTHING;
  viewer.write(Buffer.concat([nothing, encodeReason(reason)]));
}
