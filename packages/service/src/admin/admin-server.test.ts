import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { afterEach, describe, it } from "node:test";
import { AdminServer } from "./admin-server.ts";
import type { AdminTarget } from "./service-view.ts";

/** As many as the address has connections. */
const MANY = 64;
const METRICS_BYTES = 50_000;
const TIMEOUT = { timeout: 20_000 };

/** An address of this machine, not on loopback if it has another one. */
const OWN_ADDRESS =
  Object.values(networkInterfaces())
    .flat()
    .find((each) => each?.family === "IPv4" && !each.internal)?.address ?? "127.0.0.1";

class Bench {
  readonly admin: AdminServer;
  readonly sockets: Socket[] = [];
  /** Questions for the metrics. */
  asked = 0;

  private constructor(start: (target: AdminTarget) => AdminServer) {
    this.admin = start({
      readiness: () => Promise.resolve({ isReady: true, missing: [] }),
      metrics: () => {
        this.asked += 1;
        return Promise.resolve("x".repeat(METRICS_BYTES));
      },
      sessions: () => Promise.resolve({ sessions: [], silent_workers: [] }),
      end: () => Promise.resolve(true),
    });
  }

  static async open(address: string): Promise<Bench> {
    let target: AdminTarget | null = null;
    const log = { error: ignore, warn: ignore, info: ignore, debug: ignore };
    const admin = await AdminServer.start(address, () => target, log);
    return new Bench((own) => {
      target = own;
      return admin;
    });
  }

  async connect(host = "127.0.0.1"): Promise<Socket> {
    const port = Number(/\d+$/.exec(this.admin.address)?.[0]);
    const socket = connect({ host, port });
    this.sockets.push(socket);
    socket.on("error", ignore);
    await once(socket, "connect");
    return socket;
  }

  /** @returns the status; 0 if the connection was closed without an answer */
  async ask(path: string, headers: readonly string[] = [], method = "GET"): Promise<number> {
    const socket = await this.connect();
    const lines = [`${method} ${path} HTTP/1.1`, "Connection: close", ...headers];
    socket.write(`${lines.join("\r\n")}\r\n\r\n`);
    let answer = "";
    for await (const chunk of socket.setEncoding("latin1")) answer += String(chunk);
    return Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 0);
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await this.admin.stop();
  }
}

describe("AdminServer", { timeout: 60_000 }, () => {
  let bench: Bench | undefined;
  afterEach(async () => {
    await bench?.stop();
    bench = undefined;
  });

  it("answers while more half requests are open than it has connections", TIMEOUT, async () => {
    bench = await Bench.open("127.0.0.1:0");
    const kept = await bench.connect();
    kept.write("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await once(kept, "data");
    for (const half of ["", "GET /healthz HTTP/1.1\r\nHost: local"]) {
      for (let at = 0; at < MANY; at++) (await bench.connect()).write(half);
      assert.equal(await bench.ask("/healthz", ["Host: localhost"]), 200);
    }
    // What has waited longest was closed for them.
    assert.equal(await closed(kept), true);
  });

  it("closes a request that stays half within seconds", TIMEOUT, async () => {
    bench = await Bench.open("127.0.0.1:0");
    const half = await bench.connect();
    half.write("GET /healthz HTTP/1.1\r\nHost: localhost\r\n");
    const startedMs = performance.now();
    assert.equal(await closed(half.resume()), true);
    assert.ok(performance.now() - startedMs < 9_000);
  });

  it("closes on who asks again before the answer, and asks for it once", TIMEOUT, async () => {
    bench = await Bench.open("127.0.0.1:0");
    const greedy = await bench.connect();
    const request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";
    greedy.write(request.repeat(3_000));
    assert.equal(await closed(greedy.resume()), true);
    assert.equal(bench.asked, 1);
  });

  it("answers one request after the other on one connection", TIMEOUT, async () => {
    bench = await Bench.open("127.0.0.1:0");
    const patient = await bench.connect();
    for (let at = 0; at < 3; at++) {
      patient.write("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
      const [answer] = (await once(patient, "data")) as [Buffer];
      assert.match(answer.toString(), /^HTTP\/1\.1 200 /);
    }
  });

  it("answers beside as many connections that take no byte of their answers", TIMEOUT, async () => {
    bench = await Bench.open("127.0.0.1:0");
    for (let at = 0; at < MANY; at++) {
      const deaf = await bench.connect();
      deaf.pause();
      deaf.write("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    }
    assert.equal(await bench.ask("/healthz", ["Host: localhost"]), 200);
  });

  for (const origin of ["http://localhost:9180", "http://evil.example", "null"]) {
    it(`refuses a request with Origin ${origin}`, TIMEOUT, async () => {
      bench = await Bench.open("127.0.0.1:0");
      const headers = ["Host: localhost", `Origin: ${origin}`];
      for (const method of ["GET", "DELETE", "OPTIONS"]) {
        assert.equal(await bench.ask("/v1/sessions/1-1", headers, method), 403);
      }
    });
  }

  const hosts: [listen: string, host: string, status: number][] = [
    ["127.0.0.1", "localhost", 200],
    ["127.0.0.1", "LOCALHOST:9180", 200],
    ["127.0.0.1", "127.0.0.1:9180", 200],
    ["127.0.0.1", "evil.example", 403],
    ["127.0.0.1", "localhost.evil.example", 403],
    ["127.0.0.1", "192.0.2.1", 403],
    ["127.0.0.1", "", 403],
    ["localhost", "localhost:9180", 200],
    ["0.0.0.0", "localhost", 200],
    ["0.0.0.0", "127.0.0.1:9180", 200],
    ["0.0.0.0", "evil.example", 403],
    ["0.0.0.0", "evil.example:9180", 403],
    ["0.0.0.0", "0.0.0.0:9180", 403],
    ["0.0.0.0", "192.0.2.1", 403],
    ["0.0.0.0", "[::ffff:127.0.0.1]", 200],
    ["0.0.0.0", "127.0.0.1.evil.example", 403],
    ["0.0.0.0", "[::1", 403],
    ["[::]", "evil.example", 403],
    ["[::]", "127.0.0.1", 200],
  ];
  for (const [listen, host, status] of hosts) {
    it(`answers ${status} on ${listen} to Host ${JSON.stringify(host)}`, TIMEOUT, async () => {
      bench = await Bench.open(`${listen}:0`);
      assert.equal(await bench.ask("/metrics", [`Host: ${host}`]), status);
    });
  }

  it("answers on all addresses to each of this machine's own", TIMEOUT, async () => {
    bench = await Bench.open("0.0.0.0:0");
    assert.equal(await bench.ask("/metrics", [`Host: ${OWN_ADDRESS}:9180`]), 200);
  });

  it("answers on one address to that only, and to localhost", TIMEOUT, async () => {
    const own = await Bench.open("127.0.0.2:0");
    bench = own;
    const ask = async (host: string): Promise<string> => {
      const socket = await own.connect("127.0.0.2");
      socket.write(`GET /healthz HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
      const [answer] = (await once(socket, "data")) as [Buffer];
      return answer.toString().slice(9, 12);
    };
    assert.equal(await ask("127.0.0.2"), "200");
    assert.equal(await ask("localhost"), "200");
    assert.equal(await ask("192.0.2.1"), "403");
  });
});

/** @returns true when it is, whether in order or by a reset */
async function closed(socket: Socket): Promise<boolean> {
  if (!socket.destroyed) await new Promise((resolve) => socket.once("close", resolve));
  return true;
}

function ignore(): void {
  // Not of interest here.
}
