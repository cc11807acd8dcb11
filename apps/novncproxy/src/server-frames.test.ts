import assert from "node:assert/strict";
import { once } from "node:events";
import type { Socket } from "node:net";
import { afterEach, beforeEach, describe, it } from "node:test";
import { buffer } from "node:stream/consumers";
import fc from "fast-check";
import { closeFrame, frame, opcodes, type RawClient } from "./testing/raw-client.ts";
import { TestProxy, type TestSettings } from "./testing/test-proxy.ts";

const MIB = 1024 ** 2;

let proxy: TestProxy;
let client: RawClient;
let server: Socket;
beforeEach(async () => {
  proxy = await TestProxy.start();
  ({ client, server } = await proxy.open());
});
afterEach(async () => {
  client.socket.destroy();
  await proxy.stop();
});

async function restart(settings: TestSettings): Promise<void> {
  client.socket.destroy();
  await proxy.stop();
  proxy = await TestProxy.start(settings);
  ({ client, server } = await proxy.open());
}

/** What the backend gets up to its end. */
async function atServer(): Promise<string> {
  const bytes = await buffer(server);
  server.end();
  return bytes.toString("latin1");
}

describe("frames from a viewer", { timeout: 30_000 }, () => {
  it("are joined when a message is in fragments, with a ping between", async () => {
    client.send(frame("one ", { final: false }));
    client.send(frame("?", { opcode: opcodes.ping }));
    client.send(frame("two ", { opcode: opcodes.continuation, final: false }));
    client.send(frame("three", { opcode: opcodes.continuation }));
    assert.deepEqual(await client.frame(), { opcode: opcodes.pong, payload: Buffer.from("?") });
    client.send(closeFrame(1000));
    assert.equal(await atServer(), "one two three");
  });

  it("are forwarded if empty, not minimal or unasked for", async () => {
    client.send(frame(""));
    client.send(frame("x", { opcode: opcodes.pong }));
    client.send(frame("a"));
    client.send(Buffer.from([0x82, 0xfe, 0, 1, 0, 0, 0, 0, 0x62]));
    client.send(closeFrame(1000));
    assert.equal(await atServer(), "ab");
  });

  for (const length of [0, 3, 125]) {
    it(`are answered if a ping of ${length} bytes`, async () => {
      const payload = Buffer.alloc(length, 7);
      client.send(frame(payload, { opcode: opcodes.ping }));
      assert.deepEqual(await client.frame(), { opcode: opcodes.pong, payload });
    });
  }

  it("carry any bytes in any frames and segments", async () => {
    const chunk = fc.uint8Array({ minLength: 1, maxLength: 300 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(chunk, { minLength: 1 }),
        fc.integer({ min: 1, max: 97 }),
        async (chunks, cut) => {
          const wire = Buffer.concat(chunks.map((bytes) => frame(Buffer.from(bytes))));
          for (let at = 0; at < wire.length; at += cut) client.send(wire.subarray(at, at + cut));
          const expected = Buffer.concat(chunks);
          let received = Buffer.alloc(0);
          while (received.length < expected.length) {
            received = Buffer.concat([received, (await once(server, "data"))[0] as Buffer]);
          }
          assert.deepEqual(received, expected);
        },
      ),
      { numRuns: 30 },
    );
  });

  it("carry any bytes in short, long and split messages with pings among them, in order", async () => {
    const { continuation, ping } = opcodes;
    const kinds: ((bytes: Buffer) => Buffer[])[] = [
      (bytes) => [frame(bytes)],
      (bytes) => [frame(bytes), frame("?", { opcode: ping })],
      (bytes) => [frame(Buffer.concat([bytes, Buffer.alloc(5000, 7)]))],
      (bytes) => [
        frame(bytes, { final: false }),
        frame("?", { opcode: ping }),
        frame(bytes, { opcode: continuation }),
      ],
    ];
    const message = fc.tuple(fc.nat(3), fc.uint8Array({ minLength: 1, maxLength: 200 }));
    await fc.assert(
      fc.asyncProperty(
        fc.array(message, { minLength: 1 }),
        fc.integer({ min: 1, max: 999 }),
        async (messages, cut) => {
          const wire = Buffer.concat(
            messages.flatMap(([kind, bytes]) => kinds[kind]?.(Buffer.from(bytes)) ?? []),
          );
          for (let at = 0; at < wire.length; at += cut) client.send(wire.subarray(at, at + cut));
          const expected = Buffer.concat(
            messages.flatMap(([kind, bytes]) => [
              bytes,
              ...(kind === 2 ? [Buffer.alloc(5000, 7)] : kind === 3 ? [bytes] : []),
            ]),
          );
          let received = Buffer.alloc(0);
          while (received.length < expected.length) {
            received = Buffer.concat([received, (await once(server, "data"))[0] as Buffer]);
          }
          assert.deepEqual(received, expected);
        },
      ),
      { numRuns: 60 },
    );
  });

  const header = (...bytes: number[]): Buffer => Buffer.from([...bytes, 0, 0, 0, 0]);
  const misbehaving: [string, Buffer, number][] = [
    ["text", frame("x", { opcode: opcodes.text }), 1003],
    [
      "a text fragment that ends",
      Buffer.concat([frame("x", { opcode: 1, final: false }), frame("y", { opcode: 0 })]),
      1003,
    ],
    ["not masked", frame("x", { masked: false }), 1002],
    ["of opcode 3", frame("x", { opcode: 3 }), 1002],
    ["of opcode 11", frame("x", { opcode: 11 }), 1002],
    ["a continuation of nothing", frame("x", { opcode: 0 }), 1002],
    [
      "a new message inside of one",
      Buffer.concat([frame("x", { final: false }), frame("y")]),
      1002,
    ],
    ["a fragmented ping", frame("x", { opcode: opcodes.ping, final: false }), 1002],
    ["a ping of 126 bytes", frame(Buffer.alloc(126), { opcode: opcodes.ping }), 1002],
    ["marked as compressed", header(0xc2, 0x80), 1002],
    ["longer than the buffer limit", header(0x82, 0xff, 0, 0, 0, 0, 0, 0x10, 0, 1), 1009],
    ["of 2^62 bytes", header(0x82, 0xff, 0x40, 0, 0, 0, 0, 0, 0, 0), 1009],
    ["of 2^63 - 1 bytes", header(0x82, 0xff, 0x7f, 255, 255, 255, 255, 255, 255, 255), 1009],
    ["of 2^64 - 1 bytes", header(0x82, 0xff, 255, 255, 255, 255, 255, 255, 255, 255), 1009],
    ["a close of 1 byte", frame("x", { opcode: opcodes.close }), 1002],
    ["a close with code 1005", closeFrame(1005), 1002],
    ["a close with bad UTF-8", frame(Buffer.of(3, 232, 0xff), { opcode: opcodes.close }), 1007],
  ];
  for (const [name, bytes, code] of misbehaving) {
    it(`end the connection with ${code} if ${name}`, async () => {
      const ended = buffer(server);
      client.send(bytes);
      client.send(frame("later frames are not forwarded"));
      assert.equal((await client.close())[0], code);
      client.send(closeFrame(code));
      assert.equal((await ended).toString(), "");
      server.end();
      await client.rest();
      await proxy.proxy.stop();
      assert.match(proxy.log.join(), /viewer WebSocket: /);
    });
  }

  it("are echoed if a close, with its code and reason", async () => {
    client.send(closeFrame(4000, "bye"));
    await atServer();
    assert.deepEqual(await client.close(), [4000, "bye"]);
  });

  it("are answered if a close without payload", async () => {
    client.send(frame("", { opcode: opcodes.close }));
    await atServer();
    assert.deepEqual(await client.frame(), { opcode: opcodes.close, payload: Buffer.alloc(0) });
  });

  it("end the connection if a message never ends in tiny fragments", async () => {
    const fragment = frame("x", { opcode: 0, final: false });
    const flood = Buffer.concat(Array.from({ length: 100_000 }, () => fragment));
    const heapBefore = process.memoryUsage().heapUsed;
    client.send(frame("x", { final: false }));
    client.send(flood);
    assert.equal((await client.close())[0], 1008);
    assert.ok(process.memoryUsage().heapUsed - heapBefore < 64 * MIB);
    server.end();
  });

  /** One byte in each of so many fragments of one message. */
  const fragmented = (count: number): Buffer =>
    Buffer.concat(
      Array.from({ length: count }, (_, at) =>
        frame("x", { opcode: at === 0 ? opcodes.binary : 0, final: at === count - 1 }),
      ),
    );

  it("are joined from 64 fragments, and not from 65", async () => {
    client.send(fragmented(64));
    let received = 0;
    while (received < 64) received += ((await once(server, "data"))[0] as Buffer).length;
    const ended = buffer(server);
    client.send(fragmented(65));
    assert.deepEqual(await client.close(), [1008, ""]);
    assert.equal((await ended).length, 0);
    server.end();
  });

  it("are joined from 12 fragments where the viewer is only told why not", async () => {
    for (const [count, isHeard] of [
      [12, true],
      [13, false],
    ] as const) {
      const refused = await proxy.upgrade("/?token=unknown");
      await refused.head();
      await refused.binary();
      const version = Buffer.from("RFB 003.008\n");
      const pieces = Array.from(version, (byte) => Buffer.of(byte));
      // An empty piece more is no byte more.
      if (count > pieces.length) pieces.unshift(Buffer.alloc(0));
      pieces.forEach((piece, at) => {
        const final = at === count - 1;
        refused.send(frame(piece, { opcode: at === 0 ? opcodes.binary : 0, final }));
      });
      const { opcode } = await refused.frame();
      assert.equal(opcode, isHeard ? opcodes.binary : opcodes.close);
      refused.socket.destroy();
    }
  });

  it("end the connection if pings are sent without reading the pongs", async () => {
    const flood = Buffer.concat(
      Array.from({ length: 1000 }, () => frame(Buffer.alloc(125), { opcode: 9 })),
    );
    client.socket.pause();
    const closed = once(server.resume(), "end");
    const pump = (): void => {
      while (client.socket.writable && client.socket.write(flood));
    };
    client.socket.on("drain", pump);
    pump();
    await closed;
    server.end();
  });

  it("are taken at line speed up to the limit", async () => {
    await restart({ session: { bufferLimitBytes: 32 * MIB } });
    const bytes = Buffer.alloc(20 * MIB, 7);
    const started = performance.now();
    client.send(frame(bytes));
    let received = 0;
    server.on("data", (chunk: Buffer) => (received += chunk.length));
    while (received < bytes.length) await once(server, "data");
    assert.ok(performance.now() - started < 15_000);
  });
});

describe("a stalled peer", { timeout: 60_000 }, () => {
  /** Writes until nothing is taken any more for a while, and says how much was. */
  async function fill(socket: Socket, piece: Buffer): Promise<number> {
    let pieces = 0;
    for (;;) {
      while (socket.write(piece)) pieces += 1;
      pieces += 1;
      const stuck = new Promise<boolean>((resolve) => {
        const timer = setTimeout(resolve, 300, true);
        socket.once("drain", () => {
          clearTimeout(timer);
          resolve(false);
        });
      });
      if (await stuck) return pieces * piece.length;
    }
  }

  it("stops a fast backend, with the memory bounded and nothing lost", async () => {
    client.socket.pause();
    const before = process.memoryUsage();
    const piece = Buffer.alloc(65_536, 7);
    const sent = await fill(server, piece);
    const after = process.memoryUsage();
    const grown = after.external + after.arrayBuffers - before.external - before.arrayBuffers;
    assert.ok(sent < 64 * MIB, `${sent} bytes were taken`);
    assert.ok(grown < 16 * MIB, `${grown} bytes are held`);
    client.socket.resume();
    server.end();
    let received = 0;
    while (received < sent) received += (await client.binary()).length;
    assert.deepEqual(await client.close(), [1000, "Target closed"]);
  });

  it("stops a fast viewer, with nothing lost", async () => {
    const sent = await fill(client.socket, frame(Buffer.alloc(10_000, 7)));
    const overhead = frame(Buffer.alloc(10_000)).length;
    assert.ok(sent < 64 * MIB, `${sent} bytes were taken`);
    client.send(closeFrame(1000));
    const received = (await buffer(server)).length;
    assert.equal(received, (sent / overhead) * 10_000);
    server.end();
  });
});

describe("pings", { timeout: 30_000 }, () => {
  beforeEach(async () => {
    await restart({ pingIntervalMs: 250 });
  });

  it("keep a viewer that answers, and end one that does not", async () => {
    for (let round = 0; round < 3; round++) {
      const { opcode, payload } = await client.frame();
      assert.equal(opcode, opcodes.ping);
      client.send(frame(payload, { opcode: opcodes.pong }));
    }
    const ended = buffer(server);
    assert.equal((await client.frame()).opcode, opcodes.ping);
    await client.rest();
    assert.equal((await ended).length, 0);
    server.end();
  });

  it("are sent to a viewer that came after the last one had left", async () => {
    client.socket.destroy();
    await once(server.resume(), "end");
    server.end();
    ({ client, server } = await proxy.open());
    for (let round = 0; round < 2; round++) {
      assert.equal((await client.frame()).opcode, opcodes.ping);
      client.send(frame("", { opcode: opcodes.pong }));
    }
  });

  it("take what a viewer sends for an answer", async () => {
    for (let round = 0; round < 3; round++) {
      assert.equal((await client.frame()).opcode, opcodes.ping);
      client.send(frame("x"));
    }
  });
});
