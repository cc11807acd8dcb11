/** The reply that RFB follows: viewers look for `HTTP/1.1 200 ` and the empty line. */
export const ESTABLISHED = Buffer.from("HTTP/1.1 200 OK\r\n\r\n", "latin1");

/** 400 and 401 in nova's words. */
const PHRASES: ReadonlyMap<number, string> = new Map([
  [200, "OK"],
  [400, "Invalid Request"],
  [401, "Not Authorized"],
  [403, "Forbidden"],
  [408, "Request Timeout"],
  [413, "Content Too Large"],
  [429, "Too Many Requests"],
  [431, "Request Header Fields Too Large"],
  [500, "Internal Server Error"],
  [503, "Service Unavailable"],
]);

/**
 * A reply after which the connection is closed.
 *
 * @param status - one that this program gives, see above
 * @param headers - more of them
 * @see nova/vnc/xvp_proxy.py: 400 and 401 as there, text and type included
 */
export function encodeRefusal(
  status: number,
  headers: Readonly<Record<string, string>> = {},
): Buffer {
  const phrase = phraseOf(status);
  const own = { "Content-Type": "text/html", "Content-Length": String(phrase.length) };
  return encodeAnswer(status, { ...own, ...headers }, phrase);
}

/** As {@link encodeRefusal}, with a body of its own; `Content-Length` has to be in `headers`. */
export function encodeAnswer(
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string,
): Buffer {
  const head = [
    `HTTP/1.1 ${status} ${phraseOf(status)}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    "Connection: close",
    "\r\n",
  ];
  return Buffer.concat([Buffer.from(head.join("\r\n"), "latin1"), Buffer.from(body, "utf8")]);
}

function phraseOf(status: number): string {
  return PHRASES.get(status) ?? "Refused";
}
