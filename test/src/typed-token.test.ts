import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { connect as connectTls } from "node:tls";
import { WebSocket } from "ws";
import { makeCertificate } from "./support/certificate.ts";
import { freePort } from "./support/free-port.ts";
import { Installation } from "./support/installation.ts";
import { logIn } from "./support/rfb-login.ts";
import { ScriptedBackend } from "./support/scripted-backend.ts";
import { accepting, closed, dial } from "./support/tcp.ts";
import { TempDir } from "./support/temp-dir.ts";
import { webSocketUrl } from "./support/web-socket-viewer.ts";

const TIMEOUT_MS = 120_000;
const API_SECRET = randomUUID();

/** What a log may show of a token: less than this many of its characters in a row. */
const TELLING_CHARACTERS = 10;

const UPGRADE = [
  "Host: 127.0.0.1",
  "Upgrade: websocket",
  "Connection: Upgrade",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
];

/** An upgrade to a WebSocket with one header more, or another value of it. */
function upgrade(target: string, header: string): string {
  const name = header.slice(0, header.indexOf(":"));
  const others = UPGRADE.filter((line) => !line.startsWith(`${name}:`));
  return [`GET ${target} HTTP/1.1`, ...others, header, "", ""].join("\r\n");
}

/** What a client may send first on 6080, with a token in one field of it. */
const sentTo6080: readonly ((token: string) => string)[] = [
  (token) => token,
  (token) => `${token}\r\n\r\n`,
  (token) => `GET /${token} HTTP/1.1\r\nHost: h\r\n\r\n`,
  (token) => `GET /vnc_lite.html?${token} HTTP/1.1\r\nHost: h\r\n\r\n`,
  (token) => `GET http://${token}/ HTTP/1.1\r\nHost: h\r\n\r\n`,
  (token) => `${token} / HTTP/1.1\r\nHost: h\r\n\r\n`,
  (token) => `CONNECT ${token}:80 HTTP/1.1\r\nHost: h\r\n\r\n`,
  (token) => `GET / HTTP/${token}\r\nHost: h\r\n\r\n`,
  (token) => `GET / HTTP/1.1\r\n${token}\r\n\r\n`,
  (token) => `GET / HTTP/1.1\r\nX-${token}: ${token}\r\nContent-Length: ${token}\r\n\r\n`,
  ...[
    "Host: TOKEN",
    "Host: TOKEN.example",
    "Origin: http://TOKEN",
    "Origin: http://TOKEN.example:80",
    "Origin: http://TOKEN@elsewhere",
    "Origin: TOKEN://elsewhere",
    "Origin: http://elsewhere/TOKEN",
    "Origin: TOKEN",
    "X-Forwarded-Proto: TOKEN",
    "X-Forwarded-For: TOKEN",
    "Upgrade: TOKEN",
    "Sec-WebSocket-Version: TOKEN",
    "Sec-WebSocket-Key: TOKEN",
    "Sec-WebSocket-Protocol: TOKEN",
    "Sec-WebSocket-Extensions: TOKEN",
    "Cookie: TOKEN=TOKEN; token=TOKEN",
    "Authorization: Bearer TOKEN",
    "User-Agent: TOKEN",
    "Referer: http://TOKEN/TOKEN",
  ].flatMap((header) => [
    (token: string) => upgrade("/?token=unknown", header.replaceAll("TOKEN", token)),
    (token: string) => upgrade(`/?path=${token}`, header.replaceAll("TOKEN", token)),
  ]),
];

/** The same on 6081. */
const sentTo6081: readonly ((token: string) => string)[] = [
  (token) => token,
  (token) => `${token}\r\n\r\n`,
  (token) => `R${token}\r\n\r\n`,
  (token) => `RFB ${token}\n`,
  (token) => `CONNECT ${token} HTTP/1.0\r\n\r\n`,
  (token) => `CONNECT /console?token=unknown&x=${token} HTTP/1.0\r\n\r\n`,
  (token) => `CONNECT /console?token=unknown HTTP/1.0\r\nHost: ${token}\r\n\r\n`,
  (token) => `GET /console.vv?token=${token} HTTP/1.0\r\n\r\n`,
  (token) => `GET /${token}/console.vnc HTTP/1.0\r\n\r\n`,
  (token) => `POST /console HTTP/1.0\r\nContent-Length: ${token}\r\n\r\n`,
  (token) => `${token} /console HTTP/1.0\r\n\r\n`,
];

describe("a token that is typed in any field of a front", () => {
  it("is in no log at debug level", { timeout: TIMEOUT_MS }, async () => {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const [apiPort, adminPort] = [await freePort(), await freePort()];
    await using directory = await TempDir.create();
    const secretFile = directory.file("secret");
    await writeFile(secretFile, `${API_SECRET}\n`, { mode: 0o600 });
    const { certPath, keyPath, ca } = await makeCertificate(directory);
    await using installation = await Installation.create({
      conf: {
        DEFAULT: { cert: certPath, key: keyPath },
        consoleauth: { api_listen: `127.0.0.1:${apiPort}`, api_secret_file: secretFile },
        console_proxy: { viewer_security: "X509Plain,Plain,xvp,VncAuth" },
      },
    });
    const { novncPort, xvpPort } = installation;
    const programs = [
      await installation.startNovncproxy([
        "--console_proxy-admin_listen",
        `127.0.0.1:${adminPort}`,
      ]),
      await installation.startXvpvncproxy(),
      await installation.startConsoleauth(),
    ];
    const [, , consoleauth] = programs;
    assert.ok(consoleauth);
    await accepting(consoleauth, { host: "127.0.0.1", port: apiPort });

    await using backend = await ScriptedBackend.start({});
    const good = webSocketUrl(await installation.authorize(backend.endpoint));
    const uuid = randomUUID();
    // As nova makes them, as a person may copy them, and as other issuers make them.
    const written = [uuid, uuid.toUpperCase(), uuid.replaceAll("-", "")];
    // At the same time: attempts after the 30th wait 2 s each.
    const shown = written.map(async (secret) => {
      await Promise.all([
        ...sentTo6080.map((head) => send(novncPort, head(secret))),
        ...sentTo6081.map((head) => send(xvpPort, head(secret))),
        sendFrames(good, secret),
        startTls(novncPort, secret),
        startTls(xvpPort, secret),
      ]);
      const ways = ["Plain", "xvp", "X509Plain"] as const;
      const typed = [
        [secret, "unknown"],
        ["", secret],
        [secret, secret],
      ] as const;
      const refused = ways.flatMap((way) =>
        typed.map(async ([userName, password]) => {
          const socket = await dial({ host: "127.0.0.1", port: xvpPort });
          const { refusal, channel } = await logIn(
            socket,
            { way, token: password, userName, ca },
            signal,
          );
          assert.match(refusal ?? "", /unknown or expired/);
          channel.destroy();
        }),
      );
      await Promise.all(refused);
      await askApi(apiPort, secret);
      for (const [method, path] of [
        ["GET", `/${secret}`],
        ["DELETE", `/v1/sessions/${secret}`],
      ] as const) {
        await fetch(`http://127.0.0.1:${adminPort}${path}`, { method });
      }
    });
    await Promise.all(shown);

    await Promise.all(programs.map((program) => program.stop()));
    const log = installation.log.toLowerCase();
    // All of it was there to be seen.
    for (const words of ["reason=origin-refused", "reason=viewer-misbehaved", "viewer refused"]) {
      assert.ok(log.includes(words), words);
    }
    for (const text of [uuid, uuid.replaceAll("-", "")]) {
      for (let at = 0; at + TELLING_CHARACTERS <= text.length; at++) {
        const found = log.indexOf(text.slice(at, at + TELLING_CHARACTERS));
        assert.equal(found, -1, `found at: ${log.slice(Math.max(0, found - 300), found + 100)}`);
      }
    }
  });
});

async function send(port: number, text: string): Promise<void> {
  const socket = await dial({ host: "127.0.0.1", port });
  socket.resume();
  socket.end(text);
  await closed(socket);
}

/** Opens WebSockets that send a token where RFB should be: as bytes, as text, as a close reason. */
async function sendFrames(url: URL, token: string): Promise<void> {
  const words: readonly ((webSocket: WebSocket) => void)[] = [
    (webSocket) => {
      webSocket.send(Buffer.from(token));
    },
    (webSocket) => {
      webSocket.send(token);
    },
    (webSocket) => {
      webSocket.close(4000, token);
    },
  ];
  for (const say of words) {
    const webSocket = new WebSocket(url, ["binary"], { origin: `http://${url.host}` });
    webSocket.on("open", () => {
      say(webSocket);
    });
    webSocket.on("error", () => undefined);
    await once(webSocket, "close");
  }
}

/** Begins TLS with the token as the server's name (SNI), and speaks what is no HTTP. */
async function startTls(port: number, token: string): Promise<void> {
  for (const servername of [token, `${token}.example`]) {
    for (const rejectUnauthorized of [true, false]) {
      const socket = connectTls({ host: "127.0.0.1", port, servername, rejectUnauthorized });
      socket.on("error", () => undefined);
      socket.on("secureConnect", () => socket.end(`${token}\r\n`));
      socket.resume();
      if (!socket.closed) await new Promise((resolve) => socket.once("close", resolve));
    }
  }
}

async function askApi(port: number, token: string): Promise<void> {
  const json = { "content-type": "application/json" };
  const authorization = `Bearer ${API_SECRET}`;
  const place = { host: token, port: 5900 };
  const good = { ...place, instance_uuid: randomUUID(), console_type: "novnc", host: "h" };
  const requests: readonly [string, string, unknown, Readonly<Record<string, string>>][] = [
    ["GET", `/${token}`, null, {}],
    ["GET", `/v1/consoles/${token}`, null, {}],
    ["GET", `/v1/consoles/${token}`, null, { authorization: `Bearer ${token}` }],
    ["DELETE", `/v1/instances/${token}/consoles`, null, {}],
    ["PUT", `/v1/instances/${token}/endpoint`, place, json],
    ["PUT", `/v1/instances/${randomUUID()}/endpoint`, place, json],
    ["POST", "/v1/consoles", { ...good, [token]: 1 }, json],
    ["POST", "/v1/consoles", { ...good, console_type: token }, json],
    ["POST", "/v1/consoles", { ...good, port: token }, json],
    ["POST", "/v1/consoles", { ...good, ttl: token }, json],
    ["POST", "/v1/consoles", { ...good, host: `${token}/` }, json],
    ["POST", "/v1/consoles", { ...good, instance_uuid: `${token}0` }, json],
    ["POST", "/v1/consoles", { ...good, internal_access_path: `${token} ` }, json],
    ["POST", "/v1/consoles", good, { "content-type": token }],
  ];
  for (const [method, path, body, headers] of requests) {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: { authorization, ...headers },
      ...(body === null ? {} : { body: JSON.stringify(body) }),
    });
    await answer.arrayBuffer();
  }
  await send(port, `${token} /${token} HTTP/1.1\r\nHost: ${token}\r\n\r\n`);
}
