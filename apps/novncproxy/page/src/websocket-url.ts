import type { PageOptions } from "./page-options.ts";

/** The console's address, or why this page does not go there. */
export type WebSocketAddress =
  | { readonly url: string; readonly refusal: null }
  | { readonly url: null; readonly refusal: string };

/** Where noVNC looks if no path is given. */
const DEFAULT_PATH = "websockify";

/**
 * Finds the WebSocket that the page's options mean.
 *
 * ```
 * path=?token=T             ->  <the page's folder>/?token=T
 * path=websockify?token=T   ->  <the page's folder>/websockify?token=T
 * path=/a?token=T           ->  /a?token=T
 * token=T                   ->  <the page's folder>/?token=T
 * port=6080&path=?token=T   ->  /?token=T on that port
 * ```
 *
 * The page connects to its own host only: a link of somebody else's making must not show a
 * screen of theirs under the console's name. Another port of that host is allowed, because
 * noVNC may be served by one process and the proxy be another.
 *
 * @param page - the page's own address, `location.href`
 */
export function findWebSocket(options: PageOptions, page: string): WebSocketAddress {
  const base = new URL(page);
  if (options.host !== null && !isSameHost(options.host, base)) {
    return { url: null, refusal: `This page opens consoles of ${base.hostname} only.` };
  }

  // With a host or a port the path starts at that server's root; alone, beside the page, so
  // that a reverse proxy may put all of it under a prefix.
  const isElsewhere = options.host !== null || options.port !== null;
  const folder = isElsewhere ? "/" : base.pathname.replace(/[^/]*$/, "");
  const { pathname, query } = splitPath(options);

  const url = new URL(base.origin);
  url.protocol = base.protocol === "https:" || options.encrypt ? "wss:" : "ws:";
  if (options.port !== null) url.port = options.port;
  url.pathname = pathname.startsWith("/") ? pathname.replace(/^\/+/, "/") : folder + pathname;
  url.search = query;
  return { url: url.href, refusal: null };
}

function isSameHost(host: string, base: URL): boolean {
  try {
    const given = new URL(`${base.protocol}//${host.includes("::") ? bracketed(host) : host}`);
    return given.hostname === base.hostname && given.pathname === "/" && given.port === "";
  } catch {
    return false;
  }
}

function bracketed(host: string): string {
  return host.startsWith("[") ? host : `[${host}]`;
}

function splitPath(options: PageOptions): { pathname: string; query: string } {
  const path = options.path ?? (options.token === null ? DEFAULT_PATH : "");
  // A fragment has no meaning in a WebSocket's address (RFC 6455 §3).
  const [beforeFragment = ""] = path.split("#", 1);
  const mark = beforeFragment.indexOf("?");
  const pathname = mark === -1 ? beforeFragment : beforeFragment.slice(0, mark);
  const query = mark === -1 ? "" : beforeFragment.slice(mark + 1);
  if (options.token === null || new URLSearchParams(query).has("token")) return { pathname, query };
  const token = `token=${encodeURIComponent(options.token)}`;
  return { pathname, query: query === "" ? token : `${query}&${token}` };
}
