/** The parts of an HTTP request target that the proxy looks at, still escaped. */
export interface RequestTarget {
  /** From the first `/` on; empty if there is none. */
  readonly path: string;
  /** What follows the first `?`, without it; empty if there is none. */
  readonly query: string;
}

const SCHEME_AND_AUTHORITY = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?]*/;

/**
 * Parses a request target in origin form or in absolute form (whose authority is not looked at: Host
 * counts). A fragment is cut off.
 *
 * @see RFC 9112 §3.2
 */
export function parseRequestTarget(target: string): RequestTarget {
  const hash = target.indexOf("#");
  const whole = (hash === -1 ? target : target.slice(0, hash)).replace(SCHEME_AND_AUTHORITY, "");
  const mark = whole.indexOf("?");
  return mark === -1
    ? { path: whole, query: "" }
    : { path: whole.slice(0, mark), query: whole.slice(mark + 1) };
}
