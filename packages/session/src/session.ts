import type { Duplex } from "node:stream";
import {
  type BackendPolicy,
  connectBackend,
  describeBackendAddress,
  parseBackendAddress,
} from "@nova-console/connector";
import { relay, type RelayTraffic } from "@nova-console/relay";
import { negotiateWithServer, type SecurityHandler } from "@nova-console/rfb";
import type { ConnectInfo } from "@nova-console/token";
import type { Admission } from "./admission.ts";
import { asError, blame, detailOf } from "./blame.ts";
import type { CloseReason } from "./close-reason.ts";
import { closeReasonOf } from "./close-reason-of.ts";
import { endAfter } from "./end-after.ts";
import { endOfRelay } from "./end-of-relay.ts";
import { Entitlement, type EntitlementNeeds } from "./entitlement.ts";
import { SessionRefusedError } from "./errors.ts";
import type { LiveSession, SessionFacts, SessionRecord } from "./session-record.ts";
import type { ViewerFront } from "./viewer-front.ts";
import { within } from "./within.ts";

/** How long the words of a refusal may take to reach the viewer. */
const REFUSAL_TIMEOUT_MS = 5_000;

/** The longest that Node's timers can wait. */
const LONGEST_WAIT_MS = 2 ** 31 - 1;

/** Console types whose backend speaks RFB. */
const VNC_CONSOLE_TYPES = new Set(["novnc", "xvpvnc"]);

/** The two channels of a session whose handshakes are done: both stand before ClientInit. */
interface Joined {
  readonly viewer: Duplex;
  readonly backend: Duplex;
}

/** What a session needs from those around it. */
export interface SessionDependencies extends EntitlementNeeds {
  /** Where tokens may lead. */
  readonly backendPolicy: BackendPolicy;
  /** What is accepted from VNC servers, most wanted first. */
  readonly backendSecurity: readonly SecurityHandler[];
  /** Milliseconds since the epoch: when tokens expire. */
  readonly wallClock: () => number;
  /** Asked once, when the token has shown to be good and before anything is dialled. */
  readonly admission: Admission;
  /** Called when a viewer gets its screen; `durationMs` is the time since it asked for it. */
  readonly onOpen?: ((session: SessionFacts) => void) | undefined;
}

/** One console, from the token to its one close reason. */
export class Session {
  readonly number: number;
  readonly #front: ViewerFront;
  readonly #needs: SessionDependencies;
  /** One for all steps: whatever ends a step before the relay ends the session. */
  readonly #ending = new AbortController();
  readonly #startedMs: number;
  #info: ConnectInfo | null = null;
  /** Until its handshakes are over: what it holds is not kept for the session's life. */
  #joining: Promise<Joined> | undefined;
  /** Ends it with its token. */
  #expiry: NodeJS.Timeout | undefined;
  /** Once its handshakes are done. */
  #traffic: RelayTraffic | null = null;

  /** @param number - its own among the sessions of this process */
  constructor(number: number, front: ViewerFront, needs: SessionDependencies) {
    this.number = number;
    this.#front = front;
    this.#needs = needs;
    this.#startedMs = needs.now();
  }

  /** null until the token has shown to be good and the session was admitted. */
  get info(): ConnectInfo | null {
    return this.#info;
  }

  /** Ends the session, in whichever phase it is. */
  end(reason: CloseReason, detail: string): void {
    this.#ending.abort(new SessionRefusedError(reason, detail));
  }

  /** Runs the session to its end. Never rejects. */
  async run(): Promise<SessionRecord> {
    let joined: Joined;
    try {
      this.#joining = this.#untilJoined();
      joined = await this.#joining;
      this.#joining = undefined;
    } catch (error) {
      const reason = closeReasonOf(error, "viewer");
      await this.#front.refuse(reason, AbortSignal.timeout(REFUSAL_TIMEOUT_MS));
      const bug = reason === "internal-error" ? asError(error) : null;
      return this.#record(reason, detailOf(error), bug);
    }
    const { viewer, backend } = joined;
    const { settings, onOpen } = this.#needs;
    onOpen?.(this.#facts());
    if (settings.endsWithToken) this.#endWithToken();
    const result = await relay(viewer, backend, settings, this.#ending.signal, (traffic) => {
      this.#traffic = traffic;
    });
    clearTimeout(this.#expiry);
    const [reason, detail] = endOfRelay(result, settings.idleTimeoutMs, this.#ending.signal.reason);
    await this.#front.close(reason);
    return this.#record(reason, detail);
  }

  /** @returns when it is open or over: it asks nobody about its token any more */
  async entered(): Promise<void> {
    await this.#joining?.catch(() => undefined);
  }

  /** What there is to tell of it now. */
  live(): LiveSession {
    return { isOpen: this.#traffic !== null, ...this.#facts() };
  }

  #record(reason: CloseReason, detail: string, bug: Error | null = null): SessionRecord {
    return { ...this.#facts(), reason, detail, bug };
  }

  #facts(): SessionFacts {
    const { name, viewerAddress, token } = this.#front;
    return {
      number: this.number,
      front: name,
      viewerAddress,
      tokenId: token?.id ?? null,
      instanceUuid: this.#info?.instanceUuid ?? null,
      backend: this.#info === null ? null : describeBackend(this.#info),
      durationMs: Math.round(this.#needs.now() - this.#startedMs),
      bytesFromViewer: this.#traffic?.bytesFromViewer ?? 0,
      bytesToViewer: this.#traffic?.bytesToViewer ?? 0,
    };
  }

  /** The handshakes, for as long as they may take; a step that does not heed its signal is left behind. */
  async #untilJoined(): Promise<Joined> {
    const { signal } = this.#ending;
    signal.throwIfAborted();
    const { handshakeTimeoutMs } = this.#needs.settings;
    const leftMs = this.#front.handshakeLeftMs ?? handshakeTimeoutMs;
    const deadline = endAfter(this.#ending, leftMs, "viewer-timeout");
    try {
      return await within(this.#join(), signal);
    } finally {
      clearTimeout(deadline);
    }
  }

  /** Token and port, then both neighbours at once, then the viewer is let in. */
  async #join(): Promise<Joined> {
    const { signal } = this.#ending;
    const entitlement = this.#entitlement();
    const info = await this.#enter(entitlement);
    await entitlement.checkPort(info);
    const connecting = this.#openBackend(info);
    try {
      const beginning = this.#front.begin(signal).catch(blameViewer);
      const [backend] = await Promise.all([connecting, beginning]);
      await entitlement.confirm(info);
      const viewer = await this.#front.admit(signal).catch(blameViewer);
      signal.throwIfAborted();
      return { viewer, backend };
    } catch (error) {
      // What the other neighbour is still asked for is for nobody.
      this.#ending.abort(error);
      connecting.then(destroy, ignore);
      throw error;
    }
  }

  #entitlement(): Entitlement {
    const { token } = this.#front;
    if (token !== null) return new Entitlement(token, this.#needs, this.#ending);
    this.#front.authorize(null);
    throw new SessionRefusedError("token-missing", "no token was presented");
  }

  async #enter(entitlement: Entitlement): Promise<ConnectInfo> {
    let info: ConnectInfo;
    try {
      info = await entitlement.ask();
    } catch (error) {
      // A page of another site learns that first, and nothing about the token.
      this.#front.authorize(null);
      throw error;
    }
    this.#front.authorize(info);
    if (!VNC_CONSOLE_TYPES.has(info.consoleType)) {
      throw new SessionRefusedError("console-type", `token is for a ${info.consoleType} console`);
    }
    await this.#needs.admission.enter(info);
    if (this.#ending.signal.aborted) this.#needs.admission.leave(info);
    this.#ending.signal.throwIfAborted();
    this.#info = info;
    return info;
  }

  async #openBackend(info: ConnectInfo): Promise<Duplex> {
    const { settings, backendPolicy, backendSecurity } = this.#needs;
    const { signal } = this.#ending;
    const deadline = endAfter(this.#ending, settings.connectTimeoutMs, "backend-timeout");
    try {
      const address = parseBackendAddress(info.host, info.port);
      const socket = await connectBackend(address, info.internalAccessPath, {
        policy: backendPolicy,
        connectTimeoutMs: settings.connectTimeoutMs,
        signal,
      });
      try {
        return await negotiateWithServer(socket, backendSecurity, signal);
      } catch (error) {
        socket.destroy();
        throw error;
      }
    } catch (error) {
      throw blame("backend", error);
    } finally {
      clearTimeout(deadline);
    }
  }

  #endWithToken(): void {
    const leftMs = (this.#info?.expires ?? 0) * 1000 - this.#needs.wallClock();
    if (leftMs <= 0) this.end("token-expired", "its token has expired");
    else {
      this.#expiry = setTimeout(
        () => {
          this.#endWithToken();
        },
        Math.min(leftMs, LONGEST_WAIT_MS),
      );
    }
  }
}

function blameViewer(error: unknown): never {
  throw blame("viewer", error);
}

function describeBackend(info: ConnectInfo): string {
  return info.host.startsWith("unix:")
    ? info.host
    : describeBackendAddress({ host: info.host, port: info.port });
}

function destroy(stream: Duplex): void {
  stream.destroy();
}

function ignore(): void {
  // The error that is thrown tells it.
}
