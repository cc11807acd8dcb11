import { Token } from "@nova-console/token";
import { cookieValue } from "./cookie.ts";
import { lastValue } from "./query.ts";
import { parseRequestTarget } from "./request-target.ts";

/**
 * Finds the token that an upgrade request presents:
 *
 * ```
 * GET /?token=TOKEN                          what noVNC opens
 * GET /?path=%3Ftoken%3DTOKEN                the page's own URL, opened as it is
 * Cookie: token=TOKEN                        noVNC before 1.1
 * ```
 *
 * The first of them that is there and not empty counts, and of several values the last. The path is
 * not looked at.
 *
 * @param target - the request target, as in the request line
 * @param cookieHeader - undefined if there is none
 */
export function presentedToken(target: string, cookieHeader: string | undefined): Token | null {
  const { query } = parseRequestTarget(target);
  const text =
    lastValue(query, "token") ??
    tokenInPath(lastValue(query, "path")) ??
    cookieValue(cookieHeader ?? "", "token") ??
    "";
  return text === "" ? null : new Token(text);
}

function tokenInPath(path: string | undefined): string | undefined {
  return path === undefined ? undefined : lastValue(parseRequestTarget(path).query, "token");
}
