import type { ViewerSecurity } from "@nova-console/rfb";
import type { Token } from "@nova-console/token";
import { type ViewerAccess, viewerTicketOf, vncviewerCommand } from "@nova-console/viewer-files";

/** How a console opens in a desktop viewer, for its owner: secrets are in it. */
export interface ViewerJson {
  /** For viewers that know VncAuth only; absent where that is not offered. */
  readonly viewer_password?: string;
  /** Null if `[vnc] xvpvncproxy_base_url` has no address that viewers could go to. */
  readonly viewer: {
    readonly host: string;
    readonly port: number;
    /** What the port offers, in the operator's order. */
    readonly security: readonly ViewerSecurity[];
    /** For a POSIX shell; null if TigerVNC speaks nothing of what is offered. */
    readonly command: string | null;
  } | null;
}

/** Writes down how a console opens in a desktop viewer. The result contains the token. */
export function viewerJson(access: ViewerAccess | null, token: Token): ViewerJson {
  if (access === null) return { viewer: null };
  const ticket = viewerTicketOf(access, token);
  const { address, security } = access;
  return {
    ...(ticket.viewerPassword === null ? {} : { viewer_password: ticket.viewerPassword }),
    viewer: { ...address, security, command: vncviewerCommand(ticket) },
  };
}
