import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { freePort } from "./support/free-port.ts";
import { Installation, tokenOf, withToken } from "./support/installation.ts";
import { RfbViewer } from "./support/rfb-viewer.ts";
import { ScriptedBackend } from "./support/scripted-backend.ts";
import { accepting, closed, dial } from "./support/tcp.ts";
import { TempDir } from "./support/temp-dir.ts";
import { until } from "./support/until.ts";
import { openWebSocket, webSocketUrl } from "./support/web-socket-viewer.ts";
import { openXvp } from "./support/xvp-viewer.ts";

const TIMEOUT_MS = 120_000;
const API_SECRET = randomUUID();
/** Never issued, and spelled differently in a URL. */
const STRANGE_TOKEN = `strange/${randomUUID()} +%&`;

describe("the logs at debug level", () => {
  it(
    "hold no token, however it came and whatever became of it",
    { timeout: TIMEOUT_MS },
    async () => {
      const apiPort = await freePort();
      await using directory = await TempDir.create();
      const secretFile = directory.file("secret");
      await writeFile(secretFile, `${API_SECRET}\n`, { mode: 0o600 });
      const api = { api_listen: `127.0.0.1:${apiPort}`, api_secret_file: secretFile };
      const conf = { consoleauth: api };
      await using installation = await Installation.create({ conf });
      await installation.startNovncproxy();
      await installation.startXvpvncproxy();
      await using backend = await ScriptedBackend.start({});
      const secrets = new Set<string>([STRANGE_TOKEN, API_SECRET]);

      for (const endpoint of [backend.endpoint, { host: "127.0.0.1", port: await freePort() }]) {
        const novnc = await installation.authorize(endpoint);
        const xvp = await installation.authorize(endpoint, { type: "xvpvnc" });
        await presentEverywhere(installation, novnc, xvp);
        for (const url of [novnc, xvp]) secrets.add(tokenOf(url));
      }
      const expired = await installation.authorize(backend.endpoint, { ttlSeconds: 1 });
      secrets.add(tokenOf(expired));
      await until("the token to expire", async () => {
        return (await installation.consoleauth("check", tokenOf(expired))).status === 1;
      });
      const expiredXvp = new URL(`http://127.0.0.1:${installation.xvpPort}/console`);
      expiredXvp.searchParams.set("token", tokenOf(expired));
      await presentEverywhere(installation, expired, expiredXvp);
      await presentEverywhere(
        installation,
        withToken(expired, encodeURIComponent(encodeURIComponent(STRANGE_TOKEN))),
        withToken(expiredXvp, encodeURIComponent(STRANGE_TOKEN)),
      );
      for (const token of await useApi(installation, apiPort)) secrets.add(token);

      await until("every session to be logged", () => {
        return (installation.log.match(/session closed/g) ?? []).length >= 12;
      });
      const log =
        installation.log + (await readFile(installation.directory.file("api.log"), "utf8"));
      for (const reason of ["backend-closed", "backend-unreachable", "token-invalid"]) {
        assert.match(log, new RegExp(`session closed .*reason=${reason}`));
      }
      for (const secret of secrets) {
        for (const form of [
          secret,
          encodeURIComponent(secret),
          JSON.stringify(secret).slice(1, -1),
        ]) {
          const at = log.indexOf(form);
          assert.equal(at, -1, `found at: ${log.slice(Math.max(0, at - 200), at + 200)}`);
        }
      }
    },
  );
});

/** Presents the token of two access URLs in every way that there is, on both ports. */
async function presentEverywhere(installation: Installation, novnc: URL, xvp: URL): Promise<void> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const token = tokenOf(novnc);
  // The page, with the token in its query; then the WebSocket as the page opens it.
  await (await fetch(novnc)).arrayBuffer();
  await (await fetch(`${novnc.origin}/?token=${encodeURIComponent(token)}`)).arrayBuffer();
  await tryWebSocket(webSocketUrl(novnc), signal);
  const cookie = `token=${encodeURIComponent(token)}`;
  await tryWebSocket(new URL("/websockify", webSocketUrl(novnc)), signal, { cookie });
  await tryWebSocket(webSocketUrl(novnc), signal, { origin: `http://elsewhere/?token=${token}` });
  for (const method of ["CONNECT", "GET", "POST"] as const) {
    const { channel, status } = await openXvp({ method, url: xvp }, signal);
    if (status === 200) await RfbViewer.open(channel, signal).catch(() => undefined);
    channel.destroy();
  }
  // What is no request at all, but has the token in it.
  for (const port of [installation.novncPort, installation.xvpPort]) {
    for (const head of [
      `BREW /?token=${token} HTTP/9\r\n\r\n`,
      `GET /?token=${token}\r\nno header\r\n\r\n`,
    ]) {
      const socket = await dial({ host: "127.0.0.1", port });
      socket.resume();
      socket.end(head);
      await closed(socket);
    }
  }
}

async function tryWebSocket(
  url: URL,
  signal: AbortSignal,
  headers: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { origin, ...others } = headers;
  const options = { headers: others, ...(origin === undefined ? {} : { origin }) };
  const viewer = await openWebSocket(url, options).catch(() => null);
  if (viewer === null) return;
  await RfbViewer.open(viewer.channel, signal).catch(() => undefined);
  viewer.webSocket.close();
  await viewer.closed;
}

/** Has the API issue a token, and asks after good and bad ones. @returns the tokens */
async function useApi(installation: Installation, apiPort: number): Promise<string[]> {
  const service = await installation.startConsoleauth([
    "--log-file",
    installation.directory.file("api.log"),
  ]);
  await accepting(service, { host: "127.0.0.1", port: apiPort });
  const consoles = `http://127.0.0.1:${apiPort}/v1/consoles`;
  const headers = { authorization: `Bearer ${API_SECRET}`, "content-type": "application/json" };
  const body = {
    host: "127.0.0.1",
    port: 5900,
    console_type: "novnc",
    instance_uuid: randomUUID(),
  };
  const created = await fetch(consoles, { method: "POST", headers, body: JSON.stringify(body) });
  assert.equal(created.status, 201);
  const { token } = (await created.json()) as { token: string };
  for (const each of [token, STRANGE_TOKEN]) {
    for (const authorization of [headers.authorization, `Bearer ${token}`, ""]) {
      await fetch(`${consoles}/${encodeURIComponent(each)}`, { headers: { authorization } });
    }
  }
  await fetch(`http://127.0.0.1:${apiPort}/nothing/${token}?token=${token}`, { headers });
  await service.stop();
  return [token];
}
