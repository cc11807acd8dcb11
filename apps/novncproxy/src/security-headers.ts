import { parseHost } from "./host-name.ts";

/** Whose page it is: ours, whose needs are known, or one of the operator's choice (`--web`). */
export type PageOwner = "ours" | "operator";

/**
 * The headers that keep a page with a token in its URL to itself.
 *
 * Referrer-Policy keeps the token out of other sites' logs. Framing by other sites stays allowed, as
 * dashboards show the console in an iframe, from a host of their own. Only our own page gets a strict
 * Content-Security-Policy: noVNC's pages of other versions have scripts in their HTML.
 *
 * @param host - the Host header: browsers that do not count `ws:` to `'self'` need it named
 */
export function securityHeaders(
  owner: PageOwner,
  host: string | undefined,
): Readonly<Record<string, string>> {
  return {
    "Content-Security-Policy": owner === "ours" ? ownPolicy(host) : OPERATORS_POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
  };
}

const OPERATORS_POLICY = "object-src 'none'; base-uri 'self'";

function ownPolicy(host: string | undefined): string {
  const sockets =
    host === undefined || parseHost(host) === null ? "" : ` ws://${host} wss://${host}`;
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "media-src 'self'",
    "manifest-src 'self'",
    `connect-src 'self'${sockets}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors http: https:",
  ].join("; ");
}
