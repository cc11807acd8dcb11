import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "@nova-console/config";
import { type Consoleauth, startConsoleauth } from "./consoleauth-service.ts";
import { createWorkplace, INSTANCE, type Workplace } from "./testing.ts";

/** What callers of {@link RunningApi} show. */
export const SECRET = "a-secret-that-is-long";
/** Headers of a request that is let in. */
export const AUTHORIZED = { authorization: `Bearer ${SECRET}` };
/** The same for one with a body. */
export const JSON_TYPE = { ...AUTHORIZED, "content-type": "application/json" };
/** A body that is not refused. */
export const NEW_CONSOLE = {
  instance_uuid: INSTANCE,
  host: "192.0.2.7",
  port: 5900,
  console_type: "novnc",
};

/** A response, read whole. */
interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly json: unknown;
}

/** A real nova-consoleauth on a port of its own, with `token_ttl` 900. */
export interface RunningApi {
  readonly workplace: Workplace;
  readonly service: Consoleauth;
  /** `http://127.0.0.1:PORT` */
  readonly base: string;
  /** What was handed to the log. */
  readonly logged: readonly unknown[][];
  readonly secretFile: string;
  readonly config: Config;
  ask(method: string, path: string, init?: RequestInit): Promise<Answer>;
  /** `POST /v1/consoles`; a string and bytes are sent as they are. */
  post(body: unknown): Promise<Answer>;
  stop(): Promise<void>;
}

/** Starts a {@link RunningApi}. */
export async function startApi(): Promise<RunningApi> {
  const workplace = await createWorkplace();
  const { store } = workplace;
  const logged: unknown[][] = [];
  const write = (...entry: unknown[]): void => {
    logged.push(entry);
  };
  const log = { error: write, warn: write, info: write, debug: write };
  const secretFile = join(workplace.directory, "secret");
  writeFileSync(secretFile, `${SECRET}\n`, { mode: 0o600 });
  const options = { api_listen: "127.0.0.1:0", api_secret_file: secretFile, token_ttl: "900" };
  const config = workplace.config(options);
  const service = await startConsoleauth({ store, log, config });
  const base = `http://${service.apiAddress ?? ""}`;

  async function ask(method: string, path: string, init: RequestInit = {}): Promise<Answer> {
    const headers = init.body === undefined ? AUTHORIZED : JSON_TYPE;
    const response = await fetch(base + path, { method, headers, ...init });
    assert.equal(response.headers.get("content-type"), "application/json");
    assert.equal(response.headers.get("cache-control"), "no-store");
    return { status: response.status, headers: response.headers, json: await response.json() };
  }

  return {
    ...{ workplace, service, base, logged, secretFile, config, ask },
    post: (body) => {
      const isRaw = typeof body === "string" || body instanceof Uint8Array;
      return ask("POST", "/v1/consoles", { body: isRaw ? new Blob([body]) : JSON.stringify(body) });
    },
    stop: async () => {
      await service.stop();
      await workplace.remove();
    },
  };
}

/** A member of a JSON object; undefined where there is none. */
export function member(json: unknown, name: string): unknown {
  if (typeof json !== "object" || json === null) return undefined;
  return new Map<string, unknown>(Object.entries(json)).get(name);
}
