import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { duplexPair } from "node:stream";
import { describe, it, type TestContext } from "node:test";
import { ByteReader, createLendingSocket } from "@nova-console/byte-stream";
import { relay } from "./relay.ts";

const noDeadline = new AbortController().signal;
const limits = { idleTimeoutMs: 0 };

async function listening(t: TestContext): Promise<{ server: Server; port: number }> {
  const server = createServer({ allowHalfOpen: true });
  t.after(() => server.close());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  return { server, port: address.port };
}

/** Two ends of a TCP connection; ours is a lending socket if it is to lend. */
async function pair(t: TestContext, lends: boolean): Promise<{ near: Socket; far: Socket }> {
  const { server, port } = await listening(t);
  const accepted = once(server, "connection") as Promise<[Socket]>;
  const near = lends ? createLendingSocket() : connect({ port, host: "127.0.0.1" });
  if (lends) near.connect({ port, host: "127.0.0.1" });
  await once(near, "connect");
  const [far] = await accepted;
  t.after(() => {
    near.destroy();
    far.destroy();
  });
  return { near, far };
}

describe("relay() from a socket that lends its bytes", { timeout: 30_000 }, () => {
  it("gives what a handshake left first, and the rest unharmed to viewers that are behind", async (t) => {
    // Several at a time, as all are read into one buffer.
    const sessions = Array.from({ length: 4 }, async () => {
      const backend = await pair(t, true);
      const viewer = await pair(t, false);
      const sent = Buffer.concat([Buffer.from("RFB 003.008\n"), randomBytes(8_000_000)]);
      backend.far.end(sent);
      const reader = new ByteReader(backend.near, noDeadline);
      const version = await reader.readExact(12);
      reader.release();
      const ended = relay(viewer.near, backend.near, limits, noDeadline);
      const hash = createHash("sha256").update(version);
      // A viewer that rests after each piece: what it has not taken waits on our side.
      for await (const chunk of viewer.far as AsyncIterable<Buffer>) {
        hash.update(chunk);
        await new Promise((resolve) => setImmediate(resolve));
      }
      viewer.far.end();
      const { bytesToViewer, endedBy } = await ended;
      assert.equal(hash.digest("hex"), createHash("sha256").update(sent).digest("hex"));
      assert.deepEqual([bytesToViewer, endedBy], [8_000_000, "backend"]);
    });
    await Promise.all(sessions);
  });

  it("takes no more than two reads while the viewer does not read, and goes on when it does", async (t) => {
    const backend = await pair(t, true);
    const viewer = await pair(t, false);
    viewer.near.setNoDelay(true);
    const ended = relay(viewer.near, backend.near, limits, noDeadline);
    const sent = randomBytes(30_000_000);
    backend.far.end(sent);
    while (!backend.near.isPaused()) await new Promise((resolve) => setImmediate(resolve));
    assert.ok(viewer.near.writableLength <= 2 * 65_536);
    const hash = createHash("sha256");
    for await (const chunk of viewer.far as AsyncIterable<Buffer>) hash.update(chunk);
    viewer.far.end();
    await ended;
    assert.equal(hash.digest("hex"), createHash("sha256").update(sent).digest("hex"));
  });

  it("leaves other sessions their turn, however much a backend has to draw", async (t) => {
    const backend = await pair(t, true);
    const [viewer, nearViewer] = duplexPair();
    let turnBytes = 0;
    let mostBytes = 0;
    // As the WebSocket's end of a viewer that takes whatever it is given.
    Object.assign(nearViewer, {
      waitingBytes: 0,
      writeBorrowed: (chunk: Buffer) => {
        if (turnBytes === 0) setImmediate(() => (turnBytes = 0));
        turnBytes += chunk.length;
        mostBytes = Math.max(mostBytes, turnBytes);
      },
    });
    backend.far.end(Buffer.alloc(8_000_000));
    const ended = relay(nearViewer, backend.near, limits, noDeadline);
    viewer.resume().on("end", () => viewer.end());
    const { bytesToViewer } = await ended;
    assert.equal(bytesToViewer, 8_000_000);
    assert.ok(mostBytes <= 8 * 65_536, `${mostBytes} bytes in one turn`);
  });

  it("tells a backend that broke from one that ended", async (t) => {
    const backend = await pair(t, true);
    const viewer = await pair(t, false);
    const ended = relay(viewer.near, backend.near, limits, noDeadline);
    backend.far.write("x");
    await once(viewer.far, "data");
    backend.far.resetAndDestroy();
    const { endedBy, error } = await ended;
    assert.equal(endedBy, "backend");
    assert.ok(error !== null && "code" in error);
    assert.equal(error.code, "ECONNRESET");
  });

  for (const [gone, behind] of [
    ["viewer", "backend"],
    ["backend", "viewer"],
  ] as const) {
    it(`sees within seconds that a ${gone} was reset that is not read, as the ${behind} is behind`, async (t) => {
      const ends = { backend: await pair(t, true), viewer: await pair(t, false) };
      const ended = relay(ends.viewer.near, ends.backend.near, limits, noDeadline);
      const chunk = Buffer.alloc(65_536);
      const pump = (): void => {
        while (ends[gone].far.writable && ends[gone].far.write(chunk));
      };
      ends[gone].far.on("drain", pump);
      pump();
      while (!ends[gone].near.isPaused()) await new Promise((resolve) => setImmediate(resolve));
      ends[gone].far.resetAndDestroy();
      const { endedBy } = await ended;
      assert.equal(endedBy, gone);
    });
  }
});
