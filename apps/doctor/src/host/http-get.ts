import { createHash } from "node:crypto";
import { request as requestPlain, type IncomingMessage } from "node:http";
import { request as requestTls } from "node:https";
import { TLSSocket } from "node:tls";
import type { X509Certificate } from "node:crypto";
import { lookupWithin } from "@nova-console/name-lookup";

/** What somebody answered. */
export interface HttpAnswer {
  readonly status: number;
  readonly server: string;
  /** SHA-256 of the first {@link MAX_BODY_BYTES} of the body. */
  readonly bodyDigest: string;
  /** Milliseconds since the epoch, of the Date header; null if there is none. */
  readonly dateMs: number | null;
  /** Where a redirect leads to; null if it is none. */
  readonly location: string | null;
  /** What was shown by TLS; left out of an answer by plain HTTP. */
  readonly tls?: ShownCertificate;
}

/** A certificate, and whether this host's authorities know who made it. */
export interface ShownCertificate {
  readonly certificate: X509Certificate;
  /** OpenSSL's code, such as `UNABLE_TO_VERIFY_LEAF_SIGNATURE`; null if it is known. */
  readonly problem: string | null;
}

const TIME_LIMIT_MS = 5_000;
const MAX_BODY_BYTES = 1024 * 1024;

/**
 * Asks for a page. Certificates are not verified: the check of the certificate says what is wrong with it.
 *
 * @param connectTo - host and port to ask instead of the URL's own
 * @throws whatever keeps the answer away, a time limit included
 */
export function httpGet(
  url: string,
  connectTo: { readonly host: string; readonly port: number } | null = null,
): Promise<HttpAnswer> {
  const { protocol, hostname, port, pathname, search, host } = new URL(url);
  const isTls = protocol === "https:";
  const signal = AbortSignal.timeout(TIME_LIMIT_MS);
  const options = {
    host: connectTo?.host ?? hostname.replace(/^\[|\]$/g, ""),
    port: connectTo?.port ?? (port === "" ? (isTls ? 443 : 80) : Number(port)),
    path: pathname + search,
    headers: { host, "user-agent": "nova-console-doctor" },
    agent: false,
    lookup: lookupWithin(TIME_LIMIT_MS),
    signal,
  } as const;
  return new Promise((resolve, reject) => {
    const request = isTls
      ? requestTls({ ...options, rejectUnauthorized: false })
      : requestPlain(options);
    const fail = (error: Error): void => {
      const late = new Error(`no answer within ${TIME_LIMIT_MS / 1000} s`);
      reject(signal.aborted ? late : inWords(error));
    };
    request.on("error", fail);
    request.on("response", (response) => {
      const tls = shownBy(response);
      const hash = createHash("sha256");
      let bytes = 0;
      const done = (): void => {
        const date = Date.parse(response.headers.date ?? "");
        resolve({
          status: response.statusCode ?? 0,
          server: String(response.headers["server"] ?? ""),
          bodyDigest: hash.digest("hex"),
          dateMs: Number.isNaN(date) ? null : date,
          location: locationOf(response, url),
          ...(tls === null ? {} : { tls }),
        });
        request.destroy();
      };
      response.on("error", fail);
      response.on("data", (chunk: Buffer) => {
        hash.update(chunk.subarray(0, MAX_BODY_BYTES - bytes));
        bytes += chunk.length;
        if (bytes >= MAX_BODY_BYTES) done();
      });
      response.on("end", done);
    });
    request.end();
  });
}

function shownBy({ socket }: IncomingMessage): ShownCertificate | null {
  if (!(socket instanceof TLSSocket)) return null;
  const certificate = socket.getPeerX509Certificate();
  // Node.js has a code here, whatever the types say.
  const problem = socket.authorized ? null : String(socket.authorizationError);
  return certificate === undefined ? null : { certificate, problem };
}

function locationOf({ statusCode = 0, headers }: IncomingMessage, base: string): string | null {
  const { location } = headers;
  if (![301, 302, 303, 307, 308].includes(statusCode) || location === undefined) return null;
  const target = URL.canParse(location, base) ? new URL(location, base) : null;
  return target !== null && /^https?:$/.test(target.protocol) ? target.href : null;
}

/** OpenSSL's and the parser's words tell an operator nothing. */
function inWords(error: Error): Error {
  if (/wrong version number|packet length too long/.test(error.message)) {
    return new Error("what listens there speaks no TLS", { cause: error });
  }
  return error.message.startsWith("Parse Error")
    ? new Error("what listens there speaks no HTTP", { cause: error })
    : error;
}
