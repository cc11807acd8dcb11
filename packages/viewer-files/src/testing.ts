import { Token, type ConnectInfo } from "@nova-console/token";
import { viewerTicketOf, type ViewerAccess, type ViewerTicket } from "./viewer-access.ts";
import { effectiveViewerSecurity } from "./viewer-security.ts";

/** The token of the tests, as nova mints them. */
export const TOKEN_TEXT = "7fc49dda-69d3-48a4-91d1-11a299dc9b49";

/** Access to a proxy without a certificate, with `viewer_security` as it is by default. */
export const plainAccess: ViewerAccess = {
  address: { host: "console.example.org", port: 6081 },
  security: effectiveViewerSecurity(["auto"], false),
  passwordSecret: Buffer.alloc(32, 7),
};

/** What the owner of a token gets to know. */
export function ticketOf(access: Partial<ViewerAccess> = {}, tokenText = TOKEN_TEXT): ViewerTicket {
  return viewerTicketOf({ ...plainAccess, ...access }, new Token(tokenText));
}

/** Where the tests' token leads. */
export const connectInfo: ConnectInfo = {
  tokenDigest: new Token(TOKEN_TEXT).digest,
  consoleType: "novnc",
  host: "192.0.2.7",
  port: 5900,
  internalAccessPath: null,
  instanceUuid: "11111111-2222-3333-4444-555555555555",
  expires: 1_800_000_000,
  accessUrlBase: null,
};
