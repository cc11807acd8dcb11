import { Token } from "@nova-console/token";

/**
 * Finds the token in a request's target as nova does: the last `token` of the query counts, what has
 * no value does not, `+` is a space, percent escapes are UTF-8.
 *
 * @param target - `/console?token=...`, one character a byte
 * @returns null if there is none
 * @see Python's urllib.parse.parse_qs
 */
export function tokenOfTarget(target: string): Token | null {
  const [address = ""] = target.split("#", 1);
  const mark = address.indexOf("?");
  if (mark === -1) return null;
  // With "&" in front: URLSearchParams would take a "?" at the start for a mark of its own.
  const query = new URLSearchParams(`&${address.slice(mark + 1)}`);
  const text = query
    .getAll("token")
    .filter((value) => value !== "")
    .at(-1);
  return text === undefined ? null : new Token(text);
}
