import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import type { Child } from "./child.ts";
import { freePort } from "./free-port.ts";
import { encodeNovaConf, mergeNovaConf, type NovaConf } from "./nova-conf.ts";
import { runProgram, startProgram, type Program } from "./programs.ts";
import { accepting } from "./tcp.ts";
import { TempDir } from "./temp-dir.ts";
import type { Endpoint } from "./vnc-server.ts";

/** What `nova-consoleauth authorize` may be told beside the endpoint. */
export interface AuthorizeOptions {
  readonly type?: "novnc" | "xvpvnc";
  readonly ttlSeconds?: number;
  readonly internalAccessPath?: string;
}

/** What a person needs to open a console in a viewer. */
export interface Ticket {
  readonly token: string;
  /** 8 characters, for viewers that know VncAuth only; null where that is not offered. */
  readonly viewerPassword: string | null;
  /** The line to type in a shell. */
  readonly command: string | null;
}

/** How an installation differs from the plain one. */
export interface InstallationOptions {
  readonly conf?: NovaConf;
  /** Scheme of the access URLs. */
  readonly scheme?: "http" | "https";
  /** Words of a command that runs its programs, such as `NameServer.wrap`. */
  readonly wrap?: readonly string[];
}

/** A nova.conf of its own, with free ports and an empty token store, and the programs that run on it. */
export class Installation implements AsyncDisposable {
  readonly directory: TempDir;
  readonly confPath: string;
  readonly novncPort: number;
  readonly xvpPort: number;
  readonly #owned = new AsyncDisposableStack();
  #conf: NovaConf = {};
  readonly #children: Child[] = [];
  readonly #wrap: readonly string[];
  /** One instance to an endpoint: a port that is given to another instance revokes the tokens of the last. */
  readonly #instances = new Map<string, string>();

  private constructor(
    directory: TempDir,
    novncPort: number,
    xvpPort: number,
    wrap: readonly string[],
  ) {
    this.#wrap = wrap;
    this.directory = this.#owned.use(directory);
    this.confPath = directory.file("nova.conf");
    this.novncPort = novncPort;
    this.xvpPort = xvpPort;
  }

  static async create({
    conf = {},
    scheme = "http",
    wrap = [],
  }: InstallationOptions = {}): Promise<Installation> {
    const directory = await TempDir.create();
    const installation = new Installation(directory, await freePort(), await freePort(), wrap);
    const { novncPort, xvpPort } = installation;
    const base: NovaConf = {
      DEFAULT: { state_path: directory.path, debug: "true" },
      vnc: {
        novncproxy_host: "127.0.0.1",
        novncproxy_port: novncPort,
        novncproxy_base_url: `${scheme}://127.0.0.1:${novncPort}/vnc_lite.html`,
        xvpvncproxy_host: "127.0.0.1",
        xvpvncproxy_port: xvpPort,
        xvpvncproxy_base_url: `${scheme}://127.0.0.1:${xvpPort}/console`,
      },
      // The limits are tested where they are enforced; here a loaded machine must not meet them. One process each
      // starts faster than several. The tests' own VNC servers have their unix sockets in temporary folders.
      console_proxy: {
        ...{ workers: 1, connect_timeout: 30, handshake_timeout: 60 },
        backend_socket_dirs: tmpdir(),
      },
    };
    await installation.configure(mergeNovaConf(base, conf));
    return installation;
  }

  /** Starts both proxies and waits until they accept connections. */
  static async running(options: InstallationOptions = {}): Promise<Installation> {
    const installation = await Installation.create(options);
    try {
      await Promise.all([installation.startNovncproxy(), installation.startXvpvncproxy()]);
      return installation;
    } catch (error) {
      await installation[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Adds to nova.conf, for programs that are started from now on. */
  async configure(conf: NovaConf): Promise<void> {
    this.#conf = mergeNovaConf(this.#conf, conf);
    await writeFile(this.confPath, encodeNovaConf(this.#conf));
  }

  /** Everything that the programs it started have printed. */
  get log(): string {
    return this.#children.map((child) => child.stdout + child.stderr).join("");
  }

  /** @param environment - added to this process's own */
  async startNovncproxy(
    args: readonly string[] = [],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<Child> {
    return this.#start("nova-novncproxy", this.novncPort, args, environment);
  }

  /** As {@link startNovncproxy}. */
  async startXvpvncproxy(
    args: readonly string[] = [],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<Child> {
    return this.#start("nova-xvpvncproxy", this.xvpPort, args, environment);
  }

  /** Starts consoleauth as a service, and does not wait. */
  async startConsoleauth(args: readonly string[] = []): Promise<Child> {
    const child = await startProgram("nova-consoleauth", ["--config-file", this.confPath, ...args]);
    this.#children.push(this.#owned.use(child));
    return child;
  }

  /** Runs one of nova-consoleauth's subcommands; any exit status is an answer. */
  consoleauth(...args: readonly string[]): ReturnType<typeof runProgram> {
    return runProgram("nova-consoleauth", ["--config-file", this.confPath, ...args]);
  }

  /** Authorizes a console with nova-consoleauth. @returns its access URL */
  async authorize(endpoint: Endpoint, options: AuthorizeOptions = {}): Promise<URL> {
    return new URL((await this.#authorize(endpoint, options)).trim());
  }

  /** Authorizes a console for a desktop viewer. */
  async ticket(endpoint: Endpoint, options: AuthorizeOptions = {}): Promise<Ticket> {
    const text = await this.#authorize(endpoint, { type: "xvpvnc", ...options }, "--json");
    // The program's own output: a test fails if it is not of this shape.
    const { token, viewer_password, viewer } = JSON.parse(text) as {
      token: string;
      viewer_password?: string;
      viewer: { command: string | null };
    };
    return { token, viewerPassword: viewer_password ?? null, command: viewer.command };
  }

  async #authorize(
    endpoint: Endpoint,
    options: AuthorizeOptions,
    ...more: readonly string[]
  ): Promise<string> {
    const { type, ttlSeconds, internalAccessPath } = options;
    const key = `${endpoint.host} ${endpoint.port}`;
    const instanceUuid = this.#instances.get(key) ?? randomUUID();
    this.#instances.set(key, instanceUuid);
    const outcome = await this.consoleauth(
      ...["authorize", "--instance", instanceUuid],
      ...["--host", endpoint.host, "--port", String(endpoint.port)],
      ...(type === undefined ? [] : ["--type", type]),
      ...(ttlSeconds === undefined ? [] : ["--ttl", String(ttlSeconds)]),
      ...(internalAccessPath === undefined ? [] : ["--internal-access-path", internalAccessPath]),
      ...more,
    );
    if (outcome.status !== 0) throw new Error(`authorize: ${outcome.stdout}${outcome.stderr}`);
    return outcome.stdout;
  }

  async #start(
    program: Program,
    port: number,
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<Child> {
    const child = await startProgram(
      program,
      ["--config-file", this.confPath, ...args],
      environment,
      this.#wrap,
    );
    this.#children.push(this.#owned.use(child));
    await accepting(child, { host: "127.0.0.1", port });
    return child;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}

/** The token that an access URL of either form carries. */
export function tokenOf(accessUrl: URL): string {
  const path = accessUrl.searchParams.get("path");
  const query =
    path === null ? accessUrl.searchParams : new URLSearchParams(path.slice(path.indexOf("?")));
  const token = query.get("token");
  if (token === null) throw new Error("the access URL carries no token");
  return token;
}

/** The same access URL with another token in it. */
export function withToken(accessUrl: URL, token: string): URL {
  return new URL(accessUrl.href.replace(tokenOf(accessUrl), token));
}
