/**
 * The one path every console takes: token, ConnectInfo, backend, handshakes, relay, close reason.
 *
 * What differs between the ways in (WebSocket, XVP) is behind {@link ViewerFront}; what must not
 * differ is here, once.
 *
 * @packageDocumentation
 */
export type { SessionSlots } from "./admission.ts";
export { loadBackendSecurity } from "./backend-security.ts";
export type { BackendSecuritySettings } from "./backend-security.ts";
export { CountedSlots, type Slots } from "./counted-slots.ts";
export { closeReasons } from "./close-reason.ts";
export type { CloseReason } from "./close-reason.ts";
export {
  BackendSecurityError,
  OriginRefusedError,
  PortCheckUnavailableError,
  PortNotInstancesError,
  SessionError,
  SessionRefusedError,
  ViewerMisbehavedError,
} from "./errors.ts";
export type { PortCheck } from "./port-check.ts";
export type { LiveSession, SessionFacts, SessionRecord } from "./session-record.ts";
export type { SessionSettings } from "./session-settings.ts";
export { Sessions } from "./sessions.ts";
export type { SessionsOptions } from "./sessions.ts";
export type { ViewerFront } from "./viewer-front.ts";
export { within } from "./within.ts";
