import type { Duplex } from "node:stream";
import {
  connectBackend,
  describeBackendAddress,
  parseBackendAddress,
} from "@nova-console/connector";
import { relay, type RelayResult } from "@nova-console/relay";
import { negotiateWithServer, type SecurityHandler } from "@nova-console/rfb";
import type { ConnectInfo, Token, TokenStore } from "@nova-console/token";
import type { CloseReason } from "./close-reason.ts";
import { closeReasonOf, type Side } from "./close-reason-of.ts";
import { SessionRefusedError, ViewerMisbehavedError } from "./errors.ts";
import type { SessionRecord } from "./session-record.ts";
import type { SessionSettings } from "./session-settings.ts";
import type { ViewerFront } from "./viewer-front.ts";
import { withDeadline } from "./with-deadline.ts";

/** How long the words of a refusal may take to reach the viewer. */
const REFUSAL_TIMEOUT_MS = 5_000;

/** Console types whose backend speaks RFB. */
const VNC_CONSOLE_TYPES = new Set(["novnc", "xvpvnc"]);

/** The two channels of a session whose handshakes are done: both stand before ClientInit. */
interface Joined {
  readonly viewer: Duplex;
  readonly backend: Duplex;
}

/** What a session needs from those around it. */
export interface SessionDependencies {
  readonly tokens: TokenStore;
  readonly settings: SessionSettings;
  /** What is accepted from VNC servers, most wanted first. */
  readonly backendSecurity: readonly SecurityHandler[];
  /** Milliseconds of a clock; only differences count. */
  readonly now: () => number;
  /**
   * Asked once, when the token has shown to be good and before anything is dialled.
   *
   * @throws {@link SessionRefusedError} if this token has enough sessions
   */
  readonly admitToken: (info: ConnectInfo) => void;
}

/** One console, from the token to its one close reason. */
export class Session {
  readonly #front: ViewerFront;
  readonly #needs: SessionDependencies;
  readonly #ending = new AbortController();
  #info: ConnectInfo | null = null;

  constructor(front: ViewerFront, needs: SessionDependencies) {
    this.#front = front;
    this.#needs = needs;
  }

  /** null until the token has shown to be good. */
  get info(): ConnectInfo | null {
    return this.#info;
  }

  /** Ends the session, in whichever phase it is. */
  end(reason: CloseReason, detail: string): void {
    this.#ending.abort(new SessionRefusedError(reason, detail));
  }

  /** Runs the session to its end. Never rejects. */
  async run(): Promise<SessionRecord> {
    const { settings, now } = this.#needs;
    const startedMs = now();
    const record = (
      reason: CloseReason,
      detail: string,
      ended: Partial<SessionRecord> = {},
    ): SessionRecord => ({
      front: this.#front.name,
      viewerAddress: this.#front.viewerAddress,
      tokenId: this.#front.token?.id ?? null,
      instanceUuid: this.#info?.instanceUuid ?? null,
      backend: this.#info === null ? null : describeBackend(this.#info),
      reason,
      detail,
      bug: null,
      durationMs: Math.round(now() - startedMs),
      bytesFromViewer: 0,
      bytesToViewer: 0,
      ...ended,
    });
    let joined: Joined;
    try {
      joined = await withDeadline(
        this.#ending.signal,
        settings.handshakeTimeoutMs,
        "viewer-timeout",
        (signal) => this.#join(signal),
      );
    } catch (error) {
      const reason = closeReasonOf(error, "viewer");
      await this.#front.refuse(reason, AbortSignal.timeout(REFUSAL_TIMEOUT_MS));
      return record(reason, detailOf(error), {
        bug: reason === "internal-error" ? asError(error) : null,
      });
    }
    const result = await relay(joined.viewer, joined.backend, settings, this.#ending.signal);
    const [reason, detail] = this.#reasonOfRelay(result);
    await this.#front.close(reason);
    const { bytesFromViewer, bytesToViewer } = result;
    return record(reason, detail, { bytesFromViewer, bytesToViewer });
  }

  /** Token, then both neighbours at once, then the viewer is let in. */
  async #join(signal: AbortSignal): Promise<Joined> {
    const info = await this.#validate(signal);
    const dialling = new AbortController();
    const onAbort = (): void => {
      dialling.abort(signal.reason);
    };
    signal.addEventListener("abort", onAbort);
    const connecting = at("backend", this.#openBackend(info, dialling.signal));
    try {
      const beginning = at("viewer", this.#front.begin(signal));
      const [backend] = await Promise.all([connecting, beginning]);
      await this.#confirm(info, signal);
      return { backend, viewer: await at("viewer", this.#front.admit(signal)) };
    } catch (error) {
      dialling.abort(error);
      connecting.then(destroy, ignore);
      throw error;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  async #validate(signal: AbortSignal): Promise<ConnectInfo> {
    const { token } = this.#front;
    if (token === null) {
      this.#front.authorize(null);
      throw new SessionRefusedError("token-missing", "no token was presented");
    }
    const info = await this.#askStore(token, signal).catch((error: unknown) => {
      // A page of another site learns that first, and nothing about the token.
      this.#front.authorize(null);
      throw error;
    });
    this.#front.authorize(info);
    if (!VNC_CONSOLE_TYPES.has(info.consoleType)) {
      throw new SessionRefusedError("console-type", `token is for a ${info.consoleType} console`);
    }
    this.#needs.admitToken(info);
    this.#info = info;
    return info;
  }

  /** The token may have been revoked, or its instance moved, while the backend was being dialled. */
  async #confirm(info: ConnectInfo, signal: AbortSignal): Promise<void> {
    const { token } = this.#front;
    if (token === null) return;
    const { host, port } = await this.#askStore(token, signal);
    if (host !== info.host || port !== info.port) {
      throw new SessionRefusedError(
        "token-invalid",
        "the instance moved while it was being dialled",
      );
    }
  }

  #askStore(token: Token, signal: AbortSignal): Promise<ConnectInfo> {
    const { settings, tokens } = this.#needs;
    return withDeadline(signal, settings.connectTimeoutMs, "token-store-unavailable", () =>
      tokens.validate(token),
    );
  }

  async #openBackend(info: ConnectInfo, signal: AbortSignal): Promise<Duplex> {
    const { settings, backendSecurity } = this.#needs;
    return withDeadline(signal, settings.connectTimeoutMs, "backend-timeout", async (inTime) => {
      const address = parseBackendAddress(info.host, info.port);
      const socket = await connectBackend(address, info.internalAccessPath, inTime);
      try {
        return await negotiateWithServer(socket, backendSecurity, inTime);
      } catch (error) {
        socket.destroy();
        throw error;
      }
    });
  }

  #reasonOfRelay(result: RelayResult): [CloseReason, string] {
    const error = result.error === null ? "" : `: ${result.error.message}`;
    switch (result.endedBy) {
      case "viewer":
        return [
          result.error instanceof ViewerMisbehavedError ? "viewer-misbehaved" : "viewer-closed",
          `ended by the viewer${error}`,
        ];
      case "backend":
        return [
          result.error === null ? "backend-closed" : "backend-lost",
          `ended by the backend${error}`,
        ];
      case "idle":
        return [
          "idle-timeout",
          `no byte from the viewer for ${this.#needs.settings.idleTimeoutMs} ms`,
        ];
      case "aborted":
        return [
          closeReasonOf(this.#ending.signal.reason, "viewer"),
          detailOf(this.#ending.signal.reason),
        ];
    }
  }
}

/** Runs a step that talks to one side; what breaks it is blamed on that side. */
async function at<T>(side: Side, step: Promise<T>): Promise<T> {
  try {
    return await step;
  } catch (error) {
    const reason = closeReasonOf(error, side);
    if (reason === "internal-error" || error instanceof SessionRefusedError) throw error;
    throw new SessionRefusedError(reason, detailOf(error), { cause: error });
  }
}

function describeBackend(info: ConnectInfo): string {
  return info.host.startsWith("unix:")
    ? info.host
    : describeBackendAddress({ host: info.host, port: info.port });
}

function detailOf(error: unknown): string {
  return asError(error).message;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function destroy(stream: Duplex): void {
  stream.destroy();
}

function ignore(): void {
  // The error that is thrown tells it.
}
