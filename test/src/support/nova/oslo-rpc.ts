import { fileURLToPath } from "node:url";
import { LineProcess } from "./line-process.ts";

const SCRIPT = fileURLToPath(new URL("oslo_rpc.py", import.meta.url));
const TIMEOUT_SECONDS = 20;

/** What is called. */
export interface OsloRequest {
  readonly topic: string;
  readonly server?: string;
  readonly namespace?: string;
  readonly version: string;
  readonly method: string;
  readonly args?: object;
  readonly kind?: "call" | "cast" | "fanout";
}

/** What a method returned, or which exception it raised. */
export type OsloOutcome = { result: unknown } | { error: string; message: string };

/** OpenStack's own RPC client. */
export class OsloClient implements AsyncDisposable {
  readonly #process: LineProcess;

  private constructor(process_: LineProcess) {
    this.#process = process_;
  }

  static async start(transportUrl: string): Promise<OsloClient> {
    return new OsloClient(await LineProcess.start(SCRIPT, ["client", transportUrl]));
  }

  /** Not two at a time. */
  async ask(request: OsloRequest): Promise<OsloOutcome> {
    const defaults = {
      server: null,
      namespace: null,
      args: {},
      kind: "call",
      timeout: TIMEOUT_SECONDS,
    };
    const line = await this.#process.ask({ ...defaults, ...request });
    return JSON.parse(line) as OsloOutcome;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }
}

/** OpenStack's own RPC server, with the methods of oslo_rpc.py's Endpoint in version 2.1. */
export class OsloServer implements AsyncDisposable {
  readonly #process: LineProcess;

  private constructor(process_: LineProcess) {
    this.#process = process_;
  }

  static async start(transportUrl: string, topic: string, server: string): Promise<OsloServer> {
    return new OsloServer(await LineProcess.start(SCRIPT, ["server", transportUrl, topic, server]));
  }

  /** What `note` was called with. */
  async casts(): Promise<unknown> {
    return JSON.parse(await this.#process.ask({}));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }
}
