import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { NovaApiTokenStore } from "../nova-api-token-store.ts";
import type { NovaApiSettings } from "../settings.ts";

/** What a request to the cloud was. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** An answer; a text is sent as it is, all else as JSON. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** Answers, or keeps the connection to itself. */
export type Answerer = (seen: Seen, response: ServerResponse) => Answer | "nothing";

export const GOOD_TOKEN = "11111111-2222-3333-4444-555555555555";
export const INSTANCE = "99999999-8888-7777-6666-555555555555";

/**
 * Keystone and nova's API on one port, over TLS, for what the real ones cannot be asked to do. A test
 * replaces what it is about.
 */
export class FakeCloud implements AsyncDisposable {
  readonly seen: Seen[] = [];
  readonly caFile: string;
  /** Milliseconds since the epoch, for Keystone and for the store. */
  nowMs = Date.parse("2026-11-25T12:00:00Z");
  tokenLifeMs = 3_600_000;
  logins = 0;
  /** What the store logged. */
  readonly warnings: string[] = [];
  /** The compute host of each instance, and all of them by name with their `my_ip`. */
  server: Answerer = () => serverDocument("compute1");
  hypervisors: Answerer = () =>
    hypervisorsDocument({ compute1: "192.0.2.7", compute2: "192.0.2.8" });
  /** Whose requests nova accepts; null: everybody's. */
  accepts: string | null = null;
  keystone: Answerer = () => this.logIn();
  versions: Answerer = () => versionDocument("2.1", "2.93");
  console: Answerer = (seen) =>
    seen.path.endsWith(`/${GOOD_TOKEN}`) ? consoleDocument() : notFound();
  readonly #directory: string;
  readonly #server: Server;

  private constructor(directory: string) {
    this.#directory = directory;
    this.caFile = makeCertificate(directory, "cert");
    const cert = readFileSync(this.caFile);
    this.#server = createServer({ cert, key: readFileSync(join(directory, "cert.key")) });
    this.#server.on("request", (request, response) => {
      void this.#serve(request, response);
    });
  }

  static async start(): Promise<FakeCloud> {
    const cloud = new FakeCloud(mkdtempSync(join(tmpdir(), "nova-console-cloud-")));
    cloud.#server.listen({ host: "127.0.0.1", port: 0 });
    await once(cloud.#server, "listening");
    return cloud;
  }

  get origin(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Another certificate than the cloud's. */
  strangeCaFile(): string {
    return makeCertificate(this.#directory, "strange");
  }

  /** A store that asks this cloud. */
  open(settings: Partial<NovaApiSettings> = {}): NovaApiTokenStore {
    const tls = { caFile: this.caFile, certFile: null, keyFile: null, insecure: false };
    return NovaApiTokenStore.open({
      group: "service_user",
      authUrl: `${this.origin}/identity/v3`,
      credentials: {
        kind: "password",
        user: { name: "proxy", domain: { name: "Default" } },
        password: "a password",
        project: { name: "service", domain: { name: "Default" } },
      },
      regionName: null,
      novaApiUrl: null,
      tls,
      timeoutMs: 10_000,
      accessUrlBase: "https://console/vnc_lite.html",
      tokenTtlSeconds: 600,
      checksPlace: false,
      log: {
        warn: (message, fields) => this.warnings.push(`${message} ${JSON.stringify(fields)}`),
      },
      now: () => this.nowMs,
      ...settings,
    });
  }

  /** A new Keystone token, each with its number. */
  logIn(catalog: unknown = this.catalogue()): Answer {
    this.logins++;
    const token = {
      issued_at: new Date(this.nowMs).toISOString(),
      expires_at: new Date(this.nowMs + this.tokenLifeMs).toISOString(),
      catalog,
    };
    return {
      status: 201,
      headers: { "x-subject-token": `login-${this.logins}` },
      body: { token },
    };
  }

  catalogue(): unknown {
    const endpoint = (interface_: string, path: string, region_id = "one"): unknown => {
      return { interface: interface_, region_id, url: `${this.origin}${path}` };
    };
    return [
      { type: "identity", endpoints: [endpoint("internal", "/identity")] },
      {
        type: "compute",
        endpoints: [
          endpoint("public", "/public/v2.1"),
          endpoint("internal", "/internal/v2.1"),
          endpoint("internal", "/two/v2.1", "two"),
        ],
      },
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
    rmSync(this.#directory, { recursive: true });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url = "", headers } = request;
    const seen = { method, path: url, headers, body: await text(request) };
    this.seen.push(seen);
    const answer = this.#answererFor(seen)(seen, response);
    if (answer === "nothing") return;
    response.writeHead(answer.status, { "content-type": "application/json", ...answer.headers });
    response.end(typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body ?? {}));
  }

  #answererFor({ path, headers }: Seen): Answerer {
    if (path.startsWith("/identity/")) return this.keystone;
    if (this.accepts !== null && headers["x-auth-token"] !== this.accepts) {
      return () => ({ status: 401, body: {} });
    }
    if (path.includes("/servers/")) return this.server;
    if (path.includes("/os-hypervisors/")) return this.hypervisors;
    return path.includes("/os-console-auth-tokens/") ? this.console : this.versions;
  }
}

/** What nova answers for a good token. */
export function consoleDocument(changes: Readonly<Record<string, unknown>> = {}): Answer {
  const console = {
    instance_uuid: INSTANCE,
    host: "192.0.2.7",
    port: 5901,
    internal_access_path: null,
    ...changes,
  };
  return { status: 200, body: { console } };
}

/** What nova answers to those who may see where an instance is. @param host - null: on none */
export function serverDocument(host: string | null): Answer {
  return { status: 200, body: { server: { id: INSTANCE, "OS-EXT-SRV-ATTR:host": host } } };
}

/** What nova answers for its compute hosts. @param hosts - the `my_ip` of each name */
export function hypervisorsDocument(hosts: Readonly<Record<string, string>>): Answer {
  const hypervisors = Object.entries(hosts).map(([name, host_ip]) => {
    return { hypervisor_hostname: `${name}.example`, host_ip, service: { host: name } };
  });
  return { status: 200, body: { hypervisors } };
}

/** What nova answers for a token that it does not know. */
export function notFound(): Answer {
  return { status: 404, body: { itemNotFound: { code: 404, message: "Token not found" } } };
}

/** What nova says of itself. */
export function versionDocument(min_version: string, version: string): Answer {
  return { status: 200, body: { version: { id: "v2.1", min_version, version } } };
}

function makeCertificate(directory: string, name: string): string {
  const path = join(directory, `${name}.pem`);
  execFileSync(
    "openssl",
    [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc"],
      ...["-days", "2", "-subj", `/CN=${name}`, "-addext", "subjectAltName=IP:127.0.0.1"],
      ...["-keyout", join(directory, `${name}.key`), "-out", path],
    ],
    { stdio: "ignore" },
  );
  return path;
}
