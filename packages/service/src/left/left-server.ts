import { once } from "node:events";
import { unlinkSync } from "node:fs";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { ServiceMetrics } from "../admin/service-metrics.ts";
import { type ServiceView, sessionEntry } from "../admin/service-view.ts";
import { createBoundedServer } from "../bounded-server.ts";
import { messageOf } from "../errors.ts";
import type { LeftReport } from "./left-report.ts";
import type { LeftDirectory } from "./left-directory.ts";

const MOST_CONNECTIONS = 16;
/** Only the user of the service connects. */
const SOCKET_UMASK = 0o177;

/** What {@link startLeftServer} needs. */
export interface LeftServerOptions {
  readonly directory: LeftDirectory;
  readonly pid: number;
  readonly view: ServiceView;
  /** null: nobody asked for metrics when this worker started. */
  readonly metrics: ServiceMetrics | null;
  /** Ends all consoles in order, and the worker with them. */
  readonly endAll: () => void;
}

/**
 * Answers for a worker that has no primary process any more, at a unix socket in a
 * {@link LeftDirectory}.
 *
 * ```
 * GET    /v1/report        a LeftReport: its sessions and metrics
 * DELETE /v1/sessions/N    204: ended; 404: there is none
 * POST   /v1/end           202: all sessions are being ended, the process ends after them
 * ```
 *
 * Primary processes of later versions ask: what is here may be added to, and not changed. The socket's file
 * is removed when the process exits; after a kill the next primary process removes it.
 *
 * @throws if the socket cannot be made
 */
export async function startLeftServer(options: LeftServerOptions): Promise<void> {
  const { directory, pid } = options;
  directory.create();
  const path = directory.socketOf(pid);
  removeFile(path);
  const server = createBoundedServer({ mostConnections: MOST_CONNECTIONS }, (request, response) => {
    void respond(options, request, response);
  });
  await listen(server, path);
  process.once("exit", () => {
    removeFile(path);
  });
}

async function listen(server: Server, path: string): Promise<void> {
  const listening = once(server, "listening");
  listening.catch(() => undefined);
  // The file is made within this call: with a chmod after it there would be a moment for others.
  const umask = process.umask(SOCKET_UMASK);
  try {
    server.listen({ path });
  } finally {
    process.umask(umask);
  }
  await listening;
}

async function respond(
  options: LeftServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  request.resume();
  try {
    const { status, body } = await answer(options, request);
    response.writeHead(status, { "content-type": "application/json" });
    response.end(body);
  } catch (error) {
    response.writeHead(500).end(messageOf(error));
  }
}

async function answer(
  { view, metrics, pid, endAll }: LeftServerOptions,
  { method = "", url = "" }: IncomingMessage,
): Promise<{ readonly status: number; readonly body: string }> {
  const session = /^\/v1\/sessions\/(\d{1,15})$/.exec(url)?.[1];
  if (method === "DELETE" && session !== undefined) {
    return { status: view.end(Number(session)) ? 204 : 404, body: "" };
  }
  switch (`${method} ${url}`) {
    case "GET /v1/report": {
      const report: LeftReport = {
        sessions: view.list().map((each) => sessionEntry(each, pid, Date.now())),
        metrics: (await metrics?.snapshot()) ?? [],
      };
      return { status: 200, body: JSON.stringify(report) };
    }
    case "POST /v1/end":
      endAll();
      return { status: 202, body: "" };
    default:
      return { status: 404, body: "" };
  }
}

function removeFile(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It is not there, or its folder is gone: nobody finds this process by it either way.
  }
}
