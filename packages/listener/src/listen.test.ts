import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { connect, type Socket } from "node:net";
import { duplexPair, type Duplex } from "node:stream";
import { finished } from "node:stream/promises";
import { after, afterEach, describe, it } from "node:test";
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from "node:tls";
import fc from "fast-check";
import { codeOf, TlsSettingsError } from "./errors.ts";
import type { ConnectionInfo, Listener, ListenOptions } from "./listen-options.ts";
import { listen } from "./listen.ts";
import { loadTlsSettings } from "./load-tls-settings.ts";
import { makeTestCertificate } from "./testing.ts";
import type { TlsSettings } from "./tls-settings.ts";
import { networksOf } from "./trusted-peers.ts";

const certificate = makeTestCertificate();
after(() => {
  certificate.remove();
});
const settings = loadTlsSettings({
  cert: certificate.certFile,
  key: certificate.keyFile,
  sslOnly: true,
  ciphers: null,
  minimumVersion: "default",
});
assert.ok(settings !== null);
const tls: TlsSettings = settings;

interface Arrived {
  readonly socket: Socket | TLSSocket;
  readonly info: ConnectionInfo;
}

/** What a listener told, in order, awaitable one by one. */
class Queue<T> {
  readonly #values: T[] = [];
  readonly #takers: ((value: T) => void)[] = [];

  put(value: T): void {
    const taker = this.#takers.shift();
    if (taker === undefined) this.#values.push(value);
    else taker(value);
  }

  take(): Promise<T> {
    const value = this.#values.shift();
    if (value !== undefined) return Promise.resolve(value);
    return new Promise((resolve) => this.#takers.push(resolve));
  }
}

class Bench {
  readonly arrived = new Queue<Arrived>();
  readonly refused = new Queue<string>();
  readonly sockets: Socket[] = [];
  readonly listener: Listener;

  private constructor(listener: Listener, queues: Pick<Bench, "arrived" | "refused">) {
    this.listener = listener;
    this.arrived = queues.arrived;
    this.refused = queues.refused;
  }

  static async open(change: Partial<ListenOptions> = {}): Promise<Bench> {
    const arrived = new Queue<Arrived>();
    const refused = new Queue<string>();
    const listener = await listen({
      host: "127.0.0.1",
      port: 0,
      tls,
      tlsOnly: false,
      firstByteTimeoutMs: 10_000,
      now: () => performance.now(),
      maxConnectionsPerAddress: 100,
      maxConnectionsWithoutToken: 10_000,
      onConnection: (socket, info) => {
        bench.sockets.push(socket);
        arrived.put({ socket, info });
      },
      onRefused: (address, why) => {
        refused.put(`${address}: ${why}`);
      },
      onLimit: (address, limit) => {
        refused.put(`${address}: ${limit}`);
      },
      ...change,
    });
    const bench: Bench = new Bench(listener, { arrived, refused });
    open.add(bench);
    return bench;
  }

  /** What is written before the connection stands is sent then. */
  connect(): Socket {
    const { host, port } = this.listener.address();
    const socket = connect({ host, port, allowHalfOpen: true, noDelay: true });
    this.sockets.push(socket);
    socket.on("error", () => undefined);
    return socket;
  }

  connectTls(options: ConnectionOptions = {}): TLSSocket {
    const { host, port } = this.listener.address();
    const wire = connect({ host, port, allowHalfOpen: true });
    wire.on("error", () => undefined);
    const socket = connectTls({
      ...{ socket: wire, servername: "localhost", ca: tls.cert },
      ...options,
    });
    this.sockets.push(socket);
    socket.on("error", () => undefined);
    return socket;
  }

  async close(): Promise<void> {
    await this.listener.close();
    for (const socket of this.sockets) socket.destroy();
  }
}

const open = new Set<Bench>();
afterEach(async () => {
  for (const bench of open) await bench.close();
  open.clear();
});

/** What writes to `wire` one byte at a time, and leaves `wire` itself to the test. */
function byteByByte(wire: Socket): Duplex {
  const [near, far] = duplexPair();
  far.on("data", (chunk: Buffer) => {
    for (const byte of chunk) wire.write(Buffer.of(byte));
  });
  far.on("end", () => wire.end());
  wire.on("data", (chunk) => far.write(chunk));
  return near;
}

/** Unlike `once`, whatever the error that led to it. */
function closeOf(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once("close", () => {
      resolve();
    });
  });
}

/** Unlike `for await`, it leaves a socket whose peer has ended open in every release of Node. */
async function readAll(socket: Socket): Promise<string> {
  let text = "";
  socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
  await finished(socket, { writable: false });
  return text;
}

const timeout = 10_000;

describe("listen()", { timeout }, () => {
  const text = "GET / HTTP/1.0\r\n\r\nand some more";

  it("hands a plain connection over with all its bytes in one segment", async () => {
    const bench = await Bench.open();
    const client = bench.connect();
    client.end(text);
    const { socket, info } = await bench.arrived.take();
    assert.deepEqual([info.secure, info.viewerAddress], [false, "127.0.0.1"]);
    assert.equal(await readAll(socket), text);
  });

  it("hands a plain connection over whose first byte came alone", async () => {
    const bench = await Bench.open();
    const client = bench.connect();
    client.write(text.slice(0, 1));
    const { socket } = await bench.arrived.take();
    client.end(text.slice(1));
    assert.equal(await readAll(socket), text);
  });

  it("hands a TLS connection over with all its bytes", async () => {
    const bench = await Bench.open();
    bench.connectTls().end(text);
    const { socket, info } = await bench.arrived.take();
    assert.deepEqual([info.secure, info.viewerAddress], [true, "127.0.0.1"]);
    assert.equal(await readAll(socket), text);
  });

  it("takes a ClientHello that comes byte by byte", async () => {
    const bench = await Bench.open();
    const wire = bench.connect();
    bench.connectTls({ socket: byteByByte(wire) }).end(text);
    const { socket } = await bench.arrived.take();
    assert.equal(await readAll(socket), text);
  });

  for (const secure of [false, true]) {
    const kind = secure ? "a TLS" : "a plain";

    it(`hands ${kind} connection over that http.Server can serve`, async () => {
      const http = createHttpServer((request, response) => {
        response.end(`you asked for ${request.url ?? ""}`);
      });
      const bench = await Bench.open({
        onConnection: (socket) => http.emit("connection", socket),
      });
      const client = secure ? bench.connectTls() : bench.connect();
      client.write("G");
      client.write("ET /console HTTP/1.0\r\n\r\n");
      assert.match(await readAll(client), /^HTTP\/1\.1 200 OK[^]*you asked for \/console$/);
    });

    it(`hands ${kind} connection over that stays open one way after the peer's end`, async () => {
      const bench = await Bench.open();
      const client = secure ? bench.connectTls() : bench.connect();
      client.end("question");
      const { socket } = await bench.arrived.take();
      assert.equal(await readAll(socket), "question");
      socket.end("answer");
      assert.equal(await readAll(client), "answer");
    });

    it(`hands ${kind} connection over whose failure ends nothing else`, async () => {
      const bench = await Bench.open();
      const client = secure ? bench.connectTls() : bench.connect();
      client.write("x");
      const { socket } = await bench.arrived.take();
      const closed = closeOf(socket);
      socket.destroy(new Error("read ECONNRESET"));
      await closed;
    });
  }

  it("does not read on before the connection is taken over", async () => {
    const bench = await Bench.open();
    const client = bench.connect();
    client.write("x");
    const { socket } = await bench.arrived.take();
    assert.equal(socket.readableFlowing, null);
    assert.equal(socket.readableLength, 1);
  });

  it("refuses plain connections when tlsOnly, with a reset", async () => {
    const bench = await Bench.open({ tlsOnly: true });
    const client = bench.connect();
    const failed = once(client, "error");
    client.write(text);
    assert.match(await bench.refused.take(), /^127\.0\.0\.1: is not TLS, and ssl_only is set$/);
    assert.equal(codeOf((await failed)[0]), "ECONNRESET");
  });

  it("refuses TLS without a certificate", async () => {
    const bench = await Bench.open({ tls: null });
    bench.connectTls();
    assert.match(await bench.refused.take(), /wants TLS, and there is no certificate$/);
  });

  const broken = Buffer.concat([
    Buffer.from("160301", "hex"),
    Buffer.from("no ClientHello at all"),
  ]);
  it("reports a TLS handshake that fails and goes on", async () => {
    const bench = await Bench.open();
    const client = bench.connect();
    client.write(broken);
    assert.match(await bench.refused.take(), /^127\.0\.0\.1: TLS handshake failed: /);
    bench.connectTls().end(text);
    assert.equal(await readAll((await bench.arrived.take()).socket), text);
  });

  it("reports a client that leaves within the TLS handshake", async () => {
    const bench = await Bench.open();
    const client = bench.connect();
    client.write(Buffer.from("16", "hex"), () => client.destroy());
    assert.match(await bench.refused.take(), /TLS handshake/);
  });

  it("ends a TLS connection it handed over, and nothing else, when its peer breaks TLS", async () => {
    const bench = await Bench.open();
    const wire = bench.connect();
    const near = byteByByte(wire);
    const client = connectTls({ socket: near, servername: "localhost", ca: tls.cert });
    client.on("error", () => undefined);
    await once(client, "secureConnect");
    const { socket } = await bench.arrived.take();
    const closed = closeOf(socket);
    socket.resume();
    wire.write("no record of TLS at all");
    await closed;
    bench.connect().write("x");
    await bench.arrived.take();
  });

  it("refuses a client below the lowest TLS version", async () => {
    const bench = await Bench.open({ tls: { ...tls, minVersion: "TLSv1.3" } });
    bench.connectTls({ maxVersion: "TLSv1.2" });
    assert.match(await bench.refused.take(), /TLS handshake failed: .*unsupported protocol/);
  });

  it("speaks only the ciphers of the list", async () => {
    const cipher = "ECDHE-ECDSA-AES128-GCM-SHA256";
    const bench = await Bench.open({ tls: { ...tls, ciphers: cipher } });
    const client = bench.connectTls({ maxVersion: "TLSv1.2" });
    await once(client, "secureConnect");
    assert.equal(client.getCipher().name, cipher);
  });

  for (const [name, sent] of [
    ["says nothing", ""],
    ["stops within the TLS handshake", "160301"],
  ] as const) {
    it(`closes a client that ${name}`, async () => {
      const bench = await Bench.open({ firstByteTimeoutMs: 50 });
      const client = bench.connect();
      const closed = closeOf(client);
      client.write(Buffer.from(sent, "hex"));
      client.resume();
      assert.match(await bench.refused.take(), /sent nothing usable within 50 ms$/);
      await closed;
    });
  }

  it("lets a client that spoke in time take its time from then on", async (test) => {
    test.mock.timers.enable({ apis: ["setTimeout"] });
    const bench = await Bench.open({ firstByteTimeoutMs: 50 });
    const client = bench.connect();
    client.write("x");
    const { socket } = await bench.arrived.take();
    test.mock.timers.tick(1000);
    client.end("y");
    assert.equal(await readAll(socket), "xy");
  });

  it("refuses an address its next connection, until one shows a valid token or closes", async () => {
    const bench = await Bench.open({ maxConnectionsPerAddress: 1 });
    const first = bench.connect();
    first.write("x");
    const arrived = await bench.arrived.take();
    bench.connect().resume();
    assert.equal(await bench.refused.take(), "127.0.0.1: per-address");

    arrived.info.tokenShown();
    const third = bench.connect();
    third.write("x");
    const next = await bench.arrived.take();
    bench.connect().resume();
    await bench.refused.take();

    const closed = closeOf(next.socket);
    next.socket.destroy();
    await closed;
    bench.connect().write("x");
    await bench.arrived.take();
  });

  for (const kind of ["plain", "TLS"] as const) {
    it(`closes the oldest ${kind} connection without a token when there are too many`, async () => {
      const bench = await Bench.open({ maxConnectionsWithoutToken: 2 });
      const connectOne = async (): Promise<{ client: Socket; info: ConnectionInfo }> => {
        const client = kind === "TLS" ? bench.connectTls() : bench.connect();
        client.on("error", () => undefined).resume();
        client.write("x");
        return { client, info: (await bench.arrived.take()).info };
      };
      const shown = await connectOne();
      shown.info.tokenShown();
      const [oldest, resting] = [await connectOne(), await connectOne()];
      resting.info.place.rest();
      let closed = closeOf(resting.client);
      await connectOne();
      await closed;
      assert.equal(await bench.refused.take(), "127.0.0.1: in-all");
      closed = closeOf(oldest.client);
      await connectOne();
      await closed;
      assert.equal(await bench.refused.take(), "127.0.0.1: in-all");
      assert.equal(shown.client.destroyed, false);
    });
  }

  it("counts no connection between two requests, and for whom the next one comes", async () => {
    const bench = await Bench.open({ maxConnectionsPerAddress: 1 });
    const connectOne = async (): Promise<ConnectionInfo> => {
      bench.connect().write("x");
      return (await bench.arrived.take()).info;
    };
    const first = await connectOne();
    first.place.rest();
    const second = await connectOne();
    assert.equal(first.place.countAs("127.0.0.1"), false);
    assert.equal(await bench.refused.take(), "127.0.0.1: per-address");
    assert.equal(first.place.countAs("192.0.2.1"), true);
    assert.equal(second.place.countAs("192.0.2.1"), false);
    assert.equal(await bench.refused.take(), "192.0.2.1: per-address");
    assert.equal(first.place.countAs("127.0.0.1"), true);
    assert.equal(second.place.countAs("192.0.2.1"), true);
  });

  it("counts a load balancer's connection for no client before its request", async () => {
    const bench = await Bench.open({
      countByRequest: networksOf(["127.0.0.1"]),
      maxConnectionsPerAddress: 1,
    });
    const infos: ConnectionInfo[] = [];
    for (const each of ["a", "b", "c"]) {
      bench.connect().write(each);
      infos.push((await bench.arrived.take()).info);
    }
    assert.deepEqual(
      infos.map(({ place }) => place.countAs("192.0.2.1")),
      [true, false, false],
    );
  });

  it("counts the addresses of one /64 together", async () => {
    const bench = await Bench.open({ maxConnectionsPerAddress: 1 });
    const infos: ConnectionInfo[] = [];
    for (const each of ["a", "b"]) {
      bench.connect().write(each);
      const { info } = await bench.arrived.take();
      info.place.rest();
      infos.push(info);
    }
    const [first, second] = infos;
    assert.equal(first?.place.countAs("2001:db8:1:2::1"), true);
    assert.equal(second?.place.countAs("2001:db8:1:2::2"), false);
    assert.equal(second.place.countAs("2001:db8:1:3::1"), true);
  });

  it("hands over who is silent, inside TLS too, and says so", async () => {
    const bench = await Bench.open({ firstWordTimeoutMs: 20 });
    bench.connect();
    const plain = await bench.arrived.take();
    assert.deepEqual([plain.info.secure, plain.info.firstByte], [false, null]);
    await once(bench.connectTls(), "secureConnect");
    const secure = await bench.arrived.take();
    assert.deepEqual([secure.info.secure, secure.info.firstByte], [true, null]);
  });

  it("calls nobody silent whose first byte came in time and found us busy", async () => {
    const bench = await Bench.open({ firstWordTimeoutMs: 50 });
    const client = bench.connect();
    await once(client, "connect");
    client.write("C");
    // Longer than the silence allowed, within which the byte has long arrived.
    const busyUntil = performance.now() + 200;
    while (performance.now() < busyUntil);
    const { info } = await bench.arrived.take();
    assert.equal(info.firstByte, "C".charCodeAt(0));
  });

  it("shows a new certificate after reloadTls, and TLS at all when there was none", async () => {
    const bench = await Bench.open({ tls: null });
    bench.listener.reloadTls(tls);
    const before = bench.connectTls();
    await once(before, "secureConnect");
    const renewed = makeTestCertificate();
    try {
      bench.listener.reloadTls({
        cert: readFileSync(renewed.certFile),
        key: readFileSync(renewed.keyFile),
      });
      const after = bench.connectTls({ rejectUnauthorized: false });
      await once(after, "secureConnect");
      assert.notEqual(
        after.getPeerCertificate().fingerprint256,
        before.getPeerCertificate().fingerprint256,
      );
    } finally {
      renewed.remove();
    }
    assert.throws(() => {
      bench.listener.reloadTls(null);
    }, TlsSettingsError);
  });

  it("listens on IPv6 and names an IPv4 client by its IPv4 address", async () => {
    const bench = await Bench.open({ host: "::" });
    const { port } = bench.listener.address();
    for (const host of ["127.0.0.1", "::1"]) {
      const client = connect({ host, port });
      bench.sockets.push(client);
      client.write("x");
      assert.equal((await bench.arrived.take()).info.viewerAddress, host);
    }
  });

  it("leaves connections it handed over alone when it is closed, and frees the port", async () => {
    const bench = await Bench.open();
    const client = bench.connect();
    client.write("x");
    const { socket } = await bench.arrived.take();
    const waiting = bench.connect();
    waiting.allowHalfOpen = false;
    await once(waiting, "connect");
    const dropped = closeOf(waiting.resume());
    const { port } = bench.listener.address();
    await bench.listener.close();
    await dropped;
    await Bench.open({ port });
    client.end("y");
    assert.equal(await readAll(socket), "xy");
  });

  it("drains: accepts nobody any more, and hands over those that had come", async () => {
    const bench = await Bench.open();
    const client = bench.connect();
    await once(client, "connect");
    // It came after the silent one, so that one was accepted as well.
    bench.connect().write("a");
    await bench.arrived.take();
    const { port } = bench.listener.address();
    const drained = bench.listener.drain();
    await Bench.open({ port });
    client.end("xy");
    const { socket } = await bench.arrived.take();
    assert.equal(await readAll(socket), "xy");
    await drained;
  });

  it("has drained when whoever was silent is refused, and at once when nobody is", async () => {
    const bench = await Bench.open({ firstByteTimeoutMs: 20 });
    await bench.listener.drain();
    const other = await Bench.open({ firstByteTimeoutMs: 20 });
    const silent = other.connect();
    await once(silent, "connect");
    other.connect().write("a");
    await other.arrived.take();
    await other.listener.drain();
    assert.match(await other.refused.take(), /sent nothing usable within 20 ms/);
  });

  it("says that the port is in use and how to find by whom", async () => {
    const { port } = (await Bench.open()).listener.address();
    await assert.rejects(Bench.open({ port }), {
      code: "LISTENER_ERR_CANNOT_LISTEN",
      message: `cannot listen on 127.0.0.1:${port}: another program listens there; find it with "ss -ltnp sport = :${port}", or set another port`,
    });
  });

  it("says that the address is not this machine's", async () => {
    await assert.rejects(Bench.open({ host: "192.0.2.1" }), {
      code: "LISTENER_ERR_CANNOT_LISTEN",
      message: /^cannot listen on 192\.0\.2\.1:0: this machine has no address 192\.0\.2\.1/,
    });
  });

  it("says that a host name has no address", async () => {
    await assert.rejects(Bench.open({ host: "no-such-host.invalid" }), {
      message: /: the host name no-such-host\.invalid has no address$/,
    });
  });

  it("delivers any bytes at any split as they were sent", async () => {
    const bench = await Bench.open({ maxConnectionsPerAddress: 10_000 });
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 1, maxLength: 64 }).filter(([first]) => first !== 0x16),
        fc.nat(64),
        async (bytes, cut) => {
          const client = bench.connect();
          client.write(bytes.subarray(0, cut));
          client.end(bytes.subarray(cut));
          const { socket } = await bench.arrived.take();
          assert.equal(await readAll(socket), Buffer.from(bytes).toString("latin1"));
          client.destroy();
          socket.destroy();
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe("listen() behind a load balancer that speaks the PROXY protocol", () => {
  const speakForOthers = networksOf(["127.0.0.0/8"]);
  const header = "PROXY TCP4 192.0.2.9 198.51.100.1 1 2\r\n";

  for (const [delivery, write] of [
    ["in one piece", (socket: Socket) => socket.write(`${header}GET`)],
    ["byte by byte", (socket: Socket) => byteByByte(socket).write(`${header}GET`)],
  ] as const) {
    it(`names the client and hands over what follows, delivered ${delivery}`, async () => {
      const bench = await Bench.open({ speakForOthers });
      write(bench.connect());
      const { socket, info } = await bench.arrived.take();
      assert.equal(info.viewerAddress, "192.0.2.9");
      let text = "";
      while (text.length < 3) {
        const [chunk] = (await once(socket, "data")) as [Buffer];
        text += chunk.toString();
      }
      assert.equal(text, "GET");
    });
  }

  it("finds TLS behind the header", async () => {
    const bench = await Bench.open({ speakForOthers });
    const { host, port } = bench.listener.address();
    const wire = connect({ host, port, allowHalfOpen: true });
    bench.sockets.push(wire);
    wire.write(header);
    bench.sockets.push(connectTls({ socket: wire, servername: "localhost", ca: tls.cert }));
    const { info } = await bench.arrived.take();
    assert.deepEqual([info.secure, info.viewerAddress], [true, "192.0.2.9"]);
  });

  it("counts each client by itself", async () => {
    const bench = await Bench.open({ speakForOthers, maxConnectionsPerAddress: 1 });
    for (const client of ["192.0.2.1", "192.0.2.2"]) {
      bench.connect().write(`PROXY TCP4 ${client} 198.51.100.1 1 2\r\nGET`);
      assert.equal((await bench.arrived.take()).info.viewerAddress, client);
    }
    bench.connect().write("PROXY TCP4 192.0.2.1 198.51.100.1 1 2\r\nGET");
    assert.equal(await bench.refused.take(), "192.0.2.1: per-address");
  });

  it("refuses the balancer itself without a header", async () => {
    const bench = await Bench.open({ speakForOthers });
    bench.connect().write("GET / HTTP/1.1\r\n");
    assert.match(await bench.refused.take(), /does not begin with a header of the PROXY protocol/);
  });

  it("waits in a drain for those that have not said yet whose they are", async () => {
    const bench = await Bench.open({ speakForOthers });
    const client = bench.connect();
    client.write(header.slice(0, 10));
    // What came before it was accepted as well.
    bench.connect().write(`${header}a`);
    await bench.arrived.take();
    let isDrained = false;
    const drained = bench.listener.drain().then(() => {
      isDrained = true;
    });
    await new Promise(setImmediate);
    assert.equal(isDrained, false);
    client.write(`${header.slice(10)}b`);
    assert.equal((await bench.arrived.take()).info.viewerAddress, "192.0.2.9");
    await drained;
  });

  it("refuses a balancer that is silent", async () => {
    const bench = await Bench.open({ speakForOthers, firstByteTimeoutMs: 20 });
    bench.connect();
    assert.match(await bench.refused.take(), /sent no PROXY header within 20 ms/);
  });

  it("believes nobody else's header", async () => {
    const bench = await Bench.open({ speakForOthers: networksOf(["192.0.2.0/24"]) });
    bench.connect().write(`${header}GET`);
    assert.equal((await bench.arrived.take()).info.viewerAddress, "127.0.0.1");
  });
});
