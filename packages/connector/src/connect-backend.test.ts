import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, it, type TestContext } from "node:test";
import { ByteReader } from "@nova-console/byte-stream";
import { parseBackendAddress } from "./backend-address.ts";
import { connectBackend } from "./connect-backend.ts";

const CONNECT_TIMEOUT_MS = 5_000;
const noDeadline = new AbortController().signal;

/** A server that greets and hangs up. */
async function greeter(
  t: TestContext,
  listenOn: { host: string; port: 0 } | { path: string },
): Promise<Server> {
  const server = createServer((socket) => {
    socket.end("RFB 003.008\n");
  });
  t.after(() => server.close());
  server.listen(listenOn);
  await once(server, "listening");
  return server;
}

function portOf(server: Server): number {
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  return address.port;
}

async function greetingOf(host: string, port: number): Promise<string> {
  const socket = await connectBackend(
    parseBackendAddress(host, port),
    null,
    CONNECT_TIMEOUT_MS,
    noDeadline,
  );
  try {
    return (await new ByteReader(socket, noDeadline).readExact(12)).toString();
  } finally {
    socket.destroy();
  }
}

describe("connectBackend()", () => {
  for (const host of ["127.0.0.1", "::1", "localhost"]) {
    it(`reaches ${host}`, async (t) => {
      const server = await greeter(t, { port: 0, host: host === "localhost" ? "127.0.0.1" : host });
      assert.equal(await greetingOf(host, portOf(server)), "RFB 003.008\n");
    });
  }

  it("says that a name cannot be looked up, and blames no backend for it", async () => {
    const address = parseBackendAddress("nowhere.invalid", 5900);
    await assert.rejects(connectBackend(address, null, CONNECT_TIMEOUT_MS, noDeadline), {
      code: "BACKEND_ERR_NAME",
      message: /^cannot connect to nowhere\.invalid:5900: name look-up of nowhere\.invalid: /,
    });
  });

  it("reaches a unix socket", async (t) => {
    const folder = await mkdtemp(path.join(tmpdir(), "connector-"));
    t.after(() => rm(folder, { recursive: true }));
    await greeter(t, { path: path.join(folder, "vnc.sock") });
    assert.equal(await greetingOf(`unix:${folder}/vnc.sock`, 0), "RFB 003.008\n");
  });

  it("returns a socket whose failure ends nothing else, whoever owns it then", async (t) => {
    const server = await greeter(t, { port: 0, host: "127.0.0.1" });
    const address = parseBackendAddress("127.0.0.1", portOf(server));
    const socket = await connectBackend(address, null, CONNECT_TIMEOUT_MS, noDeadline);
    const reader = new ByteReader(socket, noDeadline);
    await reader.readExact(12);
    reader.release();
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.destroy(new Error("the network broke"));
    await closed;
  });

  it("says who refused, and keeps Node's error as the cause", async (t) => {
    const server = await greeter(t, { port: 0, host: "127.0.0.1" });
    const port = portOf(server);
    server.close();
    await once(server, "close");
    const address = parseBackendAddress("127.0.0.1", port);
    await assert.rejects(
      connectBackend(address, null, CONNECT_TIMEOUT_MS, noDeadline),
      (error: Error) => {
        assert.match(error.message, new RegExp(`^cannot connect to 127\\.0\\.0\\.1:${port}: `));
        assert.ok(error.cause instanceof Error && "code" in error.cause);
        assert.equal(error.cause.code, "ECONNREFUSED");
        return true;
      },
    );
  });

  it("gives up when the deadline comes", async () => {
    const deadline = new AbortController();
    deadline.abort(new Error("no progress within 5 ms"));
    const address = parseBackendAddress("127.0.0.1", 1);
    await assert.rejects(connectBackend(address, null, CONNECT_TIMEOUT_MS, deadline.signal), {
      code: "BACKEND_ERR_UNREACHABLE",
      message: "cannot connect to 127.0.0.1:1: no progress within 5 ms",
    });
  });

  it("closes the connection when the CONNECT step fails", async (t) => {
    const server = createServer();
    t.after(() => server.close());
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = parseBackendAddress("127.0.0.1", portOf(server));
    const accepted = once(server, "connection");
    const connecting = connectBackend(address, "/console", CONNECT_TIMEOUT_MS, noDeadline);
    const [socket] = (await accepted) as [Socket];
    socket.write("HTTP/1.1 401 No\r\n\r\n");
    await assert.rejects(connecting, { code: "BACKEND_ERR_REFUSED" });
    socket.resume();
    await once(socket, "close");
  });
});
