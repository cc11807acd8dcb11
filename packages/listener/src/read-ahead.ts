import { getDefaultHighWaterMark, setDefaultHighWaterMark } from "node:stream";

/**
 * Most bytes that Node reads of a connection while nobody takes them. Each read, or record of TLS, costs
 * some 300 bytes beside its own, which no high-water mark counts: Node's own 64 KiB, one by one, are 20 MiB.
 */
export const READ_AHEAD_BYTES = 16_384;

/** Makes sockets with {@link READ_AHEAD_BYTES} where Node takes no such option: `tls.Server` has none. */
export function withReadAhead(makeSockets: () => void): void {
  const before = getDefaultHighWaterMark(false);
  setDefaultHighWaterMark(false, READ_AHEAD_BYTES);
  try {
    makeSockets();
  } finally {
    setDefaultHighWaterMark(false, before);
  }
}
