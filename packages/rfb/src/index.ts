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
export { veNCryptHandler } from "./server-vencrypt.ts";
export type { BackendCredential, VeNCryptOptions } from "./server-vencrypt.ts";
export { vncAuthHandler } from "./server-vnc-auth.ts";
export { VeNCryptSubtype } from "./vencrypt-subtype.ts";
export type { ViewerCredential } from "./viewer-credential.ts";
export {
  admitWithoutSecurity,
  exchangeVersions,
  readViewerVersion,
  writeSecurityFailure,
} from "./viewer-handshake.ts";
export {
  askViewerCredential,
  writeSecurityResultFailed,
  writeSecurityResultOk,
} from "./viewer-security.ts";
export type { AskedViewer, ViewerSecurity, WaitingViewer } from "./viewer-security.ts";
export {
  type AcceptTls,
  anonymousTlsOptions,
  type ViewerTls,
  x509TlsOptions,
} from "./viewer-tls.ts";
export { createVncResponder, VNC_CHALLENGE_BYTES } from "./vnc-challenge.ts";
export type { VncResponder } from "./vnc-challenge.ts";
