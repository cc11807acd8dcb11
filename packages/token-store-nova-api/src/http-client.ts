import * as http from "node:http";
import * as https from "node:https";
import { lookupWithin } from "@nova-console/name-lookup";
import { TokenStoreError } from "@nova-console/token";
import { describeNetworkError } from "./network-error.ts";

/** Connections to one server at a time; more requests wait for one of them, within their time. */
const MAX_SOCKETS = 32;
/** Connections that are kept while nothing is asked. */
const MAX_IDLE_SOCKETS = 8;

/** TLS towards every server, contents of files. */
export interface TlsMaterial {
  readonly ca: Buffer | undefined;
  readonly cert: Buffer | undefined;
  readonly key: Buffer | undefined;
  readonly rejectUnauthorized: boolean;
}

/** A request to {@link HttpClient}. */
export interface HttpRequest {
  /** Who is asked, for errors; the URL is in none, since a token may be in it. */
  readonly peer: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON to POST; without it, GET. */
  readonly body?: string;
  /** A longer answer is refused. */
  readonly maxBytes: number;
}

/** An answer, whole. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
}

/**
 * HTTP over connections that are kept: one time limit and one size limit for each answer, and no
 * redirect followed, which could take a token elsewhere.
 */
export class HttpClient {
  readonly #plain: http.Agent;
  readonly #secure: https.Agent;
  readonly #timeoutMs: number;
  readonly #group: string;

  /** @param group - of nova.conf, that names the authorities */
  constructor(tls: TlsMaterial, timeoutMs: number, group: string) {
    const kept = {
      keepAlive: true,
      maxSockets: MAX_SOCKETS,
      maxFreeSockets: MAX_IDLE_SOCKETS,
      lookup: lookupWithin(timeoutMs),
    };
    this.#plain = new http.Agent(kept);
    this.#secure = new https.Agent({ ...kept, ...tls });
    this.#timeoutMs = timeoutMs;
    this.#group = group;
  }

  /** @throws {@link TokenStoreError} if there is no answer that can be read; any status but a redirect is one */
  async request(request: HttpRequest): Promise<HttpAnswer> {
    const attempt = await this.#attempt(request);
    // The server closed a kept connection just when it was used: that says nothing about the server.
    const outcome = attempt === "stale" ? await this.#attempt(request) : attempt;
    if (outcome === "stale") throw failure(request.peer, "closes each connection");
    if (outcome.status >= 300 && outcome.status < 400) {
      throw failure(
        request.peer,
        `answers with a redirect (${outcome.status}), which is not followed: set the address that it leads to`,
      );
    }
    return outcome;
  }

  /** Ends its connections, and what is asked over them. */
  close(): void {
    this.#plain.destroy();
    this.#secure.destroy();
  }

  #attempt(request: HttpRequest): Promise<HttpAnswer | "stale"> {
    const { peer, url, body, maxBytes } = request;
    const [send, agent] =
      url.protocol === "https:" ? [https.request, this.#secure] : [http.request, this.#plain];
    return new Promise((resolve, reject) => {
      const outgoing = send(url, {
        agent,
        method: body === undefined ? "GET" : "POST",
        headers: {
          accept: "application/json",
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...request.headers,
        },
      });
      const end = (why: string): void => {
        reject(failure(peer, why));
        outgoing.destroy();
      };
      const deadline = setTimeout(() => {
        end(`does not answer within ${this.#timeoutMs} ms, [console_proxy] connect_timeout`);
      }, this.#timeoutMs);
      let isAnswered = false;
      outgoing.on("close", () => {
        clearTimeout(deadline);
        // Of a 101 nothing else is told.
        if (!isAnswered) reject(failure(peer, "closes the connection without an answer"));
      });
      outgoing.on("error", (error) => {
        if (outgoing.reusedSocket && isReset(error)) resolve("stale");
        else reject(failure(peer, describeNetworkError(error, this.#group), error));
      });
      outgoing.on("response", (incoming) => {
        isAnswered = true;
        const parts: Buffer[] = [];
        let bytes = 0;
        incoming.on("data", (part: Buffer) => {
          bytes += part.length;
          if (bytes > maxBytes) end(`answers with more than ${maxBytes} bytes`);
          else parts.push(part);
        });
        incoming.on("error", (error) => {
          reject(failure(peer, "breaks off its answer", error));
        });
        incoming.on("end", () => {
          const text = Buffer.concat(parts).toString();
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text });
        });
      });
      outgoing.end(body);
    });
  }
}

function isReset(error: NodeJS.ErrnoException): boolean {
  return error.code === "ECONNRESET" || error.code === "EPIPE";
}

function failure(peer: string, why: string, cause?: Error): TokenStoreError {
  return new TokenStoreError(`${peer} ${why}`, cause === undefined ? {} : { cause });
}
