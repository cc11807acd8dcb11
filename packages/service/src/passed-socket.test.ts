import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect, createServer, type ListenOptions, type Server } from "node:net";
import { describe, it } from "node:test";
import fc from "fast-check";
import { takePassedSocket, whereItListens } from "./passed-socket.ts";

const PID = 4711;

/** Descriptor of what a server listens on; Node.js tells it in no other way. */
function descriptorOf(server: object): number {
  return (server as { _handle: { fd: number } })._handle.fd;
}

async function listening(options: ListenOptions): Promise<Server & AsyncDisposable> {
  const server = createServer();
  server.listen(options);
  await once(server, "listening");
  return server;
}

describe("takePassedSocket()", () => {
  it("removes the variables, whatever they say", () => {
    const text = fc.oneof(fc.string(), fc.constant(String(PID)), fc.constant("1"));
    fc.assert(
      fc.property(text, text, text, (pid, count, names) => {
        const environment: NodeJS.ProcessEnv = {
          PATH: "/bin",
          LISTEN_PID: pid,
          LISTEN_FDS: count,
          LISTEN_FDNAMES: names,
          LISTEN_PIDFDID: "1",
        };
        try {
          takePassedSocket(environment, PID);
        } catch (error) {
          assert.ok(error instanceof Error);
          assert.match(error.name, /^SettingError$/);
        }
        assert.deepEqual(environment, { PATH: "/bin" });
      }),
    );
  });

  for (const [what, environment] of [
    ["nothing is said", {}],
    ["they are another process'", { LISTEN_PID: "4712", LISTEN_FDS: "1" }],
    ["there are none", { LISTEN_PID: "4711", LISTEN_FDS: "0" }],
  ] as const) {
    it(`finds no socket when ${what}`, () => {
      assert.equal(takePassedSocket({ ...environment }, PID), null);
    });
  }

  for (const count of ["2", "-1", "many"]) {
    it(`refuses ${count} sockets, and names them`, () => {
      assert.throws(
        () =>
          takePassedSocket(
            { LISTEN_PID: String(PID), LISTEN_FDS: count, LISTEN_FDNAMES: "a.socket:b.socket" },
            PID,
          ),
        {
          code: "SERVICE_ERR_SETTING",
          message: new RegExp(`^systemd passed ${count} sockets \\(a.*b`),
        },
      );
    });
  }
});

describe("whereItListens()", () => {
  for (const host of ["127.0.0.1", "0.0.0.0", "::1", "::"]) {
    it(`tells that a socket listens on ${host}`, async () => {
      await using server = await listening({ host, port: 0 });
      const address = server.address();
      assert.ok(address !== null && typeof address === "object");
      assert.deepEqual(whereItListens(descriptorOf(server)), { host, port: address.port });
    });
  }

  it("refuses a socket that is connected", async () => {
    await using server = await listening({ host: "127.0.0.1", port: 0 });
    const address = server.address();
    assert.ok(address !== null && typeof address === "object");
    server.on("connection", (socket) => socket.resume());
    const client = connect(address.port, "127.0.0.1");
    await once(client, "connect");
    assert.throws(() => whereItListens(descriptorOf(client)), /does not listen for TCP/);
    client.destroy();
  });

  it("refuses a datagram socket, a unix socket, and what is no socket", async () => {
    const datagrams = createSocket("udp4");
    datagrams.bind(0, "127.0.0.1");
    await once(datagrams, "listening");
    const refused = { code: "SERVICE_ERR_SETTING", message: /does not listen for TCP/ };
    assert.throws(() => {
      const state = Object.getOwnPropertySymbols(datagrams).map(
        (symbol) => (datagrams as unknown as Record<symbol, { handle?: { fd: number } }>)[symbol],
      );
      whereItListens(state.find((each) => each?.handle !== undefined)?.handle?.fd ?? -1);
    }, refused);
    datagrams.close();
    await using unix = await listening({ path: `\0nova-console-test-${process.pid}` });
    assert.throws(() => whereItListens(descriptorOf(unix)), refused);
    assert.throws(() => whereItListens(0x7fff), refused);
  });
});
