const BRACKETED = /^\[([0-9A-Fa-f:.]+)\](?::\d*)?$/;
const PLAIN = /^([A-Za-z0-9._-]+)(?::\d*)?$/;
const ORIGIN = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#]*)/;
const USER_INFO = /^[^\\]*@/;

/**
 * Takes the host name out of a Host header: without port and brackets, in lower case.
 *
 * @returns null if it is no host
 * @see RFC 9110 §7.2
 */
export function parseHost(text: string): string | null {
  return (BRACKETED.exec(text) ?? PLAIN.exec(text))?.[1]?.toLowerCase() ?? null;
}

/** What counts of an Origin header. */
export interface Origin {
  /** In lower case. */
  readonly scheme: string;
  /** In lower case, without port and brackets. */
  readonly host: string;
}

/**
 * Takes scheme and host name out of an Origin header.
 *
 * @returns null if it has not both (`null`, a bare host, an opaque origin)
 * @see RFC 6454 §7
 */
export function parseOrigin(text: string): Origin | null {
  const match = ORIGIN.exec(text);
  const host = parseHost((match?.[2] ?? "").replace(USER_INFO, ""));
  return host === null ? null : { scheme: (match?.[1] ?? "").toLowerCase(), host };
}

/** The host name that an item of `[console] allowed_origins` means: nova's plain name, or an origin. */
export function parseAllowedOrigin(text: string): string {
  const host = parseOrigin(text)?.host ?? parseHost(text);
  // An IPv6 address without brackets is no Host, but what nova compares with.
  return host ?? text.toLowerCase();
}
