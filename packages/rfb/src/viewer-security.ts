import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { PeerIncompatibleError } from "./errors.ts";
import type { ProtocolVersion } from "./protocol-version.ts";
import { encodeReason } from "./reason.ts";
import { describeSecurityType, SecurityType } from "./security-type.ts";
import { VeNCryptSubtype } from "./vencrypt-subtype.ts";
import type { ViewerTls } from "./viewer-tls.ts";
import type { ViewerCredential } from "./viewer-credential.ts";
import { writeSecurityFailure } from "./viewer-handshake.ts";
import { readPlainCredential, secureVeNCrypt, type VeNCryptOffer } from "./viewer-vencrypt.ts";
import { VNC_CHALLENGE_BYTES } from "./vnc-challenge.ts";
import { withReader } from "./with-reader.ts";

/** A way for a viewer to show its token in RFB itself. */
export type ViewerSecurity = "X509Plain" | "TLSPlain" | "Plain" | "xvp" | "VncAuth";

/** A viewer that waits for SecurityResult. */
export interface WaitingViewer {
  /** What SecurityResult goes to, and the session after it. */
  readonly stream: Socket;
  readonly version: ProtocolVersion;
  readonly security: ViewerSecurity;
}

/** A viewer whose person is asked for a token or a password now. */
export interface AskedViewer extends WaitingViewer {
  /**
   * Waits for what the viewer shows; it waits for SecurityResult after that. Called once.
   *
   * @throws {@link PeerMisbehavedError} if it breaks the protocol
   */
  readonly readCredential: (signal: AbortSignal) => Promise<ViewerCredential>;
  /**
   * Writes SecurityResult with a reason to a viewer that has shown nothing: it reads that once its
   * person has answered. For when {@link readCredential} has rejected.
   */
  readonly refuse: (reason: string) => void;
}

const RESULT_OK = Buffer.of(0, 0, 0, 0);
const RESULT_FAILED = Buffer.of(0, 0, 0, 1);

/** The type that a viewer chooses for each way. */
const TYPE_OF: Readonly<Record<ViewerSecurity, SecurityType>> = {
  X509Plain: SecurityType.VeNCrypt,
  TLSPlain: SecurityType.VeNCrypt,
  Plain: SecurityType.VeNCrypt,
  xvp: SecurityType.Xvp,
  VncAuth: SecurityType.VncAuth,
};

/**
 * Runs the server's Security handshake up to where the viewer shows something for itself. A person may
 * be asked in the middle of it already, about a certificate.
 *
 * ```
 * 3.3   us     -> U32 2                      VncAuth is all that it knows
 * 3.7+  us     -> U8 n, n x U8 type
 *       viewer -> U8 type                    then as the type has it
 * ```
 *
 * @param viewer - paused, just after {@link exchangeVersions}
 * @param offered - in the operator's order; what needs a certificate that is not there is left out
 * @throws {@link PeerIncompatibleError} if viewer and operator have no way in common; the viewer
 *   has been told
 * @throws {@link PeerMisbehavedError} if it breaks the protocol
 * @see RFC 6143 §7.1.2
 */
export async function askViewerCredential(
  viewer: Socket,
  version: ProtocolVersion,
  offered: readonly ViewerSecurity[],
  tls: ViewerTls,
  signal: AbortSignal,
): Promise<AskedViewer> {
  const usable = offered.filter((way) => way !== "X509Plain" || tls.x509 !== null);
  const type = await chooseType(viewer, version, usable, signal);
  if (type === SecurityType.VeNCrypt) {
    const offers = usable.flatMap((way) => veNCryptOffer(way, tls));
    const { stream, subtype } = await secureVeNCrypt(viewer, offers, signal);
    return askedViewer({ stream, version, security: wayOf(subtype) }, (ending) =>
      withReader(stream, ending, readPlainCredential),
    );
  }
  return type === SecurityType.Xvp ? askTarget(viewer, version) : askResponse(viewer, version);
}

function askedViewer(
  waiting: WaitingViewer,
  readCredential: AskedViewer["readCredential"],
): AskedViewer {
  const refuse = (reason: string): void => {
    writeSecurityResultFailed(waiting, reason);
  };
  return { ...waiting, readCredential, refuse };
}

function askTarget(viewer: Socket, version: ProtocolVersion): AskedViewer {
  const waiting = { stream: viewer, version, security: "xvp" } as const;
  let isChallenged = false;
  const challenge = (): Buffer => {
    isChallenged = true;
    return writeChallenge(viewer);
  };
  return {
    ...waiting,
    readCredential: async (signal) => {
      const target = await readXvpTarget(viewer, signal);
      // The password is of no account: the target is the secret.
      await readResponse(viewer, challenge(), signal);
      return target;
    },
    refuse: (reason) => {
      // The viewer reads the challenge before SecurityResult.
      if (!isChallenged) challenge();
      writeSecurityResultFailed(waiting, reason);
    },
  };
}

function askResponse(viewer: Socket, version: ProtocolVersion): AskedViewer {
  const challenge = writeChallenge(viewer);
  return askedViewer({ stream: viewer, version, security: "VncAuth" }, (signal) =>
    readResponse(viewer, challenge, signal),
  );
}

/** Tells a viewer that it may go on: its ClientInit is next. */
export function writeSecurityResultOk(viewer: WaitingViewer): void {
  viewer.stream.write(RESULT_OK);
}

/**
 * Tells a viewer that it may not go on. Only 3.8 has words for it.
 *
 * @see RFC 6143 §7.1.3
 */
export function writeSecurityResultFailed(viewer: WaitingViewer, reason: string): void {
  const words = viewer.version === "3.8" ? encodeReason(reason) : Buffer.alloc(0);
  viewer.stream.write(Buffer.concat([RESULT_FAILED, words]));
}

async function chooseType(
  viewer: Socket,
  version: ProtocolVersion,
  usable: readonly ViewerSecurity[],
  signal: AbortSignal,
): Promise<SecurityType> {
  const types = [...new Set(usable.map((way) => TYPE_OF[way]))];
  if (types.length === 0) {
    writeSecurityFailure(viewer, version, "viewers must come in TLS here");
    throw new PeerIncompatibleError("viewer", "Security", "there is no way to offer without TLS");
  }
  if (version === "3.3") {
    if (types.includes(SecurityType.VncAuth)) {
      viewer.write(Buffer.of(0, 0, 0, SecurityType.VncAuth));
      return SecurityType.VncAuth;
    }
    writeSecurityFailure(
      viewer,
      version,
      "this viewer is too old for the security asked of it here",
    );
    throw new PeerIncompatibleError("viewer", "Security", "speaks 3.3, which has VncAuth (2) only");
  }
  viewer.write(Buffer.of(types.length, ...types));
  const choice = await withReader(viewer, signal, (reader) => reader.readU8());
  if (types.includes(choice)) return choice;
  const offers = types.map(describeSecurityType).join(", ");
  if (version === "3.8") {
    const reason = encodeReason(`security type ${choice} was not offered`);
    viewer.write(Buffer.concat([RESULT_FAILED, reason]));
  }
  throw new PeerIncompatibleError(
    "viewer",
    "Security",
    `chose ${describeSecurityType(choice)}, was offered ${offers}`,
  );
}

function veNCryptOffer(way: ViewerSecurity, tls: ViewerTls): VeNCryptOffer[] {
  if (way === "X509Plain") return [{ subtype: VeNCryptSubtype.X509Plain, tls: tls.x509 }];
  if (way === "TLSPlain") return [{ subtype: VeNCryptSubtype.TlsPlain, tls: tls.anonymous }];
  return way === "Plain" ? [{ subtype: VeNCryptSubtype.Plain, tls: null }] : [];
}

function wayOf(subtype: number): ViewerSecurity {
  if (subtype === VeNCryptSubtype.X509Plain) return "X509Plain";
  return subtype === VeNCryptSubtype.TlsPlain ? "TLSPlain" : "Plain";
}

/**
 * Reads what xvp Authentication has before its challenge.
 *
 * ```
 * viewer -> U8 length, U8 length, user name, target
 * ```
 *
 * @see rfbproto, "xvp Authentication"
 */
function readXvpTarget(viewer: Socket, signal: AbortSignal): Promise<ViewerCredential> {
  return withReader(viewer, signal, async (reader) => {
    const userNameBytes = await reader.readU8();
    const targetBytes = await reader.readU8();
    await reader.readExact(userNameBytes);
    const text = (await reader.readExact(targetBytes)).toString("utf8");
    return { kind: "token", text };
  });
}

/** Writes the 16 bytes of a challenge. @see RFC 6143 §7.2.2 */
function writeChallenge(viewer: Socket): Buffer {
  const challenge = randomBytes(VNC_CHALLENGE_BYTES);
  viewer.write(challenge);
  return challenge;
}

/** Reads the 16 bytes that answer a challenge. @see RFC 6143 §7.2.2 */
async function readResponse(
  viewer: Socket,
  challenge: Buffer,
  signal: AbortSignal,
): Promise<ViewerCredential> {
  const response = await withReader(viewer, signal, (reader) =>
    reader.readExact(VNC_CHALLENGE_BYTES),
  );
  return { kind: "response", challenge, response };
}
