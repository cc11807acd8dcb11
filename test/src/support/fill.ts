import { once } from "node:events";
import type { Socket } from "node:net";

const CHUNK_BYTES = 65_536;

/** Bytes that tell by their value where in a stream they stand. */
export function patterned(byteCount: number): Buffer {
  return Buffer.from(
    Uint32Array.from({ length: Math.ceil(byteCount / 4) }, (_, at) => at).buffer,
  ).subarray(0, byteCount);
}

/** Writes the same bytes again and again as fast as the peer takes them, holding one chunk at most. */
export async function flood(socket: Socket, byteCount: number): Promise<void> {
  const chunk = patterned(CHUNK_BYTES);
  for (let sent = 0; sent < byteCount; sent += CHUNK_BYTES) {
    if (!socket.write(chunk)) await once(socket, "drain");
  }
}
