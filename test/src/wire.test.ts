import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, it } from "node:test";
import { patterned } from "./support/fill.ts";
import { Installation, tokenOf } from "./support/installation.ts";
import { RfbViewer } from "./support/rfb-viewer.ts";
import { endedByProxy, ScriptedBackend, type Script } from "./support/scripted-backend.ts";
import { until } from "./support/until.ts";
import { openConsole, viewerPorts } from "./support/viewer-ports.ts";
import { openWebSocket, webSocketUrl } from "./support/web-socket-viewer.ts";

const TIMEOUT_MS = 60_000;
const LAST_BYTES_ROUNDS = 30;

/** A backend that sends back what it is sent, until the viewer is done. */
const echo: Script = {
  run: async (socket) => {
    socket.pipe(socket, { end: false });
    await endedByProxy(socket);
  },
};

for (const port of viewerPorts) {
  describe(`on the wire, port ${port.name}`, { timeout: 3 * TIMEOUT_MS }, () => {
    const owned = new AsyncDisposableStack();
    let installation: Installation;

    before(async () => {
      installation = owned.use(await Installation.running());
    });
    after(() => owned.disposeAsync());

    async function echoes(viewer: RfbViewer): Promise<void> {
      const sent = patterned(64);
      viewer.channel.write(sent);
      assert.deepEqual(await viewer.readExact(sent.length), sent);
    }

    for (const banner of ["RFB 003.003", "RFB 003.007", "RFB 003.008", "RFB 003.889"]) {
      for (const version of ["3.3", "3.7", "3.8"] as const) {
        it(
          `serves a ${version} viewer from a backend of ${banner}`,
          { timeout: TIMEOUT_MS },
          async () => {
            await using backend = await ScriptedBackend.start({ ...echo, banner });
            const signal = AbortSignal.timeout(TIMEOUT_MS);
            const viewer = await openConsole(port, installation, backend.endpoint, signal, {
              version,
            });
            assert.equal(viewer.desktopName, "scripted");
            await echoes(viewer);
            viewer.channel.destroy();
            assert.deepEqual(backend.failures, []);
          },
        );
      }
    }

    it("waits for a backend whose every byte comes alone", { timeout: TIMEOUT_MS }, async () => {
      await using backend = await ScriptedBackend.start({ ...echo, byteByByte: true });
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const viewer = await openConsole(port, installation, backend.endpoint, signal);
      await echoes(viewer);
      assert.deepEqual(backend.failures, []);
      viewer.channel.destroy();
    });

    it("reaches a backend over IPv6", { timeout: TIMEOUT_MS }, async () => {
      await using backend = await ScriptedBackend.start(echo, "::1");
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const viewer = await openConsole(port, installation, backend.endpoint, signal);
      await echoes(viewer);
      viewer.channel.destroy();
    });

    for (const byteByByte of [false, true]) {
      const delivery = byteByByte ? "byte by byte" : "at once";
      it(
        `asks the hypervisor for internal_access_path, answered ${delivery}`,
        { timeout: TIMEOUT_MS },
        async () => {
          const internalAccessPath = "/console?ref=OpaqueRef:7";
          await using backend = await ScriptedBackend.start({
            ...echo,
            internalAccessPath,
            byteByByte,
          });
          const signal = AbortSignal.timeout(TIMEOUT_MS);
          const viewer = await openConsole(port, installation, backend.endpoint, signal, {
            internalAccessPath,
          });
          await echoes(viewer);
          assert.deepEqual(backend.failures, []);
          viewer.channel.destroy();
        },
      );
    }

    for (const byteCount of [11, 200_000]) {
      it(
        `delivers the last ${byteCount} bytes before the backend's end`,
        { timeout: TIMEOUT_MS },
        async () => {
          const last = patterned(byteCount);
          await using backend = await ScriptedBackend.start({
            run: (socket) => {
              socket.write(last);
              return Promise.resolve();
            },
          });
          const signal = AbortSignal.timeout(TIMEOUT_MS);
          const url = await installation.authorize(backend.endpoint, { type: port.type });
          for (let round = 0; round < LAST_BYTES_ROUNDS; round++) {
            const viewer = await RfbViewer.open(await port.open(url, signal), signal);
            assert.deepEqual(await viewer.readExact(byteCount), last, `round ${round}`);
            const channel = viewer.release();
            channel.resume();
            if (!channel.readableEnded) await once(channel, "end", { signal });
            channel.destroy();
          }
        },
      );
    }

    it(
      "opens one token as often as it is asked, also at once",
      { timeout: TIMEOUT_MS },
      async () => {
        await using backend = await ScriptedBackend.start(echo);
        const signal = AbortSignal.timeout(TIMEOUT_MS);
        const url = await installation.authorize(backend.endpoint, { type: port.type });
        const opening = Array.from({ length: 4 }, async () =>
          RfbViewer.open(await port.open(url, signal), signal),
        );
        const viewers = await Promise.all(opening);
        await Promise.all(viewers.map(echoes));
        for (const viewer of viewers) viewer.channel.destroy();
      },
    );

    it("keeps a console open whose token expires", { timeout: TIMEOUT_MS }, async () => {
      await using backend = await ScriptedBackend.start(echo);
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const url = await installation.authorize(backend.endpoint, {
        type: port.type,
        ttlSeconds: 4,
      });
      const viewer = await RfbViewer.open(await port.open(url, signal), signal);
      await until("the token to expire", async () => {
        return (await installation.consoleauth("check", tokenOf(url))).status === 1;
      });
      await echoes(viewer);
      viewer.channel.destroy();
    });

    it(
      "ends the backend's connection when the viewer leaves",
      { timeout: TIMEOUT_MS },
      async () => {
        const left = Promise.withResolvers<undefined>();
        await using backend = await ScriptedBackend.start({
          run: async (socket) => {
            socket.resume();
            await endedByProxy(socket);
            left.resolve(undefined);
          },
        });
        const signal = AbortSignal.timeout(TIMEOUT_MS);
        const viewer = await openConsole(port, installation, backend.endpoint, signal);
        viewer.channel.destroy();
        await left.promise;
      },
    );
  });
}

describe("on the wire, one port only", { timeout: 3 * TIMEOUT_MS }, () => {
  const owned = new AsyncDisposableStack();
  let installation: Installation;
  const [, xvp] = viewerPorts;

  before(async () => {
    installation = owned.use(await Installation.running());
  });
  after(() => owned.disposeAsync());

  it(
    "passes a viewer's half-close on and the answer back on 6081",
    { timeout: TIMEOUT_MS },
    async () => {
      assert.ok(xvp);
      const heard: Buffer[] = [];
      const answer = patterned(200_000);
      await using backend = await ScriptedBackend.start({
        run: async (socket) => {
          socket.on("data", (bytes: Buffer) => heard.push(bytes));
          await endedByProxy(socket);
          socket.write(answer);
        },
      });
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const viewer = await openConsole(xvp, installation, backend.endpoint, signal);
      viewer.channel.end("the viewer's last words");
      assert.deepEqual(await viewer.readExact(answer.length), answer);
      assert.equal(Buffer.concat(heard).toString(), "the viewer's last words");
      viewer.channel.destroy();
    },
  );

  it(
    "closes with 1000 and a reason on 6080 when the backend ends",
    { timeout: TIMEOUT_MS },
    async () => {
      await using backend = await ScriptedBackend.start({});
      const url = webSocketUrl(await installation.authorize(backend.endpoint));
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const { channel, closed } = await openWebSocket(url);
      const viewer = await RfbViewer.open(channel, signal);
      viewer.release().resume();
      assert.deepEqual(await closed, { code: 1000, reason: "Target closed" });
    },
  );
});
