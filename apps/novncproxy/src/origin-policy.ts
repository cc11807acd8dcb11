import { OriginRefusedError } from "@nova-console/session";
import type { ConnectInfo } from "@nova-console/token";
import { parseAllowedOrigin, parseHost, parseOrigin } from "./host-name.ts";

/** What an upgrade request says of where it comes from: the values of each header, in order. */
export interface OriginHeaders {
  readonly host: readonly string[];
  readonly origin: readonly string[];
  readonly xForwardedProto: readonly string[];
}

/**
 * Picks the headers that count, each with all its values: Node's own views of a request drop or join
 * what came twice, or take apart every header for the sake of three.
 *
 * @param rawHeaders - names and values in turn, as in `IncomingMessage.rawHeaders`
 */
export function originHeadersOf(rawHeaders: readonly string[]): OriginHeaders {
  const values = (wanted: string): string[] =>
    rawHeaders.filter(
      (_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === wanted,
    );
  return {
    host: values("host"),
    origin: values("origin"),
    xForwardedProto: values("x-forwarded-proto"),
  };
}

/** A WebSocket's scheme names the same channel as the HTTP scheme that it is opened by. */
const CHANNELS: Readonly<Record<string, string>> = { ws: "http", wss: "https" };

/**
 * Decides whose pages may open a console: those of the host that was asked, and those of
 * `[console] allowed_origins`. Only host names are compared, not ports.
 *
 * A request without Origin is from no browser, and passes.
 *
 * @see nova/console/websocketproxy.py; OSSA-2015-005
 */
export class OriginPolicy {
  readonly #allowed: ReadonlySet<string>;

  /** @param allowedOrigins - of the configuration; not changed, however many hosts are asked for */
  constructor(allowedOrigins: readonly string[]) {
    this.#allowed = new Set(allowedOrigins.map(parseAllowedOrigin));
  }

  /**
   * @param info - what the token leads to, whose scheme must match; null to leave that out
   * @throws {@link OriginRefusedError} if the page may not
   */
  check(headers: OriginHeaders, info: ConnectInfo | null): void {
    const host = only(headers.host, "Host");
    const asked = host === null ? null : parseHost(host);
    if (asked === null) throw new OriginRefusedError("the Host header names no host");
    const text = only(headers.origin, "Origin");
    if (text === null) return;
    const origin = parseOrigin(text);
    if (origin === null) throw new OriginRefusedError("the Origin header names no host");
    if (origin.host !== asked && !this.#allowed.has(origin.host)) {
      throw new OriginRefusedError(
        `Origin ${shown(origin.host)} is neither Host ${shown(asked)} nor in [console] allowed_origins`,
      );
    }
    if (info !== null) checkScheme(forwardedScheme(headers) ?? origin.scheme, info.accessUrlBase);
  }
}

/** A UUID, or as many hex digits: no host's name, but what a token looks like. */
const TOKEN_SHAPE = /[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}/gi;

/** For the log: a token may stand where a host should. */
function shown(host: string): string {
  return host.replace(TOKEN_SHAPE, "***");
}

function only(values: readonly string[], header: string): string | null {
  if (values.length > 1)
    throw new OriginRefusedError(`there are ${values.length} ${header} headers`);
  return values[0] ?? null;
}

/**
 * Takes the browser's scheme from X-Forwarded-Proto: the leftmost value, as each load balancer appends its own.
 * Traefik writes `wss`, others `HTTPS`.
 *
 * @returns null without that header
 */
function forwardedScheme({ xForwardedProto }: OriginHeaders): string | null {
  return xForwardedProto[0]?.split(",", 1)[0]?.trim().toLowerCase() ?? null;
}

/** @param scheme - in lower case */
function checkScheme(scheme: string, accessUrlBase: string | null): void {
  const expected = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(accessUrlBase ?? "")?.[1]?.toLowerCase();
  if (expected === undefined) {
    throw new OriginRefusedError("the token has no access URL to compare the page's scheme with");
  }
  if (channelOf(scheme) !== channelOf(expected)) {
    throw new OriginRefusedError(`the page's scheme is not ${expected}, the access URL's`);
  }
}

function channelOf(scheme: string): string {
  return Object.hasOwn(CHANNELS, scheme) ? (CHANNELS[scheme] ?? scheme) : scheme;
}
