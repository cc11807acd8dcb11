import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { Installation } from "./support/installation.ts";
import { OsloClient, type OsloOutcome } from "./support/nova/oslo-rpc.ts";
import { RabbitMq } from "./support/nova/rabbit-mq.ts";
import { differingFraction } from "./support/picture.ts";
import { RfbViewer } from "./support/rfb-viewer.ts";
import { until } from "./support/until.ts";
import type { VncServer } from "./support/vnc-server.ts";
import { openWebSocket, webSocketUrl } from "./support/web-socket-viewer.ts";
import { XVncServer } from "./support/x-vnc-server.ts";
import { openXvp } from "./support/xvp-viewer.ts";

const TIMEOUT_MS = 60_000;

describe(
  "nova-consoleauth over RPC, as Grizzly to Queens use it",
  { timeout: 4 * TIMEOUT_MS },
  () => {
    const owned = new AsyncDisposableStack();
    let rabbit: RabbitMq;
    let installation: Installation;
    let oslo: OsloClient;
    let server: VncServer;

    before(async () => {
      rabbit = owned.use(await RabbitMq.start());
      const conf = {
        DEFAULT: { transport_url: rabbit.url },
        console_proxy: { token_store: "consoleauth" },
      };
      installation = owned.use(await Installation.running({ conf }));
      const consoleauth = await installation.startConsoleauth();
      await consoleauth.printed(/RPC at rabbit:/);
      oslo = owned.use(await OsloClient.start(rabbit.url));
      server = owned.use(await XVncServer.tigervnc());
    });
    after(() => owned.disposeAsync());

    const ask = (version: string, method: string, args: object): Promise<OsloOutcome> =>
      oslo.ask({ topic: "consoleauth", version, method, args });

    /** As nova-compute does for a user. @returns the two access URLs */
    async function authorize(version: string, instanceUuid: string): Promise<[URL, URL]> {
      const { novncPort, xvpPort } = installation;
      const [novnc, xvp] = [randomUUID(), randomUUID()];
      for (const [type, token, base] of [
        ["novnc", novnc, `http://127.0.0.1:${novncPort}/vnc_auto.html`],
        ["xvpvnc", xvp, `http://127.0.0.1:${xvpPort}/console`],
      ] as const) {
        const args = {
          token,
          console_type: type,
          host: server.endpoint.host,
          port: String(server.endpoint.port),
          internal_access_path: null,
          instance_uuid: instanceUuid,
          ...(version === "2.1" ? { access_url: `${base}?token=${token}` } : {}),
        };
        assert.deepEqual(await ask(version, "authorize_console", args), { result: null });
      }
      return [
        new URL(`http://127.0.0.1:${novncPort}/vnc_lite.html?path=%3Ftoken%3D${novnc}`),
        new URL(`http://127.0.0.1:${xvpPort}/console?token=${xvp}`),
      ];
    }

    async function sees(viewer: RfbViewer): Promise<void> {
      await until("the viewer to show the screen", async () => {
        return differingFraction(await viewer.picture(), await server.truth()) === 0;
      });
    }

    async function xvpStatus(url: URL): Promise<number> {
      const { status, channel } = await openXvp(
        { method: "CONNECT", url },
        AbortSignal.timeout(TIMEOUT_MS),
      );
      channel.destroy();
      return status;
    }

    async function novncWords(url: URL): Promise<string> {
      const viewer = await openWebSocket(webSocketUrl(url));
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const words = await RfbViewer.open(viewer.channel, signal).then(
        () => "opened",
        (error: unknown) => (error as Error).message,
      );
      viewer.channel.destroy();
      return words;
    }

    it("answers nova's ping, and no other method or version of its namespace", async () => {
      const ping = {
        topic: "consoleauth",
        namespace: "baseapi",
        method: "ping",
        args: { arg: "x" },
      };
      assert.deepEqual(await oslo.ask({ ...ping, version: "1.0" }), {
        result: { service: "consoleauth", arg: "x" },
      });
      for (const other of [
        { ...ping, version: "2.1" },
        { ...ping, version: "1.1", namespace: "other" },
        { ...ping, version: "1.1", method: "check_token" },
      ]) {
        assert.ok("error" in (await oslo.ask(other)), JSON.stringify(other));
      }
    });

    for (const version of ["1.2", "2.0", "2.1"]) {
      it(`opens consoles, and none after the instance is gone, in version ${version}`, async () => {
        const instanceUuid = randomUUID();
        const [novncUrl, xvpUrl] = await authorize(version, instanceUuid);
        const token = xvpUrl.searchParams.get("token");
        const checked = await ask(version, "check_token", { token });
        assert.ok("result" in checked);
        const { last_activity_at: at, ...info } = checked.result as Record<string, unknown>;
        assert.ok(Math.abs(Number(at) - Date.now() / 1000) < 60);
        assert.deepEqual(info, {
          token,
          instance_uuid: instanceUuid,
          console_type: "xvpvnc",
          host: server.endpoint.host,
          port: server.endpoint.port,
          internal_access_path: null,
          access_url: xvpUrl.href,
        });

        const signal = AbortSignal.timeout(TIMEOUT_MS);
        const { channel } = await openXvp({ method: "CONNECT", url: xvpUrl }, signal);
        await sees(await RfbViewer.open(channel, signal));
        const webSocket = await openWebSocket(webSocketUrl(novncUrl));
        await sees(await RfbViewer.open(webSocket.channel, signal));
        channel.destroy();
        webSocket.channel.destroy();

        const gone = { instance_uuid: instanceUuid };
        await oslo.ask({
          ...{ topic: "consoleauth", version, kind: "cast" },
          ...{ method: "delete_tokens_for_instance", args: gone },
        });
        await until("the token to be worthless", async () => {
          const answer = await ask(version, "check_token", { token });
          return "result" in answer && answer.result === null;
        });
        assert.equal(await xvpStatus(xvpUrl), 401);
        assert.match(await novncWords(novncUrl), /unknown or expired/);
      });
    }

    it("refuses a SPICE console's token on both ports", async () => {
      const token = randomUUID();
      const args = {
        ...{ token, console_type: "spice-html5", internal_access_path: null },
        ...{ host: server.endpoint.host, port: server.endpoint.port, instance_uuid: randomUUID() },
      };
      assert.deepEqual(await ask("2.0", "authorize_console", args), { result: null });
      const { novncPort, xvpPort } = installation;
      const novncUrl = new URL(`http://127.0.0.1:${novncPort}/x?path=%3Ftoken%3D${token}`);
      assert.equal(await xvpStatus(new URL(`http://127.0.0.1:${xvpPort}/x?token=${token}`)), 401);
      assert.match(await novncWords(novncUrl), /not for a VNC console/);
    });

    it("warns that its tokens are not in the memcached that nova.conf names", async () => {
      const line = /WARNING .*memcached is named for tokens, which are in a file of this host/;
      for (const named of [
        { DEFAULT: { memcached_servers: "controller:11211" } },
        { cache: { memcache_servers: "controller:11211" } },
      ]) {
        const DEFAULT = { ...named.DEFAULT, transport_url: `${rabbit.url}memcached` };
        await using other = await Installation.create({ conf: { ...named, DEFAULT } });
        const consoleauth = await other.startConsoleauth();
        await consoleauth.printed(line);
      }
      assert.doesNotMatch(installation.log, line);
    });

    it("keeps open consoles and tokens when the broker goes, and opens new ones when it is back", async () => {
      const [novncUrl, xvpUrl] = await authorize("2.1", randomUUID());
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const { channel } = await openXvp({ method: "CONNECT", url: xvpUrl }, signal);
      const open = await RfbViewer.open(channel, signal);
      await sees(open);

      await rabbit.kill();
      await until("new ones to be refused", async () => (await xvpStatus(xvpUrl)) === 503);
      assert.match(await novncWords(novncUrl), /cannot be checked at the moment/);
      await sees(open);
      await until("the outage to be logged", () =>
        /WARNING nova-(novnc|xvpvnc)proxy .*message broker cannot be used.*reason=.(?!the channel)/.test(
          installation.log,
        ),
      );

      await rabbit.resume();
      const begun = performance.now();
      await until("new ones to open", async () => (await xvpStatus(xvpUrl)) === 200);
      const took = performance.now() - begun;
      assert.ok(took < 2_000, `they opened ${took} ms after the broker's return`);
      assert.equal(await novncWords(novncUrl), "opened");
      await sees(open);
      channel.destroy();
      assert.doesNotMatch(installation.log, new RegExp(xvpUrl.searchParams.get("token") ?? "-"));
    });
  },
);
