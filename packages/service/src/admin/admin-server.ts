import { once } from "node:events";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { isIPv4 } from "node:net";
import { createBoundedServer } from "../bounded-server.ts";
import { messageOf } from "../errors.ts";
import { listenOn } from "../listen-on.ts";
import type { Logger } from "../logger.ts";
import { isOwnHost } from "./own-host.ts";
import { type AdminTarget, notReady } from "./service-view.ts";

const OPTION = "[console_proxy] admin_listen";
const MOST_CONNECTIONS = 64;
/** For answers that are under way at a stop. */
const STOP_TIMEOUT_MS = 1_000;

interface Answer {
  readonly status: number;
  readonly type?: string;
  readonly body: string;
}

/**
 * `[console_proxy] admin_listen`: health, metrics and sessions, for operators and their tools.
 *
 * ```
 * GET    /healthz            200 while the process lives
 * GET    /readyz             200 when a console can be opened, else 503; and what is missing
 * GET    /metrics            the text format of Prometheus
 * GET    /v1/sessions        {"sessions": [...], "silent_workers": [...]}
 * DELETE /v1/sessions/ID     204; 404 if there is none
 * ```
 *
 * It asks nobody who they are: who reaches the address may do all of it. Web pages may not.
 */
export class AdminServer {
  readonly #server: Server;
  readonly #log: Logger;
  readonly #target: () => AdminTarget | null;
  /** As the operator wrote it. */
  readonly #option: string;
  #address = "";

  private constructor(option: string, target: () => AdminTarget | null, log: Logger) {
    this.#option = option;
    this.#target = target;
    this.#log = log;
    const bounds = { mostConnections: MOST_CONNECTIONS };
    this.#server = createBoundedServer(bounds, (request, response) => {
      void this.#respond(request, response);
    });
  }

  /**
   * @param address - `HOST:PORT`, `[IPV6]:PORT` or `unix:/PATH`
   * @param target - null while the service starts
   * @throws {@link AddressError} if it cannot be listened on
   */
  static async start(
    address: string,
    target: () => AdminTarget | null,
    log: Logger,
  ): Promise<AdminServer> {
    const admin = new AdminServer(address, target, log);
    admin.#address = await listenOn(admin.#server, OPTION, address);
    if (!isLocal(admin.#address)) {
      log.warn(
        `${OPTION} is ${admin.#address}: whoever reaches it sees all sessions and may end them`,
      );
    }
    return admin;
  }

  /** Where it listens, in the form of the option. */
  get address(): string {
    return this.#address;
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeIdleConnections();
    const timer = setTimeout(() => {
      this.#server.closeAllConnections();
    }, STOP_TIMEOUT_MS);
    await closed;
    clearTimeout(timer);
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.resume();
    const answer = await this.#answer(request).catch((error: unknown): Answer => {
      this.#log.error("the admin address cannot answer", { why: messageOf(error) });
      return text(500, "it failed, see the log");
    });
    const type = answer.type ?? "text/plain; charset=utf-8";
    response.writeHead(answer.status, { "content-type": type, "cache-control": "no-store" });
    response.end(request.method === "HEAD" ? undefined : answer.body);
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    const { host, origin } = request.headers;
    if (origin !== undefined) return text(403, "this is not for web pages");
    // Browsers always send a Host; a load balancer's check by HTTP/1.0 does not.
    if (host !== undefined && !isOwnHost(host, this.#option, request.socket)) {
      return text(403, "ask by an address of this machine, or by the name in admin_listen");
    }
    const method = request.method === "HEAD" ? "GET" : request.method;
    const path = (request.url ?? "").replace(/\?.*$/s, "");
    const target = this.#target();
    switch (`${method ?? ""} ${path}`) {
      case "GET /healthz":
        return text(200, "ok");
      case "GET /readyz": {
        const { isReady, missing } = await (target?.readiness() ?? notReady("it is starting"));
        return isReady ? text(200, ["ok", ...missing].join("\n")) : text(503, missing.join("\n"));
      }
      case "GET /metrics":
        return { status: 200, type: METRICS_TYPE, body: (await target?.metrics()) ?? "" };
      case "GET /v1/sessions":
        return json((await target?.sessions()) ?? { sessions: [], silent_workers: [] });
    }
    const id = /^\/v1\/sessions\/([^/]+)$/.exec(path)?.[1];
    if (method !== "DELETE" || id === undefined) return text(404, "there is nothing here");
    if ((await target?.end(id)) !== true) return text(404, "there is no such session");
    this.#log.info("session ended at the admin address", { session: id });
    return { status: 204, body: "" };
  }
}

const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

function text(status: number, body: string): Answer {
  return { status, body: `${body}\n` };
}

function json(value: unknown): Answer {
  return { status: 200, type: "application/json", body: `${JSON.stringify(value)}\n` };
}

/** Whether only this machine reaches an address, as it was bound. */
function isLocal(address: string): boolean {
  if (address.startsWith("unix:")) return true;
  const host = address.replace(/:\d+$/, "");
  return host === "[::1]" || (isIPv4(host) && host.startsWith("127."));
}
