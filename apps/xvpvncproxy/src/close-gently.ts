import type { Duplex } from "node:stream";

/** How long a viewer may take to read the last words and to close. */
const LINGER_MS = 2_000;

/**
 * Ends a connection so that what was written last arrives: closing while the peer still sends would
 * be a reset, which throws away what it has not read yet.
 */
export function closeGently(viewer: Duplex): void {
  if (viewer.destroyed) return;
  const timer = setTimeout(() => viewer.destroy(), LINGER_MS);
  viewer.once("close", () => {
    clearTimeout(timer);
  });
  // Node destroys it when both directions have ended.
  viewer.end();
  viewer.resume();
}
