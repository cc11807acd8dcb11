import { isIP } from "node:net";
import type { ConnectInfo } from "./connect-info.ts";
import { InvalidConsoleRequestError } from "./errors.ts";
import type { Token } from "./token.ts";

/** The console types that a token can be asked for here, in nova's words. */
export const consoleTypes = ["novnc", "xvpvnc"] as const;

/** One of {@link consoleTypes}. */
export type ConsoleType = (typeof consoleTypes)[number];

/** What nova mints tokens for: other proxies ask the same store for theirs. @see nova/compute/manager.py */
const storedTypes: readonly string[] = [
  ...consoleTypes,
  "spice-html5",
  "rdp-html5",
  "serial",
  "webmks",
];

/** What a token is asked for: an instance's screen, and where it is. */
export interface ConsoleRequest {
  /** `novnc` or `xvpvnc`, or what nova mints for its other proxies (`spice-html5`, `serial`, ...). */
  readonly consoleType: string;
  /** Host name or IP address (no brackets) of the VNC server, or `unix:/path`. */
  readonly host: string;
  /** 1-65535; 0 for `unix:/path`. */
  readonly port: number;
  /** What `CONNECT <path>` asks the hypervisor's own proxy for, where it has one. */
  readonly internalAccessPath: string | null;
  readonly instanceUuid: string;
  /** The URL of the proxy that the token will be shown to. */
  readonly accessUrlBase: string;
  /** How long the token opens the console, in whole seconds. */
  readonly ttlSeconds: number;
  /** The token, where whoever asks has made one, as nova-compute does up to Queens; kept by its hash. */
  readonly token?: Token;
}

/** A token just minted: the only time that its text exists on this side. */
export interface AuthorizedConsole {
  readonly token: Token;
  readonly info: ConnectInfo;
  /** What the user opens; it contains the token, so never log it. */
  readonly url: string;
}

/** Width of the schema's text columns, in characters. */
const MAX_TEXT = 255;
const MAX_PORT = 65_535;
/** Width of the schema's `expires int(11)`. */
const MAX_TTL_SECONDS = 2_147_483_647;
/** `sun_path` of sockaddr_un, less its final NUL. @see unix(7) */
const MAX_SOCKET_PATH_BYTES = 107;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i;
/** `1234`, `0x7f`: what the C library's inet_aton reads as part of an address. */
const NUMBER = /^(?:\d+|0x[0-9a-f]*)$/i;
/** Visible ASCII: no space and no line end, which would add words or headers to a CONNECT line. */
const VISIBLE_ASCII = /^[\x21-\x7e]+$/;
const LONE_SURROGATE = /\p{Surrogate}/u;
const UNIX_PREFIX = "unix:";

/**
 * Checks a whole request.
 *
 * @returns the request as it is stored: the UUID in lower case
 * @throws {@link InvalidConsoleRequestError} for the first field that is not allowed
 */
export function validateConsoleRequest(request: ConsoleRequest): ConsoleRequest {
  validateEndpoint(request.host, request.port);
  validateTtl(request.ttlSeconds);
  validateAccessPath(request.internalAccessPath);
  validateAccessUrlBase(request.accessUrlBase);
  validateToken(request.token);
  if (!storedTypes.includes(request.consoleType)) {
    throw new InvalidConsoleRequestError(
      "console_type",
      request.consoleType,
      `one of ${storedTypes.join(", ")}`,
    );
  }
  return {
    ...request,
    instanceUuid: validateInstanceUuid(request.instanceUuid),
  };
}

/**
 * Checks the name of a console type that our proxies open.
 *
 * @throws {@link InvalidConsoleRequestError} if it is another
 */
export function validateConsoleType(text: string): ConsoleType {
  const type = consoleTypes.find((known) => known === text);
  if (type === undefined) {
    throw new InvalidConsoleRequestError("console_type", text, consoleTypes.join(" or "));
  }
  return type;
}

/**
 * Checks an instance's UUID.
 *
 * @returns it in lower case, as nova writes it
 * @throws {@link InvalidConsoleRequestError} if it is not 8-4-4-4-12 hex digits
 */
export function validateInstanceUuid(text: string): string {
  if (!UUID.test(text)) {
    throw new InvalidConsoleRequestError(
      "instance_uuid",
      text,
      "a UUID such as 11111111-2222-3333-4444-555555555555",
    );
  }
  return text.toLowerCase();
}

/**
 * Checks where a token is to lead.
 *
 * @throws {@link InvalidConsoleRequestError} if `host` is no name, address or `unix:/path`, or
 *   `port` does not go with it
 */
export function validateEndpoint(host: string, port: number): void {
  if (host.startsWith(UNIX_PREFIX)) {
    validateSocketPath(host);
    if (port !== 0) {
      throw new InvalidConsoleRequestError("port", port, "0 with a unix: host, which has no port");
    }
    return;
  }
  if (!isHost(host)) {
    throw new InvalidConsoleRequestError(
      "host",
      host,
      `a host name, an IPv4 address, an IPv6 address without brackets (at most ${MAX_TEXT} characters) or unix:/path`,
    );
  }
  if (!Number.isInteger(port) || port < 1 || port > MAX_PORT) {
    throw new InvalidConsoleRequestError("port", port, `a whole number from 1 to ${MAX_PORT}`);
  }
}

function isHost(text: string): boolean {
  if (text.length > MAX_TEXT) return false;
  if (isIP(text) !== 0) return true;
  const labels = (text.endsWith(".") ? text.slice(0, -1) : text).split(".");
  // Resolvers read a name whose last label is a number as an address: "1234" as 0.0.4.210.
  return labels.every((label) => LABEL.test(label)) && !NUMBER.test(labels.at(-1) ?? "");
}

function validateSocketPath(host: string): void {
  const path = host.slice(UNIX_PREFIX.length);
  // eslint-disable-next-line no-control-regex -- a control character in a path is the thing refused
  const isPlain = path.startsWith("/") && !/[\x00-\x1f\x7f]/.test(path);
  if (!isPlain || Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES) {
    throw new InvalidConsoleRequestError(
      "host",
      host,
      `unix: and an absolute path of at most ${MAX_SOCKET_PATH_BYTES} bytes`,
    );
  }
}

function validateTtl(ttlSeconds: number): void {
  if (!Number.isInteger(ttlSeconds) || ttlSeconds < 1 || ttlSeconds > MAX_TTL_SECONDS) {
    throw new InvalidConsoleRequestError(
      "ttl",
      ttlSeconds,
      `a whole number of seconds from 1 to ${MAX_TTL_SECONDS}`,
    );
  }
}

function validateAccessPath(path: string | null): void {
  if (path === null) return;
  // "host:port" and URLs are other servers to a general HTTP proxy.
  const isElsewhere = !path.startsWith("/") && path.includes(":");
  if (path.length > MAX_TEXT || !VISIBLE_ASCII.test(path) || isElsewhere) {
    throw new InvalidConsoleRequestError(
      "internal_access_path",
      path,
      `absent, or 1 to ${MAX_TEXT} visible ASCII characters without a space, that name no other server`,
    );
  }
}

/** A text that UTF-8 cannot express has no access URL, and another one may have its digest. */
function validateToken(token: Token | undefined): void {
  if (token === undefined || !LONE_SURROGATE.test(token.reveal())) return;
  throw new InvalidConsoleRequestError("token", token.toString(), "a text without lone surrogates");
}

function validateAccessUrlBase(base: string): void {
  const scheme = URL.canParse(base) ? new URL(base).protocol : "";
  // A serial console's URL is that of the WebSocket itself.
  const isWeb = ["http:", "https:", "ws:", "wss:"].includes(scheme);
  if (!isWeb || base.length > MAX_TEXT || !VISIBLE_ASCII.test(base)) {
    throw new InvalidConsoleRequestError(
      "access_url_base",
      base,
      `an http:// or https:// URL of at most ${MAX_TEXT} characters`,
    );
  }
}
