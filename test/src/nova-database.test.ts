import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Installation } from "./support/installation.ts";
import { NovaCell } from "./support/nova/nova-cell.ts";
import { RfbViewer } from "./support/rfb-viewer.ts";
import { endedByProxy, ScriptedBackend } from "./support/scripted-backend.ts";
import { until } from "./support/until.ts";
import { openWebSocket } from "./support/web-socket-viewer.ts";
import { openXvp, type XvpAnswer } from "./support/xvp-viewer.ts";

const TIMEOUT_MS = 120_000;
/** How soon a console opens again once the database is back. */
const RETURN_LIMIT_MS = 1_000;
const REASON = /console tokens cannot be checked at the moment/;

for (const kind of ["MariaDB", "PostgreSQL"] as const) {
  describe(`a token that nova minted in ${kind}`, { timeout: 3 * TIMEOUT_MS }, () => {
    const owned = new AsyncDisposableStack();
    let cell: NovaCell;
    let installation: Installation;
    let backend: ScriptedBackend;

    before(async () => {
      cell = owned.use(await NovaCell.start(kind));
      installation = owned.use(await Installation.create());
      const novaConf = ["--config-file", cell.confPath];
      await installation.startNovncproxy(novaConf);
      await installation.startXvpvncproxy(novaConf);
      // What is typed comes back.
      backend = owned.use(
        await ScriptedBackend.start({
          run: async (socket) => {
            socket.pipe(socket);
            await endedByProxy(socket);
          },
        }),
      );
    });
    after(() => owned.disposeAsync());

    const authorize = (type: "novnc" | "xvpvnc"): Promise<string> =>
      cell.authorize(backend.endpoint.host, backend.endpoint.port, type);

    async function open6080(token: string): Promise<RfbViewer> {
      const url = new URL(`ws://127.0.0.1:${installation.novncPort}/?token=${token}`);
      const { channel } = await openWebSocket(url);
      return RfbViewer.open(channel, AbortSignal.timeout(TIMEOUT_MS));
    }

    function ask6081(token: string): Promise<XvpAnswer> {
      const url = new URL(`http://127.0.0.1:${installation.xvpPort}/console?token=${token}`);
      return openXvp({ method: "CONNECT", url }, AbortSignal.timeout(TIMEOUT_MS));
    }

    it("opens its console on 6080 and on 6081", { timeout: TIMEOUT_MS }, async () => {
      const viewer = await open6080(await authorize("novnc"));
      assert.equal(viewer.desktopName, "scripted");
      viewer.channel.destroy();
      const { status, channel } = await ask6081(await authorize("xvpvnc"));
      assert.equal(status, 200);
      const other = await RfbViewer.open(channel, AbortSignal.timeout(TIMEOUT_MS));
      assert.equal(other.desktopName, "scripted");
      channel.destroy();
    });

    it("opens nothing once nova has deleted the instance", { timeout: TIMEOUT_MS }, async () => {
      const token = await authorize("xvpvnc");
      await cell.database.sql("UPDATE instances SET deleted = id");
      const { status, channel } = await ask6081(token);
      channel.destroy();
      assert.equal(status, 401);
    });

    it(
      "is refused with the reason while the database is away, and opens after its return",
      { timeout: TIMEOUT_MS },
      async () => {
        const tokens = { novnc: await authorize("novnc"), xvpvnc: await authorize("xvpvnc") };
        const open = await open6080(tokens.novnc);
        await cell.database.stop();

        await assert.rejects(open6080(tokens.novnc), { name: "RfbRefusedError", message: REASON });
        const refused = await ask6081(tokens.xvpvnc);
        refused.channel.destroy();
        assert.equal(refused.status, 503);
        open.channel.write("still here");
        assert.equal((await open.readExact(10)).toString(), "still here");

        await cell.database.restart();
        await until(
          "the console to open again",
          async () => {
            const { status, channel } = await ask6081(tokens.xvpvnc);
            channel.destroy();
            return status === 200;
          },
          RETURN_LIMIT_MS,
        );
        (await open6080(tokens.novnc)).channel.destroy();
        open.channel.write("and on");
        assert.equal((await open.readExact(6)).toString(), "and on");
        open.channel.destroy();
      },
    );
  });
}
