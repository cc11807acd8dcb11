import { IncomingMessage, type IncomingHttpHeaders } from "node:http";

/** Longest request line, longest header line, most header lines: nova's (Python's http.server). */
const MAX_LINE_BYTES = 65_536;
const MAX_HEADERS = 99;

/** What Node may hold of a request head: above every limit that has a status of its own. */
export const MAX_HEAD_BYTES = 2 * MAX_LINE_BYTES;

/**
 * A request as nova's server looks at it: what makes an upgrade is the Upgrade header alone, and only
 * `websocket`. Node asks for `Connection: upgrade` as well, which reverse proxies may have dropped.
 */
export class ConsoleRequest extends IncomingMessage {
  /** Node's HTTP parser asks this to know whether HTTP ends with this head. */
  get upgrade(): boolean {
    return this.method === "CONNECT" || (this.method === "GET" && isWebSocket(this.headers));
  }

  set upgrade(_: boolean) {
    // Node's own idea of it, which is not ours.
  }
}

function isWebSocket(headers: IncomingHttpHeaders): boolean {
  return headers.upgrade?.toLowerCase() === "websocket";
}

/** A request that is answered with an error, whatever it asks for. */
export interface RequestProblem {
  readonly status: number;
  readonly message: string;
}

/** Checks the bounds of a request head. @returns null if it is within them */
export function headProblem(request: IncomingMessage): RequestProblem | null {
  const { httpVersionMajor, httpVersion } = request;
  if (httpVersionMajor === 0) return { status: 400, message: "Bad request syntax" };
  if (httpVersionMajor > 1)
    return { status: 505, message: `Invalid HTTP version (${httpVersion})` };
  if ((request.url ?? "").length > MAX_LINE_BYTES) return { status: 414, message: "URI Too Long" };
  const { rawHeaders } = request;
  if (rawHeaders.length > 2 * MAX_HEADERS) return { status: 431, message: "Too many headers" };
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const [name = "", value = ""] = rawHeaders.slice(index, index + 2);
    if (name.length + value.length > MAX_LINE_BYTES)
      return { status: 431, message: "Line too long" };
  }
  return null;
}

/** Errors of Node's HTTP parser, in nova's words. Whatever is not here is a 400. */
const PARSER_PROBLEMS: Readonly<Record<string, RequestProblem>> = {
  HPE_HEADER_OVERFLOW: { status: 431, message: "Line too long" },
  HPE_INVALID_VERSION: { status: 400, message: "Bad request version" },
};

/** What to answer when the request head could not be parsed. */
export function parserProblem(error: Error): RequestProblem {
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  const packet = "rawPacket" in error && Buffer.isBuffer(error.rawPacket) ? error.rawPacket : null;
  const method = /^([A-Za-z]{1,20}) /.exec(packet?.toString("latin1", 0, 21) ?? "")?.[1];
  if (code === "HPE_INVALID_METHOD" && method !== undefined) return unsupportedMethod(method);
  return PARSER_PROBLEMS[code] ?? { status: 400, message: "Bad request syntax" };
}

/** What nova answers to everything but GET and HEAD. */
export function unsupportedMethod(method: string): RequestProblem {
  return { status: 501, message: `Unsupported method ('${method}')` };
}
