import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { randomUUID } from "node:crypto";
import { after, before, describe, it } from "node:test";
import {
  differingFraction,
  freePort,
  openWebSocket,
  openXvp,
  RfbViewer,
  TempDir,
  until,
  webSocketUrl,
  XVncServer,
} from "@nova-console/test/support";
import { programs, version } from "../programs.ts";
import { InstalledRoot } from "../testing/installed-root.ts";
import { buildStubRpms, type StubName } from "../testing/stub-rpms.ts";
import { buildRpms } from "./build-rpms.ts";

const PACKAGES = ["openstack-nova-novncproxy", "openstack-nova-console"] as const;

/** How much of a picture may differ: the terminal's cursor blinks. */
const LIKENESS = 0.01;

describe("RPMs in an empty root", () => {
  let directory: TempDir;
  let ours: readonly string[] = [];
  let stubs: Readonly<Record<StubName, string>>;
  before(async () => {
    directory = await TempDir.create();
    const built = await buildRpms({ output: directory.path, release: "1", date: 1_700_000_000 });
    ours = built.filter((file) => file.endsWith(".noarch.rpm"));
    stubs = await buildStubRpms(directory.path);
  });
  after(async () => {
    await directory[Symbol.asyncDispose]();
  });

  /** What every host has. */
  const host = (): string[] => [stubs.host, stubs.nodejs];
  const install = ["--install", "--noscripts"] as const;

  it("install without openstack-nova-common, and beside it when it comes later", async () => {
    await using root = await InstalledRoot.create();
    await root.rpm(...install, ...host(), ...ours);
    await root.rpm(...install, stubs["openstack-nova-common"]);
    assert.equal(await root.rpm("--verify", "--nouser", "--nogroup", ...PACKAGES), "");
  });

  it("ask for a Node.js", async () => {
    await using root = await InstalledRoot.create();
    await assert.rejects(root.rpm(...install, stubs.host, ...ours), /nodejs >= 1:22\.13/);
  });

  it("replace nova's own, and keep its edited options", async () => {
    await using root = await InstalledRoot.create();
    const python = [stubs["openstack-nova-common"], stubs["python-novncproxy"]];
    await root.rpm(...install, ...host(), ...python);
    const options = root.path("/etc/sysconfig/openstack-nova-novncproxy");
    writeFileSync(options, "OPTIONS=--debug\n");
    await root.rpm("--upgrade", "--noscripts", ...ours);
    assert.match(
      await root.rpm("-q", PACKAGES[0]),
      new RegExp(`^openstack-nova-novncproxy-${version()}-1`),
    );
    assert.equal(readFileSync(options, "utf8"), "OPTIONS=--debug\n");
    assert.match(readFileSync(`${options}.rpmnew`, "utf8"), /^#OPTIONS=$/m);
  });

  it("replace options of nova's own that nobody edited", async () => {
    await using root = await InstalledRoot.create();
    const python = [stubs["openstack-nova-common"], stubs["python-novncproxy"]];
    await root.rpm(...install, ...host(), ...python);
    await root.rpm("--upgrade", "--noscripts", ...ours);
    const options = root.path("/etc/sysconfig/openstack-nova-novncproxy");
    assert.match(readFileSync(options, "utf8"), /see nova-novncproxy\(8\)/);
    assert.ok(!existsSync(`${options}.rpmnew`));
  });

  it("leave nothing but edited options when they are erased", async () => {
    await using root = await InstalledRoot.create();
    await root.rpm(...install, ...host(), ...ours);
    writeFileSync(root.path("/etc/sysconfig/openstack-nova-xvpvncproxy"), "OPTIONS=--debug\n");
    await root.rpm("--erase", "--noscripts", ...PACKAGES);
    const left = readdirSync(root.path("/"), { recursive: true, encoding: "utf8" }).filter((file) =>
      /nova/.test(file),
    );
    assert.deepEqual(left, ["etc/sysconfig/openstack-nova-xvpvncproxy.rpmsave"]);
  });

  it("run without anything but a Node.js, that of nova-console-nodejs first", async () => {
    await using root = await InstalledRoot.create();
    await root.rpm(...install, ...host(), ...ours);
    for (const { name } of Object.values(programs)) {
      const { stdout, stderr } = await root.run(`/usr/bin/${name}`, "--version");
      assert.equal(stdout, `${name} ${version()}\n`, stderr);
    }
    const command = ["env", "PATH=/nowhere", "/usr/bin/nova-novncproxy", "--version"];
    const without = await root.run(...command);
    assert.equal(without.status, 2);
    assert.match(without.stderr, /^nova-novncproxy: there is no Node\.js: install nodejs 22\.13/);
    const other = directory.file("node");
    writeFileSync(other, '#!/bin/sh\necho ours "$@"\n', { mode: 0o755 });
    // By the root's own view: what was looked for in it once stays missing if it is made behind its back.
    await root.run("install", "-D", other, "/usr/lib/nova-console/nodejs/bin/node");
    assert.match((await root.run(...command)).stdout, /^ours .*nova-novncproxy\.cjs --version$/m);
  });

  it("serve consoles on the distribution's nova-dist.conf and nova.conf", async () => {
    await using root = await InstalledRoot.create();
    await using server = await XVncServer.tigervnc();
    const signal = AbortSignal.timeout(120_000);
    await root.rpm(...install, ...host(), stubs["openstack-nova-common"], ...ours);
    const [novncPort, xvpPort] = [await freePort(), await freePort()];
    writeFileSync(root.path("/etc/nova/nova.conf"), novaConf(novncPort, xvpPort));

    await root.start("/usr/bin/nova-novncproxy");
    await root.start("/usr/bin/nova-xvpvncproxy");
    // nova-dist.conf says where they log.
    const log = (name: string): string => root.path(`/var/log/nova/${name}.log`);
    await Promise.all([ready(log("nova-novncproxy")), ready(log("nova-xvpvncproxy"))]);

    const novnc = new URL(await authorize(root, server, "novnc"));
    const { channel } = await openWebSocket(webSocketUrl(novnc));
    await showsTheScreen(await RfbViewer.open(channel, signal), server);
    channel.destroy();

    const xvp = new URL(await authorize(root, server, "xvpvnc"));
    const answer = await openXvp({ method: "CONNECT", url: xvp }, signal);
    assert.equal(answer.status, 200);
    await showsTheScreen(await RfbViewer.open(answer.channel, signal), server);
    answer.channel.destroy();
  });
});

function novaConf(novncPort: number, xvpPort: number): string {
  return `[vnc]
novncproxy_host = 127.0.0.1
novncproxy_port = ${novncPort}
novncproxy_base_url = http://127.0.0.1:${novncPort}/vnc_lite.html
xvpvncproxy_host = 127.0.0.1
xvpvncproxy_port = ${xvpPort}
xvpvncproxy_base_url = http://127.0.0.1:${xvpPort}/console
`;
}

/** Waits until a program has said in its log that clients can come. */
async function ready(log: string): Promise<void> {
  await until(`${log} to say that it is ready`, () => {
    return existsSync(log) && readFileSync(log, "utf8").includes(" ready: ");
  });
}

/** Authorizes a console with the installed nova-consoleauth. @returns its access URL */
async function authorize(root: InstalledRoot, server: XVncServer, type: string): Promise<string> {
  const { host, port } = server.endpoint;
  const { status, stdout, stderr } = await root.run(
    ...["/usr/bin/nova-consoleauth", "authorize", "--instance", randomUUID(), "--type", type],
    ...["--host", host, "--port", String(port)],
  );
  assert.equal(status, 0, stderr);
  return stdout.trim();
}

async function showsTheScreen(viewer: RfbViewer, server: XVncServer): Promise<void> {
  const [shown, truth] = [await viewer.picture(), await server.truth()];
  assert.ok(differingFraction(shown, truth) <= LIKENESS);
}
