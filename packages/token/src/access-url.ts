import type { Token } from "./token.ts";

/**
 * Builds the URL that opens a console.
 *
 * `novnc` carries the token inside `path`, the one parameter that noVNC hands on to its websocket;
 * every other type has it as `token`. The base's own query is kept. A `path` that the base already
 * has (a proxy behind a prefix) is extended, because noVNC reads only the first one.
 *
 * ```
 * novnc   http://host:6080/vnc_auto.html?path=%3Ftoken%3D<token>
 * xvpvnc  http://host:6081/console?token=<token>
 * ```
 *
 * @param baseUrl - `novncproxy_base_url` or `xvpvncproxy_base_url`
 * @returns a text that contains the token: never log it
 * @see nova/objects/console_auth_token.py, `access_url`
 */
export function buildAccessUrl(baseUrl: string, token: Token, consoleType: string): string {
  const [beforeFragment = "", ...fragments] = baseUrl.split("#");
  const fragment = fragments.length > 0 ? `#${fragments.join("#")}` : "";
  const queryStart = beforeFragment.indexOf("?");
  const page = queryStart < 0 ? beforeFragment : beforeFragment.slice(0, queryStart);
  const query = queryStart < 0 ? "" : beforeFragment.slice(queryStart + 1);
  const parameters = query.split("&").filter((parameter) => parameter !== "");

  const secret = encodeURIComponent(token.reveal());
  if (consoleType === "novnc") addPath(parameters, secret);
  else parameters.push(`token=${secret}`);
  return `${page}?${parameters.join("&")}${fragment}`;
}

/** `%3F`, `%26` and `%3D`: the path is one value of the page's query, with a query of its own inside. */
function addPath(parameters: string[], secret: string): void {
  const present = parameters.findIndex((parameter) => parameter.startsWith("path="));
  const path = present < 0 ? "path=" : (parameters[present] ?? "");
  const separator = /\?|%3f/i.test(path) ? "%26" : "%3F";
  const extended = `${path}${separator}token%3D${secret}`;
  if (present < 0) parameters.push(extended);
  else parameters[present] = extended;
}

/**
 * Takes the token out of a URL that opens a console: what may be kept of it.
 *
 * @returns the URL as it was before {@link buildAccessUrl}, or less of it if the token is elsewhere in it
 */
export function accessUrlBaseOf(accessUrl: string, token: Token): string {
  const [beforeFragment = ""] = accessUrl.split("#");
  const [page = "", ...query] = beforeFragment.split("?");
  const parameters = query
    .join("?")
    .split("&")
    .map((parameter) => parameter.replace(/^(path=.*?)(?:%3f|%26|\?)token(?:%3d|=).*$/i, "$1"))
    .filter((parameter) => !/^(?:token=.*|path=|)$/.test(parameter));
  const base = parameters.length === 0 ? page : `${page}?${parameters.join("&")}`;
  if (!base.includes(token.reveal())) return base;
  return URL.canParse(page) ? `${new URL(page).protocol}//${new URL(page).host}/` : "";
}
