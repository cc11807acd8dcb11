/**
 * Makes a peer's bytes fit for a log line or an error: ASCII, one line, nothing that a terminal
 * obeys.
 */
export function printable(bytes: Buffer): string {
  return bytes.toString("latin1").replace(/[^\x20-\x7e]/g, ".");
}
