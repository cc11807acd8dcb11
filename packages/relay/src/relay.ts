import type { Duplex } from "node:stream";
import { Pump, type PumpOwner, type Side } from "./pump.ts";

/**
 * How long one direction may go on after the other has ended, whatever it carries. A viewer that has
 * ended asks for no more pictures; one whose backend has ended still takes the last of them.
 */
const HALF_CLOSED_LIMIT_MS = { viewer: 10_000, backend: 60_000 } as const;

/** How long the last bytes to the backend may take when the viewer is gone. */
const FLUSH_TIMEOUT_MS = 5_000;

/** Bounds of one relay. */
export interface RelayLimits {
  /** Time without a byte from the viewer after which the relay ends; 0: none. */
  readonly idleTimeoutMs: number;
}

/** Who or what ended a relay. */
export type RelayEnding = "viewer" | "backend" | "idle" | "aborted";

/** What a relay did. */
export interface RelayResult {
  readonly endedBy: RelayEnding;
  /** What broke the connection, when it was not ended in order. */
  readonly error: Error | null;
  readonly bytesFromViewer: number;
  readonly bytesToViewer: number;
}

/** What a relay has carried so far. */
export interface RelayTraffic {
  readonly bytesFromViewer: number;
  readonly bytesToViewer: number;
}

/**
 * Joins two channels until both have ended, or one breaks, or a limit is reached; bytes pass
 * untouched.
 *
 * An end of stream is passed on as such (a half-close), and the other direction goes on, for a limited
 * time; not if a viewer ends before its first byte. When it is over the backend is closed, after the viewer's last bytes were written to it; the viewer is the
 * caller's to close, who knows the words for it.
 *
 * @param viewer - paused, or never read from; so is `backend`
 * @param signal - ends the relay at once
 * @param onStart - gets what tells the traffic at any time
 * @returns never rejects
 */
export function relay(
  viewer: Duplex,
  backend: Duplex,
  limits: RelayLimits,
  signal: AbortSignal,
  onStart?: (traffic: RelayTraffic) => void,
): Promise<RelayResult> {
  const running = new Relay(viewer, backend, limits, signal);
  onStart?.(running);
  return running.run();
}

class Relay implements PumpOwner, RelayTraffic {
  readonly #viewer: Duplex;
  readonly #backend: Duplex;
  readonly #signal: AbortSignal;
  readonly #fromViewer: Pump;
  readonly #toViewer: Pump;
  readonly #idleTimer: NodeJS.Timeout | null;
  #halfClosedTimer: NodeJS.Timeout | null = null;
  #firstToEnd: Side | null = null;
  #resolve: ((result: RelayResult) => void) | null = null;

  constructor(viewer: Duplex, backend: Duplex, limits: RelayLimits, signal: AbortSignal) {
    this.#viewer = viewer;
    this.#backend = backend;
    this.#signal = signal;
    const fromViewer = { from: "viewer", source: viewer, destination: backend } as const;
    const toViewer = { from: "backend", source: backend, destination: viewer } as const;
    this.#fromViewer = new Pump(fromViewer, this);
    this.#toViewer = new Pump(toViewer, this);
    this.#idleTimer =
      limits.idleTimeoutMs > 0
        ? setTimeout(() => {
            this.#settle("idle", null);
          }, limits.idleTimeoutMs)
        : null;
  }

  get bytesFromViewer(): number {
    return this.#fromViewer.transferredBytes;
  }

  get bytesToViewer(): number {
    return this.#toViewer.transferredBytes;
  }

  run(): Promise<RelayResult> {
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.#signal.addEventListener("abort", this.#onAbort);
      for (const stream of [this.#viewer, this.#backend]) stream.on("error", ignore);
      this.#viewer.on("close", this.#onViewerClose);
      this.#backend.on("close", this.#onBackendClose);
      if (this.#signal.aborted) this.#onAbort();
      else if (this.#viewer.destroyed) this.#onViewerClose();
      else if (this.#backend.destroyed) this.#onBackendClose();
      // A handshake that read the last byte has let the "end" pass.
      else if (this.#viewer.readableEnded) this.onEnd("viewer");
      else if (this.#backend.readableEnded) this.#settle("backend", null);
      else {
        this.#fromViewer.start();
        this.#toViewer.start();
      }
    });
  }

  onBytes(from: Side): void {
    if (from === "viewer") this.#idleTimer?.refresh();
  }

  onEnd(by: Side): void {
    if (this.#resolve === null) return;
    // Without its ClientInit the backend has nothing for it. RFC 6143 §7.3.1
    if (by === "viewer" && this.#firstToEnd === null && this.bytesFromViewer === 0) {
      this.#settle(by, null);
      return;
    }
    if (this.#firstToEnd === null) {
      this.#firstToEnd = by;
      this.#halfClosedTimer = setTimeout(() => {
        this.#settle(by, null);
      }, HALF_CLOSED_LIMIT_MS[by]);
      return;
    }
    this.#settleWhenViewerHasAll();
  }

  /** Both have said all they had: what is left is to write the last of it to the viewer. */
  #settleWhenViewerHasAll(): void {
    const endedBy = this.#firstToEnd ?? "backend";
    if (this.#viewer.writableFinished) this.#settle(endedBy, null);
    else
      this.#viewer.once("finish", () => {
        this.#settle(endedBy, null);
      });
  }

  readonly #onAbort = (): void => {
    this.#settle("aborted", null);
  };

  readonly #onViewerClose = (): void => {
    if (this.#resolve !== null) this.#fromViewer.takeRest();
    this.#settle(this.#firstToEnd ?? "viewer", this.#viewer.errored);
  };

  readonly #onBackendClose = (): void => {
    if (this.#toViewer.ended) this.#settleWhenViewerHasAll();
    else this.#settle(this.#firstToEnd ?? "backend", this.#backend.errored);
  };

  #settle(endedBy: RelayEnding, error: Error | null): void {
    const resolve = this.#resolve;
    if (resolve === null) return;
    this.#resolve = null;
    if (this.#idleTimer !== null) clearTimeout(this.#idleTimer);
    if (this.#halfClosedTimer !== null) clearTimeout(this.#halfClosedTimer);
    this.#signal.removeEventListener("abort", this.#onAbort);
    this.#fromViewer.stop();
    this.#toViewer.stop();
    closeAfterLastBytes(this.#backend);
    resolve({
      endedBy,
      error,
      bytesFromViewer: this.bytesFromViewer,
      bytesToViewer: this.bytesToViewer,
    });
  }
}

/** Destroys the backend once what the viewer sent has been written to it, or cannot be. */
function closeAfterLastBytes(backend: Duplex): void {
  if (backend.destroyed) return;
  // What it still sends has nowhere to go.
  backend.removeAllListeners("data");
  const timer = setTimeout(() => {
    backend.destroy();
  }, FLUSH_TIMEOUT_MS);
  // Nobody waits for it: the session is over.
  timer.unref();
  backend.once("close", () => {
    clearTimeout(timer);
  });
  backend.end(() => {
    backend.destroy();
  });
}

function ignore(): void {
  // "close" follows, and tells.
}
