/**
 * The opening handshake of RFB from the middle: server to the viewer, client to the VNC server.
 *
 * It runs on streams that somebody else opened, reads exactly what the handshake has, and leaves
 * everything from ClientInit on to be relayed.
 *
 * @packageDocumentation
 */
export {
  PeerIncompatibleError,
  PeerMisbehavedError,
  PeerRejectedError,
  RfbError,
} from "./errors.ts";
export type { Peer, Phase } from "./errors.ts";
export type { ProtocolVersion } from "./protocol-version.ts";
export { noneHandler } from "./security-handler.ts";
export type { SecurityHandler } from "./security-handler.ts";
export { negotiateWithServer } from "./server-handshake.ts";
export {
  admitWithoutSecurity,
  exchangeVersions,
  writeSecurityFailure,
} from "./viewer-handshake.ts";
