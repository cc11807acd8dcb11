/** The mask of every frame here; which one it is does not matter to a server. */
const MASK = Buffer.from("37fa213d", "hex");

/**
 * A viewer's WebSocket frame as it is on the wire: final, and masked.
 *
 * @param opcode - 2 binary, 8 close, 9 ping
 * @see RFC 6455 §5.2
 */
export function clientFrame(payload: Buffer, opcode = 2): Buffer {
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head.writeUInt8(0x80 | opcode, 0);
  if (length < 126) head.writeUInt8(0x80 | length, 1);
  else if (length < 65_536) {
    head.writeUInt8(0x80 | 126, 1);
    head.writeUInt16BE(length, 2);
  } else {
    head.writeUInt8(0x80 | 127, 1);
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat([head, MASK, payload.map((byte, at) => byte ^ (MASK[at & 3] ?? 0))]);
}

/** A viewer's close frame with code 1000. */
export function clientCloseFrame(): Buffer {
  return clientFrame(Buffer.of(0x03, 0xe8), 8);
}

/** A request for a WebSocket, as a page of the proxy's own makes it. */
export function upgradeRequest(url: URL): Buffer {
  return Buffer.from(
    `GET ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\nOrigin: http://${url.host}\r\n` +
      "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: binary\r\n\r\n",
  );
}
