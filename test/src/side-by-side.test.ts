import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { request, type IncomingMessage } from "node:http";
import { after, before, describe, it } from "node:test";
import { WebSocket } from "ws";
import { Child } from "./support/child.ts";
import { freePort } from "./support/free-port.ts";
import { NovaCell } from "./support/nova/nova-cell.ts";
import { startProgram } from "./support/programs.ts";
import { endedByProxy, ScriptedBackend } from "./support/scripted-backend.ts";
import { accepting } from "./support/tcp.ts";
import { TempDir } from "./support/temp-dir.ts";

const TIMEOUT_MS = 180_000;
const CLIENT_VERSION = Buffer.from("RFB 003.008\n");
const ONE_TYPE_NONE = "0101";

/** What a viewer is let see: its security types, a refusal after the upgrade, or an HTTP status. */
type Outcome = "opens" | "is refused" | `HTTP ${number}`;

/** An upgrade request; `T` stands for the token. */
interface Upgrade {
  readonly name: string;
  readonly target: string;
  readonly cookie?: string;
  readonly origin?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly protocols?: readonly string[];
  readonly consoleType?: "spice-html5";
  readonly outcome: Outcome;
  /** Of nova's own program, where ours is different on purpose. */
  readonly theirs?: Outcome;
}

const upgrades: readonly Upgrade[] = [
  { name: "a good token", target: "/?token=T", outcome: "opens" },
  { name: "any path", target: "/x/y?a=1&token=T", outcome: "opens" },
  { name: "an encoded name", target: "/?%74oken=T", outcome: "opens" },
  { name: "no token", target: "/", outcome: "is refused" },
  { name: "an empty token", target: "/?token=", outcome: "is refused" },
  { name: "an unknown token", target: "/?token=no", outcome: "is refused" },
  { name: "a slash behind the token", target: "/?token=T/", outcome: "is refused" },
  { name: "a space behind the token", target: "/?token=T%20", outcome: "is refused" },
  { name: "a semicolon as separator", target: "/?a=1;token=T", outcome: "is refused" },
  { name: "a blank value after the token", target: "/?token=T&token=", outcome: "opens" },
  { name: "the good one of two tokens last", target: "/?token=no&token=T", outcome: "opens" },
  { name: "the good one of two tokens first", target: "/?token=T&token=no", outcome: "is refused" },
  { name: "a cookie", target: "/websockify", cookie: "token=T", outcome: "opens" },
  { name: "a quoted cookie", target: "/", cookie: 'token="T"', outcome: "opens" },
  { name: "a cookie in capitals", target: "/", cookie: "Token=T", outcome: "is refused" },
  { name: "the last of two cookies", target: "/", cookie: "token=no; token=T", outcome: "opens" },
  { name: "a query above a cookie", target: "/?token=T", cookie: "token=no", outcome: "opens" },
  { name: "a bad query above", target: "/?token=no", cookie: "token=T", outcome: "is refused" },
  { name: "our origin", target: "/?token=T", origin: "http://127.0.0.1:1", outcome: "opens" },
  {
    name: "another origin",
    target: "/?token=T",
    origin: "http://evil.example",
    outcome: "HTTP 403",
    theirs: "is refused",
  },
  {
    name: "another scheme than the access URL's",
    target: "/?token=T",
    origin: "https://127.0.0.1",
    outcome: "HTTP 403",
    theirs: "is refused",
  },
  {
    name: "X-Forwarded-Proto above the origin's scheme",
    target: "/?token=T",
    origin: "https://127.0.0.1",
    headers: { "X-Forwarded-Proto": "http" },
    outcome: "opens",
  },
  { name: "binary", target: "/?token=T", protocols: ["binary"], outcome: "opens" },
  { name: "binary first", target: "/?token=T", protocols: ["binary", "x"], outcome: "opens" },
  { name: "base64", target: "/?token=T", protocols: ["base64"], outcome: "HTTP 400" },
  { name: "chat", target: "/?token=T", protocols: ["chat"], outcome: "HTTP 400" },
  {
    name: "a console that is not VNC",
    target: "/?token=T",
    consoleType: "spice-html5",
    outcome: "is refused",
    theirs: "opens",
  },
];

/** Plain requests, and what of their answers must be the same. */
const requests = [
  { method: "GET", path: "/page.html", status: 200 },
  { method: "HEAD", path: "/page.html", status: 200 },
  { method: "GET", path: "/absent.html", status: 404 },
  { method: "GET", path: "/websockify", status: 404 },
  { method: "GET", path: "/%2e%2e/nova.conf", status: 404 },
  { method: "GET", path: "//evil.example/%2e%2e", status: 301 },
  { method: "POST", path: "/page.html", status: 501 },
  { method: "DELETE", path: "/", status: 501 },
];

describe("ours beside Debian's nova-novncproxy, on one nova.conf", { timeout: TIMEOUT_MS }, () => {
  const owned = new AsyncDisposableStack();
  let cell: NovaCell;
  let backend: ScriptedBackend;
  let ports: { ours: number; theirs: number };

  before(async () => {
    cell = owned.use(await NovaCell.start("MariaDB"));
    backend = owned.use(await ScriptedBackend.start({ run: endedByProxy }));
    const web = owned.use(await TempDir.create());
    await writeFile(web.file("page.html"), "<p>a page</p>");
    ports = { ours: await freePort(), theirs: await freePort() };
    const args = (port: number): string[] => [
      ...["--config-file", cell.confPath, "--web", web.path],
      ...["--vnc-novncproxy_host", "127.0.0.1", "--vnc-novncproxy_port", String(port)],
    ];
    const theirs = owned.use(await Child.start("/usr/bin/nova-novncproxy", args(ports.theirs)));
    const ours = owned.use(await startProgram("nova-novncproxy", args(ports.ours)));
    await accepting(theirs, { host: "127.0.0.1", port: ports.theirs });
    await accepting(ours, { host: "127.0.0.1", port: ports.ours });
  });
  after(() => owned.disposeAsync());

  for (const upgrade of upgrades) {
    const { name, outcome, theirs = outcome } = upgrade;
    const suffix = theirs === outcome ? "" : `, where nova's ${theirs}`;
    it(`${outcome} with ${name}${suffix}`, async () => {
      const { host, port } = backend.endpoint;
      const token = await cell.authorize(host, port, upgrade.consoleType ?? "novnc");
      assert.equal(await outcomeOf(upgrade, token, ports.ours), outcome, "ours");
      assert.equal(await outcomeOf(upgrade, token, ports.theirs), theirs, "theirs");
    });
  }

  for (const { method, path, status } of requests) {
    it(`answers ${method} ${path} with ${status}`, async () => {
      const ours = await answerOf(method, path, ports.ours);
      assert.equal(ours.status, status);
      assert.deepEqual(ours, await answerOf(method, path, ports.theirs));
    });
  }
});

async function outcomeOf(upgrade: Upgrade, token: string, port: number): Promise<Outcome> {
  const { target, cookie, origin, headers = {}, protocols = [] } = upgrade;
  const webSocket = new WebSocket(
    `ws://127.0.0.1:${port}${target.replace(/T(?=[/%&]|$)/, token)}`,
    [...protocols],
    {
      headers: {
        ...headers,
        ...(cookie === undefined ? {} : { Cookie: cookie.replace(/T(?=["]|$)/, token) }),
      },
      ...(origin === undefined ? {} : { origin }),
    },
  );
  try {
    return await new Promise<Outcome>((resolve) => {
      let received = Buffer.alloc(0);
      webSocket.on("unexpected-response", (_, response: IncomingMessage) => {
        resolve(`HTTP ${response.statusCode ?? 0}`);
      });
      webSocket.on("message", (data: Buffer) => {
        const before = received.length;
        received = Buffer.concat([received, data]);
        if (before < CLIENT_VERSION.length && received.length >= CLIENT_VERSION.length) {
          webSocket.send(CLIENT_VERSION);
        }
        const types = received.subarray(CLIENT_VERSION.length);
        if (types.length === 0) return;
        resolve(types.toString("hex") === ONE_TYPE_NONE ? "opens" : "is refused");
      });
      webSocket.on("error", () => undefined);
      webSocket.on("close", () => {
        resolve("is refused");
      });
    });
  } finally {
    webSocket.terminate();
  }
}

async function answerOf(
  method: string,
  path: string,
  port: number,
): Promise<{ status: number; location: string | null; body: string | null }> {
  const asked = request({ host: "127.0.0.1", port, method, path, agent: false });
  asked.end();
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const { statusCode = 0, headers } = response;
  // Pages of an error are each program's own.
  const body = statusCode === 200 ? Buffer.concat(chunks).toString() : null;
  return { status: statusCode, location: headers.location ?? null, body };
}
