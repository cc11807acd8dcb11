import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { get } from "node:https";
import { after, before, describe, it } from "node:test";
import { Balancer, type Changes } from "./support/balancer.ts";
import { makeCertificate, type Certificate } from "./support/certificate.ts";
import type { Child } from "./support/child.ts";
import { freePort } from "./support/free-port.ts";
import { Installation, type InstallationOptions } from "./support/installation.ts";
import { RfbViewer } from "./support/rfb-viewer.ts";
import { endedByProxy, ScriptedBackend } from "./support/scripted-backend.ts";
import { TempDir } from "./support/temp-dir.ts";
import { viewerPorts } from "./support/viewer-ports.ts";
import { openWebSocket, webSocketUrl, type WebSocketViewer } from "./support/web-socket-viewer.ts";

const TIMEOUT_MS = 120_000;
/** Not that of a balancer. */
const VIEWER_ADDRESS = "127.0.0.9";
/** As nginx comes to us. */
const FRONT_FORWARDED_FOR = { trusted_proxies: "127.0.0.1/32" };
const FRONT_PROXY_PROTOCOL = { proxy_protocol: "true", trusted_proxies: "127.0.0.2/32" };
/** Enough pings at {@link OFTEN} to outlive a balancer's time-out of a second. */
const PINGS = 10;
const OFTEN = 0.2;

const FAST_CHECKS = ["inter 2s", "inter 100ms"] as const;

/** One proxy of the example stays; the other is nobody. */
interface Stage extends AsyncDisposable {
  readonly installation: Installation;
  readonly proxy: Child;
  readonly balancer: Balancer;
  readonly backend: ScriptedBackend;
  open(): Promise<WebSocketViewer>;
}

/** The two servers of a HAProxy example: ours, which HAProxy comes to from an address of its own, and nobody. */
async function servers(port: 6080 | 6081, ours: number, adminPort: number): Promise<Changes> {
  const checkPort = port + 3100;
  const [nobody, nobodyToo] = [await freePort(), await freePort()];
  return [
    [
      `192.0.2.11:${port} check port ${checkPort}`,
      `127.0.0.1:${ours} source 127.0.0.2 check port ${adminPort}`,
    ],
    [`192.0.2.12:${port} check port ${checkPort}`, `127.0.0.1:${nobody} check port ${nobodyToo}`],
  ];
}

/** Waits until HAProxy has found out which of its servers are there. */
async function checked(balancer: Balancer): Promise<Balancer> {
  await balancer.child.printed(/proxy2 is DOWN/);
  return balancer;
}

describe("examples of load balancers", { timeout: 8 * TIMEOUT_MS }, () => {
  const timeout = TIMEOUT_MS;
  const owned = new AsyncDisposableStack();
  let certificate: Certificate;
  let bundlePath: string;

  before(async () => {
    const directory = owned.use(await TempDir.create());
    certificate = await makeCertificate(directory);
    bundlePath = directory.file("console.pem");
    await writeFile(
      bundlePath,
      Buffer.concat([await readFile(certificate.keyPath), certificate.ca]),
    );
  });
  after(() => owned.disposeAsync());

  type Start = (
    installation: Installation,
    port: number,
    adminPort: number,
    more: Changes,
  ) => Promise<Balancer>;

  /** The second proxy of the examples is a port that nobody listens on. */
  async function stage(
    start: Start,
    scheme: "http" | "https",
    consoleProxy: Readonly<Record<string, string | number>>,
    more: Changes = [],
  ): Promise<Stage> {
    await using stack = new AsyncDisposableStack();
    const [port, adminPort] = [await freePort(), await freePort()];
    const options: InstallationOptions = {
      scheme,
      conf: { console_proxy: { admin_listen: `127.0.0.1:${adminPort}`, ...consoleProxy } },
    };
    const backend = stack.use(await ScriptedBackend.start({ run: endedByProxy }));
    const installation = stack.use(await Installation.create(options));
    const proxy = await installation.startNovncproxy();
    const balancer = stack.use(await start(installation, port, adminPort, more));
    const all = stack.move();
    return {
      installation,
      proxy,
      balancer,
      backend,
      open: async () => {
        const url = webSocketUrl(await installation.authorize(backend.endpoint));
        url.port = String(port);
        return openWebSocket(url, { ca: certificate.ca, localAddress: VIEWER_ADDRESS });
      },
      [Symbol.asyncDispose]: () => all.disposeAsync(),
    };
  }

  const tcp: Start = async (installation, port, adminPort, more) =>
    checked(
      await Balancer.haproxy(installation, "haproxy/tcp.cfg", port, [
        FAST_CHECKS,
        ["bind :6080", `bind 127.0.0.1:${port}`],
        ["bind :6081", `bind 127.0.0.1:${await freePort()}`],
        ...(await servers(6080, installation.novncPort, adminPort)),
        ...(await servers(6081, installation.xvpPort, await freePort())),
        ...more,
      ]),
    );
  const tls: Start = async (installation, port, adminPort, more) =>
    checked(
      await Balancer.haproxy(installation, "haproxy/tls.cfg", port, [
        FAST_CHECKS,
        ["bind :443", `bind 127.0.0.1:${port}`],
        ["/etc/haproxy/console.pem", bundlePath],
        ...(await servers(6080, installation.novncPort, adminPort)),
        ...more,
      ]),
    );
  const nginx: Start = async (installation, port, _adminPort, more) =>
    Balancer.nginx(installation, "nginx/console.conf", port, [
      ["listen 443", `listen 127.0.0.1:${port}`],
      ["/etc/nginx/console.crt", certificate.certPath],
      ["/etc/nginx/console.key", certificate.keyPath],
      ["192.0.2.11:6080", `127.0.0.1:${installation.novncPort}`],
      ["192.0.2.12:6080", `127.0.0.1:${await freePort()}`],
      ["/var/log/nginx/console.log", installation.directory.file("access.log")],
      ["/var/log/nginx/console-error.log", installation.directory.file("error.log")],
      ...more,
    ]);

  const examples = [
    { name: "haproxy/tcp.cfg", start: tcp, scheme: "http", proxyProtocol: true },
    { name: "haproxy/tls.cfg", start: tls, scheme: "https", proxyProtocol: true },
    { name: "nginx/console.conf", start: nginx, scheme: "https", proxyProtocol: false },
  ] as const;

  for (const { name, start, scheme, proxyProtocol } of examples) {
    const front = proxyProtocol ? FRONT_PROXY_PROTOCOL : FRONT_FORWARDED_FOR;
    /** A short time for silence, in the example's own words. */
    const short: Changes =
      start === nginx
        ? [["proxy_read_timeout 1h", "proxy_read_timeout 1s"]]
        : [["timeout tunnel 1h", "timeout tunnel 1s"]];

    it(`${name}: a console opens`, { timeout }, async () => {
      await using on = await stage(start, scheme, front);
      const { webSocket, channel } = await on.open();
      const viewer = await RfbViewer.open(channel, AbortSignal.timeout(TIMEOUT_MS));
      assert.equal(viewer.desktopName, "scripted");
      webSocket.close();
      const [line] = await on.proxy.printed(/session closed .*/);
      assert.ok(line.includes(` viewerAddress=${VIEWER_ADDRESS} `), line);
    });

    it(
      `${name}: a silent console ends by the balancer's time-out, without a reason`,
      { timeout },
      async () => {
        await using on = await stage(start, scheme, { ...front, ping_interval: 0 }, short);
        const { channel, closed } = await on.open();
        await RfbViewer.open(channel, AbortSignal.timeout(TIMEOUT_MS));
        assert.equal((await closed).code, 1006);
      },
    );

    it(`${name}: pings keep a silent console open`, { timeout }, async () => {
      await using on = await stage(start, scheme, { ...front, ping_interval: OFTEN }, short);
      const { webSocket, channel, closed } = await on.open();
      await RfbViewer.open(channel, AbortSignal.timeout(TIMEOUT_MS));
      for (let pings = 0; pings < PINGS; pings++) await once(webSocket, "ping");
      webSocket.close(1000);
      assert.equal((await closed).code, 1000);
    });
  }

  for (const { name, start } of examples.filter(({ scheme }) => scheme === "https")) {
    it(`${name}: the page comes, and no log has the token`, { timeout }, async () => {
      const front = start === tls ? FRONT_PROXY_PROTOCOL : FRONT_FORWARDED_FOR;
      await using on = await stage(start, "https", front);
      const url = await on.installation.authorize(on.backend.endpoint);
      url.port = String(on.balancer.port);
      const ask = async (): Promise<number> => {
        const request = get(url, { ca: certificate.ca, agent: false });
        const [response] = (await once(request, "response")) as [
          { statusCode: number; resume(): void },
        ];
        response.resume();
        return response.statusCode;
      };
      assert.equal(await ask(), 200);
      await on.proxy.stop();
      const status = await ask();
      assert.ok(status === 502 || status === 503, String(status));
      const token = /token%3D([0-9a-f-]+)/.exec(url.href)?.[1] ?? "";
      assert.notEqual(token, "");
      const files = start === nginx ? ["access.log", "error.log"] : [];
      const written = await Promise.all(
        files.map((file) => readFile(on.installation.directory.file(file), "utf8")),
      );
      const all = [on.balancer.child.stdout, on.balancer.child.stderr, ...written].join("\n");
      assert.ok(!all.includes(token), all);
      if (start === nginx) assert.match(all, / 502 /);
    });
  }

  it("haproxy/tcp.cfg: a desktop viewer's console opens", { timeout }, async () => {
    const [adminPort, xvpPort] = [await freePort(), await freePort()];
    await using backend = await ScriptedBackend.start({ run: endedByProxy });
    await using installation = await Installation.create({
      conf: { console_proxy: { admin_listen: `127.0.0.1:${adminPort}`, ...FRONT_PROXY_PROTOCOL } },
    });
    await installation.startXvpvncproxy();
    await using balancer = await checked(
      await Balancer.haproxy(installation, "haproxy/tcp.cfg", xvpPort, [
        FAST_CHECKS,
        ["bind :6080", `bind 127.0.0.1:${await freePort()}`],
        ["bind :6081", `bind 127.0.0.1:${xvpPort}`],
        ...(await servers(6080, installation.novncPort, await freePort())),
        ...(await servers(6081, installation.xvpPort, adminPort)),
      ]),
    );
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const url = await installation.authorize(backend.endpoint, { type: "xvpvnc" });
    url.port = String(balancer.port);
    const port = viewerPorts.find(({ type }) => type === "xvpvnc");
    assert.ok(port);
    const channel = await port.open(url, signal);
    const viewer = await RfbViewer.open(channel, signal);
    assert.equal(viewer.desktopName, "scripted");
    channel.destroy();
  });

  it(
    "haproxy/tcp.cfg: a proxy that stops gets no new consoles and keeps its open ones",
    { timeout },
    async () => {
      await using on = await stage(tcp, "http", FRONT_PROXY_PROTOCOL);
      const { webSocket, channel, closed } = await on.open();
      await RfbViewer.open(channel, AbortSignal.timeout(TIMEOUT_MS));
      process.kill(on.proxy.pid, "SIGTERM");
      await on.balancer.child.printed(/Server novnc\/proxy1 is DOWN/);
      webSocket.close(1000);
      assert.equal((await closed).code, 1000);
    },
  );
});
