import type { Duplex } from "node:stream";

/** How often a stalled source is probed. */
const PROBE_INTERVAL_MS = 1_000;

const NOTHING = Buffer.alloc(0);

/** The sources that are not read, because their destination is behind; whether each was probed once. */
const stalled = new Map<Duplex, boolean>();
let timer: NodeJS.Timeout | null = null;

/**
 * Probes a source until {@link stopProbing}: Node does not see the reset of a connection that is not
 * read. An empty write sends nothing, and fails if the connection is gone.
 */
export function startProbing(source: Duplex): void {
  stalled.set(source, false);
  // One timer for all, which outlives short stalls: bulk stalls and goes on a thousand times a second.
  timer ??= setInterval(probeAll, PROBE_INTERVAL_MS).unref();
}

/** Ends what {@link startProbing} began. */
export function stopProbing(source: Duplex): void {
  stalled.delete(source);
}

function probeAll(): void {
  if (stalled.size === 0 && timer !== null) {
    clearInterval(timer);
    timer = null;
  }
  for (const [source, hasWaited] of stalled) {
    // A write that waits fails by itself when the connection is reset.
    if (hasWaited && source.writable && source.writableLength === 0) source.write(NOTHING);
    else stalled.set(source, true);
  }
}
