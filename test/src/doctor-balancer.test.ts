import assert from "node:assert/strict";
import { appendFile, readFile, writeFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { Child } from "./support/child.ts";
import { freePort } from "./support/free-port.ts";
import { Installation } from "./support/installation.ts";
import { reportOf, runDoctor, type DoctorReport } from "./support/doctor.ts";
import { output } from "./support/run.ts";
import { accepting } from "./support/tcp.ts";
import { encodeNovaConf, type NovaConf } from "./support/nova-conf.ts";

/** Where the balancer is; the proxy is on 127.0.0.1. */
const PUBLIC = "127.0.0.2";
const LINES = [
  "defaults",
  " mode http",
  " timeout connect 3s",
  " timeout client 1m",
  " timeout server 1m",
];

describe("nova-console-doctor check behind a load balancer", () => {
  const owned = new AsyncDisposableStack();
  let host: Installation;
  before(async () => {
    host = owned.use(await Installation.running());
  });
  after(() => owned.disposeAsync());

  /** What it says of base URLs and certificates. */
  async function diagnose(conf: NovaConf): Promise<{ ids: string[]; report: DoctorReport }> {
    const planted = host.directory.file("planted.conf");
    await writeFile(planted, encodeNovaConf(conf));
    const args = ["--config-file", host.confPath, "--config-file", planted, "check", "--json"];
    const report = reportOf(await runDoctor(args));
    const ids = report.findings.map(({ id }) => id);
    return { ids: ids.filter((id) => /^(base-url|certificate)/.test(id)), report };
  }

  async function haproxy(port: number, lines: readonly string[]): Promise<AsyncDisposable> {
    const conf = host.directory.file(`haproxy-${port}-${lines.length}.cfg`);
    await writeFile(conf, `${[...LINES, ...lines].join("\n")}\n`);
    const child = await Child.start("/usr/sbin/haproxy", ["-db", "-f", conf]);
    await accepting(child, { host: lines.join().includes(PUBLIC) ? PUBLIC : "127.0.0.1", port });
    return child;
  }

  /** HAProxy that ends TLS on the proxy's own port number, at another address. */
  function endingTls(pem: string): Promise<AsyncDisposable> {
    return haproxy(host.novncPort, [
      "listen public",
      ` bind ${PUBLIC}:${host.novncPort} ssl crt ${pem}`,
      " http-request set-header X-Forwarded-Proto https",
      ` server one 127.0.0.1:${host.novncPort}`,
    ]);
  }

  async function pemFor(subject: string, days: number): Promise<string> {
    const [pem, key] = ["public.pem", "public.key"].map((name) => host.directory.file(name));
    await output("openssl", [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc"],
      ...["-days", String(days), "-subj", "/CN=x", "-addext", `subjectAltName=${subject}`],
      ...["-keyout", key ?? "", "-out", pem ?? ""],
    ]);
    await appendFile(pem ?? "", await readFile(key ?? ""));
    return pem ?? "";
  }

  const sameNumber = (): NovaConf => ({
    vnc: { novncproxy_base_url: `https://${PUBLIC}:${host.novncPort}/vnc_lite.html` },
  });

  it("takes the same port number at another address for what it is: the balancer's", async () => {
    await using stack = new AsyncDisposableStack();
    stack.use(await endingTls(await pemFor(`IP:${PUBLIC}`, 90)));
    const { ids, report } = await diagnose(sameNumber());
    assert.deepEqual(ids, []);
    assert.ok(report.fine.some(({ text }) => /novncproxy_base_url leads here: https/.test(text)));
  });

  it("does not compare the certificate of a proxy with the URL of a balancer", async () => {
    const pem = await pemFor(`IP:${PUBLIC}`, 90);
    await using stack = new AsyncDisposableStack();
    stack.use(await endingTls(pem));
    const own = await pemFor("DNS:internal.example", 90);
    const { ids } = await diagnose({ DEFAULT: { cert: own, key: own }, ...sameNumber() });
    assert.ok(!ids.includes("certificate-name"), ids.join());
  });

  it("finds that the balancer's own certificate is for another host, and soon over", async () => {
    await using stack = new AsyncDisposableStack();
    stack.use(await endingTls(await pemFor("DNS:other.example", 9)));
    const { ids, report } = await diagnose(sameNumber());
    assert.deepEqual(ids, ["certificate-expires-soon", "certificate-name"]);
    assert.match(JSON.stringify(report.findings), /the certificate that https:\/\/127\.0\.0\.2/);
  });

  it("finds https to a balancer that speaks none, and http to one that speaks nothing else", async () => {
    const port = await freePort();
    await using stack = new AsyncDisposableStack();
    stack.use(
      await haproxy(port, [
        "listen p",
        ` bind 127.0.0.1:${port}`,
        ` server one 127.0.0.1:${host.novncPort}`,
      ]),
    );
    const https = await diagnose({
      vnc: { novncproxy_base_url: `https://127.0.0.1:${port}/vnc_lite.html` },
    });
    assert.deepEqual(https.ids, ["base-url-scheme"]);
    stack.use(await endingTls(await pemFor(`IP:${PUBLIC}`, 90)));
    const http = await diagnose({
      vnc: { novncproxy_base_url: `http://${PUBLIC}:${host.novncPort}/vnc_lite.html` },
    });
    assert.deepEqual(http.ids, ["base-url-scheme"]);
  });

  it("goes behind a path prefix that a reverse proxy takes off", async () => {
    const port = await freePort();
    await using stack = new AsyncDisposableStack();
    stack.use(
      await haproxy(port, [
        "listen prefix",
        ` bind 127.0.0.1:${port}`,
        " http-request replace-path ^/novnc(/.*)$ \\1 if { path_beg /novnc/ }",
        ` server one 127.0.0.1:${host.novncPort}`,
      ]),
    );
    const url = `http://127.0.0.1:${port}/novnc/vnc_lite.html`;
    const { ids, report } = await diagnose({ vnc: { novncproxy_base_url: url } });
    assert.deepEqual(ids, []);
    assert.ok(
      report.fine.some(({ text }) =>
        text.endsWith(`${url}, by a reverse proxy that takes /novnc off`),
      ),
    );
    // Without the rule the prefix leads nowhere.
    const direct = `http://127.0.0.1:${host.novncPort}/novnc/vnc_lite.html`;
    assert.deepEqual((await diagnose({ vnc: { novncproxy_base_url: direct } })).ids, [
      "base-url-page",
    ]);
  });

  it("finds that a balancer passes the page on, and no WebSocket", async () => {
    const port = await freePort();
    await using stack = new AsyncDisposableStack();
    stack.use(
      await haproxy(port, [
        "listen plain",
        ` bind 127.0.0.1:${port}`,
        " http-request del-header Upgrade",
        ` server one 127.0.0.1:${host.novncPort}`,
      ]),
    );
    const url = `http://127.0.0.1:${port}/vnc_lite.html`;
    const { ids } = await diagnose({ vnc: { novncproxy_base_url: url } });
    assert.deepEqual(ids, ["base-url-websocket"]);
  });

  it("finds that a balancer reaches no proxy", async () => {
    const port = await freePort();
    await using stack = new AsyncDisposableStack();
    stack.use(
      await haproxy(port, [
        "listen away",
        ` bind 127.0.0.1:${port}`,
        ` server one 127.0.0.1:${await freePort()}`,
      ]),
    );
    const url = `http://127.0.0.1:${port}/vnc_lite.html`;
    const { ids } = await diagnose({ vnc: { novncproxy_base_url: url } });
    assert.deepEqual(ids, ["base-url-balancer"]);
  });
});
