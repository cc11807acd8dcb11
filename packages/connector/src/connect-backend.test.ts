import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, it, type TestContext } from "node:test";
import { ByteReader } from "@nova-console/byte-stream";
import { parseBackendAddress } from "./backend-address.ts";
import { BackendPolicy } from "./backend-policy.ts";
import { connectBackend } from "./connect-backend.ts";

const noDeadline = new AbortController().signal;
const policy = new BackendPolicy({ networks: [], socketDirs: [tmpdir()] });
const dialing = { policy, connectTimeoutMs: 5_000, signal: noDeadline };

/** A server that greets and hangs up. */
async function greeter(
  t: TestContext,
  listenOn: { host: string; port: 0 } | { path: string },
): Promise<Server> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
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
  const socket = await connectBackend(parseBackendAddress(host, port), null, dialing);
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
    await assert.rejects(connectBackend(address, null, dialing), {
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
    const socket = await connectBackend(address, null, dialing);
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
    await assert.rejects(connectBackend(address, null, dialing), (error: Error) => {
      assert.match(error.message, new RegExp(`^cannot connect to 127\\.0\\.0\\.1:${port}: `));
      assert.ok(error.cause instanceof Error && "code" in error.cause);
      assert.equal(error.cause.code, "ECONNREFUSED");
      return true;
    });
  });

  it("gives up when the deadline comes", async () => {
    const deadline = new AbortController();
    deadline.abort(new Error("no progress within 5 ms"));
    const address = parseBackendAddress("127.0.0.1", 1);
    await assert.rejects(connectBackend(address, null, { ...dialing, signal: deadline.signal }), {
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
    const connecting = connectBackend(address, "/console", dialing);
    const [socket] = (await accepted) as [Socket];
    socket.write("HTTP/1.1 401 No\r\n\r\n");
    await assert.rejects(connecting, { code: "BACKEND_ERR_REFUSED" });
    socket.resume();
    await once(socket, "close");
  });

  // Each leads to a server that is there, so that only the policy stands in between.
  for (const host of [
    "127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "0x7f000001",
    "127.1",
    "2130706433",
    "0177.0.0.1",
    "127.0x1",
    "localhost",
  ]) {
    it(`does not dial loopback outside of backend_networks, spelt ${host}`, async (t) => {
      const server = await greeter(t, { port: 0, host: "127.0.0.1" });
      let connections = 0;
      server.on("connection", () => connections++);
      const networks = ["192.0.2.0/24"];
      const narrow = new BackendPolicy({ networks, socketDirs: [] });
      const address = parseBackendAddress(host, portOf(server));
      await assert.rejects(connectBackend(address, null, { ...dialing, policy: narrow }), {
        code: "BACKEND_ERR_FORBIDDEN",
        message: /is not in \[console_proxy\] backend_networks/,
      });
      assert.equal(connections, 0);
    });
  }

  for (const host of ["0xa9fea9fe", "2852039166", "0251.0376.0251.0376", "169.254.43518", "0"]) {
    it(`does not dial ${host}, which the resolver reads as an address`, async () => {
      const address = parseBackendAddress(host, 80);
      await assert.rejects(connectBackend(address, null, dialing), {
        code: "BACKEND_ERR_FORBIDDEN",
      });
    });
  }

  it("dials those addresses of a name that are allowed", async (t) => {
    const server = await greeter(t, { port: 0, host: "127.0.0.1" });
    const networks = ["127.0.0.0/8"];
    const narrow = new BackendPolicy({ networks, socketDirs: [] });
    const address = parseBackendAddress("localhost", portOf(server));
    (await connectBackend(address, null, { ...dialing, policy: narrow })).destroy();
  });

  describe("with a unix socket", () => {
    const refusals = [
      { name: "that is elsewhere", path: "elsewhere/vnc.sock", message: /backend_socket_dirs/ },
      {
        name: "by way of ..",
        path: "allowed/../elsewhere/vnc.sock",
        message: /backend_socket_dirs/,
      },
      { name: "behind a link", path: "allowed/link", message: /symbolic link/ },
      {
        name: "in a folder behind a link",
        path: "allowed/folder/vnc.sock",
        message: /symbolic link/,
      },
      { name: "that is a file", path: "allowed/file", message: /no socket/ },
      { name: "that is a folder", path: "allowed/plain", message: /no socket/ },
    ];
    for (const { name, path: where, message } of refusals) {
      it(`does not dial one ${name}`, async (t) => {
        const folder = await mkdtemp(path.join(tmpdir(), "connector-"));
        t.after(() => rm(folder, { recursive: true }));
        const [allowed, elsewhere] = [path.join(folder, "allowed"), path.join(folder, "elsewhere")];
        await Promise.all([mkdir(allowed), mkdir(elsewhere)]);
        await greeter(t, { path: path.join(elsewhere, "vnc.sock") });
        await symlink(path.join(elsewhere, "vnc.sock"), path.join(allowed, "link"));
        await symlink(elsewhere, path.join(allowed, "folder"));
        await writeFile(path.join(allowed, "file"), "");
        await mkdir(path.join(allowed, "plain"));
        const narrow = new BackendPolicy({ networks: [], socketDirs: [allowed] });
        const address = { path: `${folder}/${where}` };
        await assert.rejects(connectBackend(address, null, { ...dialing, policy: narrow }), {
          code: "BACKEND_ERR_FORBIDDEN",
          message,
        });
      });
    }

    it("dials one in a folder that is itself behind a link", async (t) => {
      const folder = await mkdtemp(path.join(tmpdir(), "connector-"));
      t.after(() => rm(folder, { recursive: true }));
      await mkdir(path.join(folder, "run"));
      await symlink(path.join(folder, "run"), path.join(folder, "var-run"));
      await greeter(t, { path: path.join(folder, "run", "vnc.sock") });
      const narrow = new BackendPolicy({
        networks: [],
        socketDirs: [path.join(folder, "var-run")],
      });
      const address = { path: path.join(folder, "var-run", "vnc.sock") };
      (await connectBackend(address, null, { ...dialing, policy: narrow })).destroy();
    });

    it("says that its folder went away meanwhile", async (t) => {
      const folder = await mkdtemp(path.join(tmpdir(), "connector-"));
      t.after(() => rm(folder, { recursive: true }));
      await greeter(t, { path: path.join(folder, "vnc.sock") });
      const late = new BackendPolicy({ networks: [], socketDirs: [] });
      late.socketDirOf = () => path.join(folder, "gone/");
      const address = { path: path.join(folder, "vnc.sock") };
      await assert.rejects(connectBackend(address, null, { ...dialing, policy: late }), {
        code: "BACKEND_ERR_UNREACHABLE",
        message: /^cannot connect to unix:.*vnc\.sock: ENOENT/,
      });
    });

    it("says that one is not there", async () => {
      const address = { path: path.join(tmpdir(), "connector-nothing", "vnc.sock") };
      await assert.rejects(connectBackend(address, null, dialing), {
        code: "BACKEND_ERR_UNREACHABLE",
        message: /ENOENT/,
      });
    });
  });
});
