/** The reply that RFB follows: viewers look for `HTTP/1.1 200 ` and the empty line. */
export const ESTABLISHED = Buffer.from("HTTP/1.1 200 OK\r\n\r\n", "latin1");

/** 400 and 401 in nova's words. */
const PHRASES: ReadonlyMap<number, string> = new Map([
  [400, "Invalid Request"],
  [401, "Not Authorized"],
  [403, "Forbidden"],
  [408, "Request Timeout"],
  [413, "Content Too Large"],
  [431, "Request Header Fields Too Large"],
  [500, "Internal Server Error"],
  [503, "Service Unavailable"],
]);

/**
 * A reply after which the connection is closed.
 *
 * @param status - one that this program gives, see above
 * @see nova/vnc/xvp_proxy.py: 400 and 401 as there, text and type included
 */
export function encodeRefusal(status: number): Buffer {
  const phrase = PHRASES.get(status) ?? "Refused";
  return Buffer.from(
    [
      `HTTP/1.1 ${status} ${phrase}`,
      "Content-Type: text/html",
      `Content-Length: ${phrase.length}`,
      "Connection: close",
      "",
      phrase,
    ].join("\r\n"),
    "latin1",
  );
}
