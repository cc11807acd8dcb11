/** The proxy's two neighbours, in the words of RFC 6143 §1. */
export type Peer = "viewer" | "server";

/** The exchange that was under way, RFC 6143 §7.1. */
export type Phase =
  "ProtocolVersion" | "Security" | "VeNCrypt" | "VncAuth" | "xvp" | "SecurityResult";

/** Base of every error this package throws. It ends one session, never the process. */
export abstract class RfbError extends Error {
  /** Stable across releases: match on this, not on the message. */
  abstract readonly code: `RFB_ERR_${string}`;
  readonly peer: Peer;
  readonly phase: Phase;

  constructor(peer: Peer, phase: Phase, detail: string, options?: ErrorOptions) {
    super(`${peer} ${phase}: ${detail}`, options);
    this.peer = peer;
    this.phase = phase;
  }
}

/** The peer sent bytes the protocol forbids: a broken implementation, or an attack. */
export class PeerMisbehavedError extends RfbError {
  override readonly name = "PeerMisbehavedError";
  readonly code = "RFB_ERR_PEER_MISBEHAVED";
}

/** The peer keeps to the protocol, but there is no version or security type that both accept. */
export class PeerIncompatibleError extends RfbError {
  override readonly name = "PeerIncompatibleError";
  readonly code = "RFB_ERR_PEER_INCOMPATIBLE";
}

/** The peer said no, in the protocol's own way. */
export class PeerRejectedError extends RfbError {
  override readonly name = "PeerRejectedError";
  readonly code = "RFB_ERR_PEER_REJECTED";
}
