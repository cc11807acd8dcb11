import assert from "node:assert/strict";
import { createServer } from "node:http";
import { hostname } from "node:os";
import { after, before, describe, it } from "node:test";
import { DoctorHost } from "./support/doctor-host.ts";
import { hostFaults } from "./support/doctor-host-faults.ts";
import { settingFaults } from "./support/doctor-setting-faults.ts";
import { idsOf, reportOf, runDoctor, runPlainDoctor } from "./support/doctor.ts";

describe("nova-console-doctor check", () => {
  let host: DoctorHost;
  before(async () => {
    host = await DoctorHost.create();
  });
  after(() => host[Symbol.asyncDispose]());

  it("finds nothing on a healthy host, and says what it looked at", async () => {
    const { port } = host.compute.endpoint;
    const report = await host.diagnose({ args: ["--compute", `127.0.0.1:${port}`] });
    assert.deepEqual(report.findings, []);
    const said = report.fine.map(({ check, text }) => `${check}: ${text}`).join("\n");
    for (const line of [
      /ports: \d+ is held by nova-novncproxy\nports: \d+ is held by nova-xvpvncproxy/,
      /novncproxy_base_url leads here.*\n.*xvpvncproxy_base_url leads here/,
      /token store: SQLite at \S+ answers/,
      /computes: 127\.0\.0\.1:\d+ answers: RFB 003\.008/,
    ]) {
      assert.match(said, line);
    }
  });

  it("finds the computes by the live tokens", async () => {
    const { findings, fine } = await host.diagnose({});
    assert.deepEqual(findings, []);
    const computes = fine.filter(({ check }) => check === "computes").map(({ text }) => text);
    assert.deepEqual(computes, [`127.0.0.1:${host.compute.endpoint.port} answers: RFB 003.008`]);
  });

  it("goes where a base URL redirects to, as a browser does", async () => {
    const page = `http://127.0.0.1:${host.novncPort}/vnc_lite.html`;
    const port = await host.listening(
      createServer((_request, response) => response.writeHead(301, { location: page }).end()),
    );
    const url = `http://${hostname()}:${port}/vnc_lite.html`;
    const report = await host.diagnose({ conf: { vnc: { novncproxy_base_url: url } } });
    assert.deepEqual(report.findings, []);
    assert.ok(
      report.fine.some(({ text }) => text === `[vnc] novncproxy_base_url leads here: ${url}`),
    );
  });

  it("ends in time where a base URL redirects to itself without end", async () => {
    const port = await host.listening(
      createServer((_request, response) => response.writeHead(302, { location: "/" }).end()),
    );
    const url = `http://${hostname()}:${port}/vnc_lite.html`;
    const report = await host.diagnose({ conf: { vnc: { novncproxy_base_url: url } } });
    assert.deepEqual(idsOf(report), ["base-url-elsewhere"]);
  });

  it("is a page that a tired operator reads, without colours where there is no terminal", async () => {
    const planted = await host.argsFor({ args: ["--compute", "no-such-host.invalid"] });
    const { stdout, status } = await runDoctor(planted.filter((word) => word !== "--json"));
    assert.equal(status, 1);
    assert.match(
      stdout,
      /\nFAULT {2}compute-name\n {2}what {4}no-such-host\.invalid does not resolve/,
    );
    assert.match(stdout, /\n {2}mend {4}getent hosts no-such-host\.invalid\n\n\S+: 1 fault/);
    assert.ok(!stdout.includes("\u001b"));
    assert.ok(stdout.split("\n").every((line) => line.length <= 110));
  });

  it("ends with 2 for an option that it cannot use", async () => {
    const { status, stderr } = await runPlainDoctor(["--compute", "a:b:c"]);
    assert.equal(status, 2);
    assert.match(stderr, /^nova-console-doctor: --compute: found "a:b:c", must be HOST,/);
  });

  for (const [id, what, plant] of [...settingFaults, ...hostFaults]) {
    it(`finds ${what}: ${id}, and nothing else`, async () => {
      const planted = await plant(host);
      const report = await host.diagnose(planted);
      // A broker makes a cloud of a host; that of these faults is away.
      const hasBroker = planted.conf?.["DEFAULT"]?.["transport_url"] !== undefined;
      const others = hasBroker && id !== "broker-setting" ? ["broker-unavailable"] : [];
      assert.deepEqual(
        idsOf(report),
        [...new Set([id, ...others])].sort(),
        JSON.stringify(report.findings, null, 2),
      );
      for (const { what: said, why, mend } of report.findings) {
        assert.notEqual(said, "");
        assert.notEqual(why, "");
        assert.ok(mend.length > 0);
      }
    });
  }

  it("finds nova's own program where ours should be: predecessor-installed", async () => {
    const report = reportOf(await runPlainDoctor(await host.argsFor({})));
    assert.deepEqual(idsOf(report), ["predecessor-installed"]);
  });
});
