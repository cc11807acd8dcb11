import type { LogLevel } from "../core/util/logging.js";

/** How the instance's screen is fitted to the window, by noVNC's names for `resize=`. */
export type ScreenFit = "off" | "scale" | "remote";

/** When a console that ended is opened again without being asked to. */
export type ReconnectRule = "after-failure" | "always" | "never";

/** What the page's own URL asks for. */
export interface PageOptions {
  /** Where the WebSocket is, as noVNC's `path`; null if it was not given. */
  readonly path: string | null;
  /** Console token given beside the path, as pages before noVNC 1.1 had it. */
  readonly token: string | null;
  readonly host: string | null;
  /** Decimal digits; null for the page's own. */
  readonly port: string | null;
  readonly encrypt: boolean;
  readonly autoconnect: boolean;
  readonly reconnect: ReconnectRule;
  /** First pause before a reconnection; null for the page's own choice. */
  readonly reconnectDelayMs: number | null;
  readonly resize: ScreenFit;
  readonly viewOnly: boolean;
  /** What the dashboard calls the instance. */
  readonly title: string | null;
  readonly shared: boolean;
  readonly showDot: boolean;
  /** JPEG quality, 0 to 9; null for noVNC's default. */
  readonly quality: number | null;
  /** Compression level, 0 to 9; null for noVNC's default. */
  readonly compression: number | null;
  readonly logging: LogLevel;
  readonly username: string | null;
  readonly password: string | null;
}

const NO_WORDS = new Set(["0", "no", "off", "false"]);
const SCREEN_FITS: readonly ScreenFit[] = ["off", "scale", "remote"];
const LOG_LEVELS: readonly LogLevel[] = ["none", "error", "warn", "info", "debug"];

/**
 * Parses what noVNC's own pages accept in their URL. A value that is not understood counts as
 * not given: the page must open whatever a dashboard of another age adds to its link.
 *
 * @param query - `location.search`, with or without its `?`
 * @param fragment - `location.hash`, with or without its `#`; it wins over the query, because a
 *   browser keeps it from the server's log
 */
export function parsePageOptions(query: string, fragment: string): PageOptions {
  const given = new Map([
    ...parsePairs(query.replace(/^\?/, "")),
    ...parsePairs(fragment.replace(/^#/, "")),
  ]);
  const text = (name: string): string | null => given.get(name) || null;
  const flag = (name: string, ifAbsent: boolean): boolean => {
    const value = given.get(name);
    return value === undefined ? ifAbsent : !NO_WORDS.has(value.toLowerCase());
  };

  return {
    path: text("path"),
    token: text("token"),
    host: text("host"),
    port: parsePort(text("port")),
    encrypt: flag("encrypt", false),
    autoconnect: flag("autoconnect", true),
    reconnect: !given.has("reconnect")
      ? "after-failure"
      : flag("reconnect", true)
        ? "always"
        : "never",
    reconnectDelayMs: parseWhole(text("reconnect_delay"), 0, 3_600_000),
    // `scale` is vnc_lite.html's older name for resize=scale.
    resize: oneOf(SCREEN_FITS, text("resize")) ?? (flag("scale", true) ? "scale" : "off"),
    viewOnly: flag("view_only", false),
    title: text("title"),
    shared: flag("shared", true),
    showDot: flag("show_dot", false),
    quality: parseWhole(text("quality"), 0, 9),
    compression: parseWhole(text("compression"), 0, 9),
    logging: oneOf(LOG_LEVELS, text("logging")) ?? "warn",
    username: text("username"),
    password: text("password"),
  };
}

/** The last value of a name counts, and `+` is itself: both as in noVNC. */
function parsePairs(text: string): Map<string, string> {
  const pairs = new Map<string, string>();
  for (const pair of text.split("&")) {
    const equals = pair.indexOf("=");
    if (equals > 0) pairs.set(decode(pair.slice(0, equals)), decode(pair.slice(equals + 1)));
  }
  return pairs;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A lone "%" is not worth a page that does not open.
    return text;
  }
}

function parsePort(text: string | null): string | null {
  const port = parseWhole(text, 1, 65_535);
  return port === null ? null : port.toString();
}

function parseWhole(text: string | null, least: number, most: number): number | null {
  if (text === null || !/^\d{1,9}$/.test(text)) return null;
  const value = Number(text);
  return value < least || value > most ? null : value;
}

function oneOf<Value extends string>(
  values: readonly Value[],
  text: string | null,
): Value | undefined {
  return values.find((value) => value === text);
}
