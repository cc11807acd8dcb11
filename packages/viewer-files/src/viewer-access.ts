import type { ViewerSecurity } from "@nova-console/rfb";
import { deriveViewerPassword, type Token } from "@nova-console/token";
import { safestStockSecurity, type StockSecurity } from "./viewer-security.ts";
import type { ViewerAddress } from "./viewer-address.ts";

/** What a viewer of any console has to know: the same for all tokens. */
export interface ViewerAccess {
  readonly address: ViewerAddress;
  /** As `effectiveViewerSecurity` says. */
  readonly security: readonly ViewerSecurity[];
  /** What passwords for VncAuth are derived with; null where there are none to be had. */
  readonly passwordSecret: Buffer | null;
}

/** What one console's viewer has to know. It holds secrets: for the token's owner only. */
export interface ViewerTicket {
  readonly address: ViewerAddress;
  /** The one way to show the password; null if nothing that stock viewers speak is offered. */
  readonly security: StockSecurity | null;
  readonly username: string;
  /** What goes with `security`: the token, or the 8 characters. Null if there is none. */
  readonly password: string | null;
  /** The 8 characters for viewers that know VncAuth only; null if that is not offered. */
  readonly viewerPassword: string | null;
}

/** The user name is free; this one tells the log that the viewer used what it was given. */
const USER_NAME = "console";

/** Says how the owner of a token opens its console in a stock viewer. */
export function viewerTicketOf(access: ViewerAccess, token: Token): ViewerTicket {
  const security = safestStockSecurity(access.security);
  const secret = access.security.includes("VncAuth") ? access.passwordSecret : null;
  const viewerPassword = secret === null ? null : deriveViewerPassword(secret, token.digest);
  const tokenText = security === null ? null : token.reveal();
  return {
    address: access.address,
    security,
    username: USER_NAME,
    password: security === "VncAuth" ? viewerPassword : tokenText,
    viewerPassword,
  };
}
