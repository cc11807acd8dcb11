import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import {
  createBoundedServer,
  createLoggedThrottle,
  MAX_HEAD_BYTES,
  RepeatedLines,
} from "@nova-console/service";
import { type Throttle, type ThrottleLimits, untilClosed } from "@nova-console/throttle";
import type { ApiSecret } from "./api-secret.ts";
import { ApiProblem, apiProblemFrom } from "./api-problem.ts";
import {
  type ApiAnswer,
  type ApiBody,
  type ApiContext,
  type ApiRoute,
  apiRoutes,
} from "./console-api.ts";

const MAX_CONNECTIONS = 256;
const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";
const REFUSED = "api request refused";

/** Requests with a wrong secret. */
const SECRET_LIMITS: ThrottleLimits = {
  failuresPerNetwork: 10,
  failuresInAll: null,
  delayMs: 1_000,
  // The other connections are for callers whose request is not there yet.
  waitingPerNetwork: MAX_CONNECTIONS / 2,
  waitingInAll: MAX_CONNECTIONS / 2,
};

/** Callers on a unix socket are counted as one. */
const UNIX_SOCKET = "unix socket";

/** The part of a log that the API writes to. */
export interface ApiLog {
  error(message: string, fields?: object): void;
  warn(message: string, fields?: object): void;
  info(message: string, fields?: object): void;
}

/** What {@link createApiServer} needs. */
export interface ApiServerOptions extends ApiContext {
  /** Asked anew for each request, since a reload may change it. */
  readonly secret: () => ApiSecret;
  readonly log: ApiLog;
}

/** What all requests share. */
interface Surroundings extends ApiServerOptions {
  readonly throttle: Throttle;
  readonly lines: RepeatedLines;
}

/**
 * Creates the HTTP server of the API; it does not listen yet.
 *
 * A request is answered by JSON, whatever is wrong with it: `{"error": ..., "allowed": ...}`. Who
 * does not show the secret learns nothing but that. After 10 wrong ones in a minute the requests of
 * that address are answered a second later, so that a right one still is. Paths are never logged: they
 * may hold a token.
 */
export function createApiServer(options: ApiServerOptions): Server {
  const lines = new RepeatedLines(options.log);
  const throttle = createLoggedThrottle({
    ...{ kind: "API secret", limits: SECRET_LIMITS, workers: 1, lines },
    now: () => performance.now(),
  });
  const surroundings = { ...options, lines, throttle };
  const bounds = { mostConnections: MAX_CONNECTIONS };
  const server = createBoundedServer(bounds, (request, response) => {
    void answerRequest(request, response, surroundings);
  });
  server.on("clientError", refuseUnparsed);
  server.on("close", () => {
    throttle.close();
    lines.flush();
  });
  return server;
}

async function answerRequest(
  request: IncomingMessage,
  response: ServerResponse,
  options: Surroundings,
): Promise<void> {
  // A caller that goes away half-way is no reason to stop.
  response.on("error", () => undefined);
  const route = findRoute(request);
  // Names only: a method may be anything that HTTP allows, a path may hold a token.
  const asked = { method: request.method, route: route?.name ?? "(unknown)" };
  // Asked now: a socket that has closed does not know it any more.
  const address = request.socket.remoteAddress ?? UNIX_SOCKET;
  try {
    await requireSecret(request, response, options, address);
    const answer = await answerFrom(request, route, options);
    write(response, answer.status, answer.body);
    options.log.info("api request", { ...asked, status: answer.status, ...answer.logged });
  } catch (error) {
    const problem = apiProblemFrom(error);
    for (const [name, value] of Object.entries(problem.headers)) response.setHeader(name, value);
    const { status, message, allowed } = problem;
    const json = { error: message, ...(allowed === null ? {} : { allowed }) };
    write(response, status, { json });
    if (status >= 500)
      options.log.error("api request failed", { ...asked, status, cause: detail(problem) });
    else if (status === 401 || status === 429) {
      const fields = { ...asked, status, address };
      const reason = String(status);
      options.lines.write({ level: "info", message: REFUSED, address, reason, fields });
    } else options.log.info(REFUSED, { ...asked, status });
  }
}

/** @throws {@link ApiProblem} 401 if the secret is missing or wrong, 429 if it was so too often */
async function requireSecret(
  request: IncomingMessage,
  response: ServerResponse,
  { secret, throttle }: Surroundings,
  address: string,
): Promise<void> {
  const { authorization } = request.headers;
  const delay = throttle.admit(address, untilClosed(response));
  const isDelayed = delay !== null;
  const isAdmitted = !isDelayed || (await delay) === "admitted";
  if (isAdmitted && secret().matches(authorization)) return;
  // A load balancer's check shows none, and is no guess.
  if (isAdmitted && authorization !== undefined) throttle.failed(address);
  const headers = { "www-authenticate": 'Bearer realm="nova-consoleauth"' };
  const allowed = "Authorization: Bearer, and the content of [consoleauth] api_secret_file";
  if (!isDelayed) {
    throw new ApiProblem(401, "the secret is missing or wrong", allowed, { headers });
  }
  const seconds = String(Math.max(1, throttle.retryAfterSeconds(address)));
  throw new ApiProblem(429, "too many wrong secrets from this address", allowed, {
    headers: { ...headers, "retry-after": seconds },
  });
}

async function answerFrom(
  request: IncomingMessage,
  route: ApiRoute | null,
  options: ApiServerOptions,
): Promise<ApiAnswer> {
  if (request.headers.origin !== undefined) {
    throw new ApiProblem(403, "this is not for web pages", "a request without Origin");
  }
  if (route === null) {
    throw new ApiProblem(404, "no such path", apiRoutes.map(({ name }) => name).join(", "));
  }
  const method = route.methods.get(request.method ?? "");
  if (method === undefined) {
    const allow = [...route.methods.keys()].join(", ");
    throw new ApiProblem(405, `no such method of ${route.name}`, allow, { headers: { allow } });
  }
  return method(options, segmentOf(request, route), request);
}

function findRoute(request: IncomingMessage): ApiRoute | null {
  const path = pathOf(request);
  return apiRoutes.find((route) => route.path.test(path)) ?? null;
}

function segmentOf(request: IncomingMessage, route: ApiRoute): string {
  const encoded = route.path.exec(pathOf(request))?.[1] ?? "";
  try {
    return decodeURIComponent(encoded);
  } catch (error) {
    throw new ApiProblem(400, "the path is not well encoded", route.name, { cause: error });
  }
}

function pathOf({ url = "" }: IncomingMessage): string {
  return url.split("?", 1)[0] ?? "";
}

function write(response: ServerResponse, status: number, answer: ApiBody): void {
  const isText = "metrics" in answer;
  const body = isText ? answer.metrics : `${JSON.stringify(answer.json)}\n`;
  response.writeHead(status, {
    "content-type": isText ? METRICS_TYPE : "application/json",
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
  response.end(body);
}

/** What did not become a request: it is not HTTP, too large, or too slow. */
function refuseUnparsed(error: Error, socket: Socket): void {
  const code = "code" in error ? error.code : "";
  const [status, reason] =
    code === "HPE_HEADER_OVERFLOW"
      ? ["431 Request Header Fields Too Large", `the head is larger than ${MAX_HEAD_BYTES} bytes`]
      : code === "ERR_HTTP_REQUEST_TIMEOUT"
        ? ["408 Request Timeout", "the request took too long"]
        : ["400 Bad Request", "this is not HTTP/1.1"];
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const body = `${JSON.stringify({ error: reason })}\n`;
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
    () => {
      socket.destroy();
    },
  );
}

function detail(problem: ApiProblem): string {
  const { cause } = problem;
  if (!(cause instanceof Error)) return String(cause);
  return problem.status === 500 ? (cause.stack ?? cause.message) : cause.message;
}
