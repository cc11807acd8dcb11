import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { buffer } from "node:stream/consumers";
import { refuseWith } from "./testing/fake-backend.ts";
import { closeFrame, frame, opcodes, type RawClient } from "./testing/raw-client.ts";
import { TestProxy } from "./testing/test-proxy.ts";

const VERSION = "RFB 003.008\n";

let proxy: TestProxy;
before(async () => {
  proxy = await TestProxy.start();
});
after(() => proxy.stop());

/** Reads a refusal as noVNC does: 101, version, zero types with a reason, close. */
async function refusal(client: RawClient): Promise<{ reason: string; close: [number, string] }> {
  assert.match(await client.head(), /^HTTP\/1\.1 101 /);
  assert.equal((await client.binary()).toString(), VERSION);
  client.send(frame(VERSION));
  const failure = await client.binary();
  assert.equal(failure.readUInt8(0), 0);
  assert.equal(failure.readUInt32BE(1), failure.length - 5);
  const close = await client.close();
  client.send(closeFrame(close[0]));
  assert.equal(await client.rest(), "");
  return { reason: failure.subarray(5).toString(), close };
}

describe("a refusal on 6080", { timeout: 30_000 }, () => {
  const invalid = "token is unknown or expired: open the console again from the dashboard";
  const missing = "no console token given: open the console again from the dashboard";
  const cases: [string, string, number, string][] = [
    ["an unknown token", "/?token=bad", 1008, invalid],
    ["a token with a space more", "/?token=good%20", 1008, invalid],
    ["a token in upper case", "/?token=GOOD", 1008, invalid],
    ["no token", "/", 1008, missing],
    ["an empty token", "/?token=", 1008, missing],
    ["a serial console", "/?token=serial", 1008, "this token is not for a VNC console"],
    [
      "a backend that is not there",
      "/?token=dead",
      1011,
      "the instance's screen cannot be reached",
    ],
  ];
  before(() => {
    proxy.tokens.add("serial", { consoleType: "serial" });
    proxy.tokens.add("dead", { port: 1 });
  });
  for (const [name, target, code, words] of cases) {
    it(`tells the reason for ${name} in RFB and in the close frame`, async () => {
      const { reason, close } = await refusal(await proxy.upgrade(target));
      assert.deepEqual([reason, close], [words, [code, words]]);
    });
  }

  it("does not tell what the backend said", async () => {
    const angry = await TestProxy.start({}, {}, refuseWith("<img src=x onerror=alert(1)>"));
    const { reason, close } = await refusal(await angry.upgrade());
    await angry.stop();
    assert.equal(reason, "the instance's screen refused the connection");
    assert.deepEqual(close, [1011, reason]);
  });

  it("answers a viewer of RFB 3.3 in its form", async () => {
    const client = await proxy.upgrade("/?token=bad");
    await client.head();
    await client.binary();
    client.send(frame("RFB 003.003\n"));
    assert.equal((await client.binary()).readUInt32BE(0), 0);
    client.socket.destroy();
  });

  it("gives who speaks no RFB the close frame alone", async () => {
    const client = await proxy.upgrade("/?token=bad");
    await client.head();
    await client.binary();
    client.send(frame(Buffer.alloc(12, 0xff)));
    assert.deepEqual(await client.close(), [1008, invalid]);
    client.socket.destroy();
  });

  it("does not wait for ever for who says nothing", async () => {
    const hasty = await TestProxy.start({ session: { handshakeTimeoutMs: 400 } });
    const client = await hasty.upgrade();
    await client.head();
    await client.binary();
    const [code] = await client.close();
    assert.equal(code, 1001);
    client.socket.destroy();
    await hasty.stop();
  });

  it("holds little of what a refused viewer sends", async () => {
    const client = await proxy.upgrade("/?token=bad");
    await client.head();
    await client.binary();
    client.send(frame(Buffer.alloc(5000)));
    assert.equal((await client.close())[0], 1009);
    client.socket.destroy();
  });

  it("cuts a refused viewer that sends a message in more pieces than a version has", async () => {
    const client = await proxy.upgrade("/?token=bad");
    await client.head();
    await client.binary();
    const piece = frame("x", { opcode: opcodes.continuation, final: false });
    client.send(Buffer.concat([frame("x", { final: false }), ...Array<Buffer>(12).fill(piece)]));
    const { opcode, payload } = await client.frame();
    assert.deepEqual([opcode, payload.readUInt16BE(0)], [opcodes.close, 1008]);
    client.socket.destroy();
  });

  it("holds of early bytes no more than themselves, whatever they came with", async () => {
    const silent = createServer((socket) => socket.resume()).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as AddressInfo;
    const waiting = await TestProxy.start({}, { port });
    const client = await waiting.upgrade();
    await client.head();
    await client.binary();
    client.send(frame("RFB 003.008\n"));
    const pong = frame(Buffer.alloc(125), { opcode: opcodes.pong });
    const read = Buffer.concat([frame("x"), ...Array<Buffer>(500).fill(pong)]);
    const before = process.memoryUsage().arrayBuffers;
    for (let round = 0; round < 1_000; round++) {
      if (!client.socket.write(read)) await once(client.socket, "drain");
    }
    client.send(frame("?", { opcode: opcodes.ping }));
    await client.frame();
    assert.ok(process.memoryUsage().arrayBuffers - before < 32 * 1024 ** 2);
    client.socket.destroy();
    await waiting.stop();
    silent.close();
  });

  it("refuses the ninth session of a token", async () => {
    const crowded = await TestProxy.start({ session: { maxSessionsPerToken: 1 } });
    const { client: first } = await crowded.open();
    const { close } = await refusal(await crowded.upgrade());
    assert.equal(close[0], 1013);
    first.socket.destroy();
    await crowded.stop();
  });
});

describe("a console on 6080", { timeout: 30_000 }, () => {
  let proxy: TestProxy;
  beforeEach(async () => {
    proxy = await TestProxy.start();
  });
  afterEach(() => proxy.stop());

  it("opens for a token in the query, in path= and in the cookie", async () => {
    for (const target of [
      "/?token=good",
      "/x/y?a=1&token=good",
      "/vnc.html?path=%3Ftoken%3Dgood",
    ]) {
      const { client } = await proxy.open(target);
      client.socket.destroy();
    }
    const client = await proxy.upgrade("/websockify", { Cookie: "a=b; token=good" });
    await client.head();
    await client.binary();
    client.send(frame(VERSION));
    assert.deepEqual(await client.binary(), Buffer.of(1, 1));
    client.socket.destroy();
  });

  it("carries bytes both ways, each write of the backend as one binary frame", async () => {
    const { client, server } = await proxy.open();
    client.send(frame("to the server"));
    assert.equal(String((await once(server, "data"))[0]), "to the server");
    server.write("to the viewer");
    const { opcode, payload } = await client.frame();
    assert.deepEqual([opcode, payload.toString()], [opcodes.binary, "to the viewer"]);
    client.socket.destroy();
  });

  it("takes the whole handshake in one segment with the upgrade", async () => {
    const behind = Buffer.concat([
      frame(VERSION),
      frame(Buffer.of(1)),
      frame("ClientInit and more"),
    ]);
    const client = await proxy.upgrade("/?token=good", {}, behind);
    await client.head();
    const server = await proxy.backend.next();
    assert.equal(String((await once(server, "data"))[0]), "ClientInit and more");
    client.socket.destroy();
  });

  it("takes the handshake byte by byte, in a frame for each", async () => {
    const client = await proxy.upgrade();
    await client.head();
    await client.binary();
    for (const byte of Buffer.from(VERSION)) client.send(frame(Buffer.of(byte)));
    assert.deepEqual(await client.binary(), Buffer.of(1, 1));
    for (const byte of frame(Buffer.of(1))) client.send(Buffer.of(byte));
    assert.deepEqual(await client.binary(), Buffer.alloc(4));
    client.socket.destroy();
  });

  it("ends with 1000 Target closed after the backend's last bytes", async () => {
    for (let round = 0; round < 20; round++) {
      const { client, server } = await proxy.open();
      server.end("last words");
      assert.equal((await client.binary()).toString(), "last words");
      assert.deepEqual(await client.close(), [1000, "Target closed"]);
      client.send(closeFrame(1000));
      assert.equal(await client.rest(), "");
    }
  });

  it("delivers all of a long last message", async () => {
    const { client, server } = await proxy.open();
    const bytes = Buffer.alloc(3_000_000, 7);
    server.end(bytes);
    let received = 0;
    while (received < bytes.length) received += (await client.binary()).length;
    assert.deepEqual(await client.close(), [1000, "Target closed"]);
    client.socket.destroy();
  });

  it("delivers what comes in one segment with the close frame", async () => {
    const { client, server } = await proxy.open();
    client.send(Buffer.concat([frame("one "), frame("two"), closeFrame(1000, "bye")]));
    assert.equal((await buffer(server)).toString(), "one two");
    server.end();
    assert.deepEqual(await client.close(), [1000, "bye"]);
    assert.equal(await client.rest(), "");
  });

  it("ends when the viewer ends without a close frame", async () => {
    const { client, server } = await proxy.open();
    client.send(frame("bye"));
    client.socket.end();
    assert.equal((await buffer(server)).toString(), "bye");
    server.end();
    await client.rest();
  });

  it("ends when the viewer's connection is reset", async () => {
    const { client, server } = await proxy.open();
    client.socket.resetAndDestroy();
    await once(server.resume(), "end");
    server.end();
  });

  it("goes on after its token was deleted", async () => {
    const { client, server } = await proxy.open("/?token=good");
    server.write("still here");
    assert.equal((await client.binary()).toString(), "still here");
    client.socket.destroy();
  });

  it("writes one line to the log at its end, which holds no token", async () => {
    proxy.tokens.add("s3cret token/+", { port: proxy.backend.port });
    const escaped = encodeURIComponent("s3cret token/+");
    const { client, server } = await proxy.open(`/?token=${escaped}`);
    server.end("bye");
    await client.binary();
    await client.close();
    client.send(closeFrame(1000));
    await client.rest();
    const cookie = { Cookie: 'token="s3cret token/+"', Referer: `http://h/?token=${escaped}` };
    for (const [target, headers] of [
      [`/?path=${encodeURIComponent(`?token=${escaped}`)}`, { Origin: "http://evil" }],
      ["/", { ...cookie, Host: "a/b" }],
    ] as const) {
      await (await proxy.upgrade(target, headers)).rest();
    }
    const ends = proxy.log.filter((line) => line.startsWith("session closed"));
    assert.equal(ends.length, 3);
    assert.match(ends[0] ?? "", /"reason":"backend-closed"/);
    assert.match(ends[0] ?? "", /"bytesFromViewer":0,"bytesToViewer":3/);
    assert.doesNotMatch(proxy.log.join("\n"), /s3cret/);
  });
});
