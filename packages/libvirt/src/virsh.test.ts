import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { dumpDomainXml } from "./virsh.ts";
import { findVncAddress } from "./vnc-address.ts";

const TIMEOUT = { timeout: 60_000 };
const DEFAULT_URI = "test:///default";

/** What libvirt's test driver starts with. @see https://libvirt.org/drvtest.html */
const NODE_XML = `<node>
  ${domain("fixed", 1, "<graphics type='vnc' port='5911' autoport='no' listen='10.0.0.1'/>")}
  ${domain("wildcard", 2, "<graphics type='vnc' port='5912'><listen type='address' address='0.0.0.0'/></graphics>")}
  ${domain("socket", 3, "<graphics type='vnc'><listen type='socket' socket='/run/vm3.sock'/></graphics>")}
  ${domain("nowhere", 4, "<graphics type='vnc'><listen type='none'/></graphics>")}
  ${domain("spice", 5, "<graphics type='spice' port='5915'/>")}
  ${domain("headless", 6, "")}
  ${domain("off", 7, "<graphics type='vnc' port='5917' listen='10.0.0.1'/>", 5)}
  ${domain("auto", 8, "<graphics type='vnc' port='-1' autoport='yes'/>")}
  ${domain("two screens", 9, "<graphics type='spice' port='5919'/><graphics type='vnc' port='5920' listen='2001:db8::9' passwd='hunter2'/>")}
  ${domain("--help", 10, "<graphics type='vnc' port='5921' listen='10.0.0.1'/>")}
</node>`;

function domain(name: string, number: number, graphics: string, runState = 1): string {
  return `<domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>
    <name>${name}</name><uuid>${uuidOf(number)}</uuid><memory>1024</memory><os><type>hvm</type></os>
    <devices>${graphics}</devices>
    <test:runstate>${runState}</test:runstate>
  </domain>`;
}

function uuidOf(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
}

describe("dumpDomainXml()", () => {
  let directory: string;
  let uri: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), "virsh-"));
    const file = join(directory, "node.xml");
    writeFileSync(file, NODE_XML);
    uri = `test://${file}`;
  });
  after(() => {
    rmSync(directory, { recursive: true });
  });

  function dump(
    name: string,
    change: Partial<Parameters<typeof dumpDomainXml>[0]> = {},
  ): Promise<string> {
    const signal = AbortSignal.timeout(TIMEOUT.timeout);
    return dumpDomainXml({ uri, name, environment: process.env, signal, ...change });
  }

  /** A directory whose `virsh` is `script`. */
  function environmentWith(script: string): Record<string, string> {
    const path = mkdtempSync(join(directory, "bin-"));
    writeFileSync(join(path, "virsh"), `#!/bin/sh\n${script}\n`);
    chmodSync(join(path, "virsh"), 0o755);
    return { PATH: path };
  }

  it("reads a domain of libvirt's own test driver", TIMEOUT, async () => {
    const xml = await dump("test", { uri: DEFAULT_URI });
    assert.match(xml, /<name>test<\/name>/);
    assert.throws(() => findVncAddress(xml, { proxyClientAddress: "127.0.0.1" }), {
      message: "domain test has no graphics: it needs <graphics type='vnc'/>",
    });
  });

  const screens: [string, string, number, number][] = [
    ["fixed", "10.0.0.1", 5911, 1],
    ["wildcard", "192.0.2.50", 5912, 2],
    ["socket", "unix:/run/vm3.sock", 0, 3],
    ["two screens", "2001:db8::9", 5920, 9],
    ["--help", "10.0.0.1", 5921, 10],
  ];
  for (const [name, host, port, number] of screens) {
    it(`reads domain "${name}", whose screen is found`, TIMEOUT, async () => {
      const xml = await dump(name);
      assert.doesNotMatch(xml, /hunter2/);
      assert.deepEqual(findVncAddress(xml, { proxyClientAddress: "192.0.2.50" }), {
        host,
        port,
        domainName: name,
        domainUuid: uuidOf(number),
      });
    });
  }

  const blind: [string, RegExp][] = [
    ["nowhere", /^domain nowhere listens nowhere/],
    ["spice", /^domain spice has SPICE graphics only/],
    ["headless", /^domain headless has no graphics/],
    ["off", /^domain off is off/],
    ["auto", /^domain auto has no VNC port \(port -1\)/],
  ];
  for (const [name, message] of blind) {
    it(`reads domain "${name}", which has no screen`, TIMEOUT, async () => {
      const xml = await dump(name);
      assert.throws(() => findVncAddress(xml, { proxyClientAddress: "127.0.0.1" }), { message });
    });
  }

  it("takes a UUID for a name", TIMEOUT, async () => {
    assert.match(await dump(uuidOf(1)), /<name>fixed<\/name>/);
  });

  it("says that there is no such domain", TIMEOUT, async () => {
    await assert.rejects(dump("nosuch"), {
      code: "LIBVIRT_ERR_VIRSH",
      message: `${uri} has no domain nosuch (virsh list --all shows them)`,
    });
    await assert.rejects(dump("-h"), { message: /has no domain -h/ });
  });

  it("says that it cannot connect, and why", TIMEOUT, async () => {
    await assert.rejects(dump("x", { uri: "test:///nonexistent.xml" }), {
      code: "LIBVIRT_ERR_VIRSH",
      message:
        "cannot connect to test:///nonexistent.xml: XML error: failed to parse xml document '/nonexistent.xml'",
    });
  });

  it("says which package brings virsh where there is none", TIMEOUT, async () => {
    await assert.rejects(dump("x", { environment: { PATH: directory } }), {
      code: "LIBVIRT_ERR_VIRSH",
      message:
        "virsh is not installed: install libvirt-clients (Debian, Ubuntu) or libvirt-client (Fedora, RHEL)",
    });
  });

  it("stops waiting for a hypervisor that does not answer", TIMEOUT, async () => {
    const environment = environmentWith("exec /bin/sleep 60");
    await assert.rejects(dump("x", { environment, timeoutMs: 100 }), {
      code: "LIBVIRT_ERR_VIRSH",
      message: `virsh: no answer from ${uri} in 0.1 s`,
    });
  });

  it("stops when it is told to", TIMEOUT, async () => {
    const environment = environmentWith("exec /bin/sleep 60");
    const reason = new Error("told to stop");
    const controller = new AbortController();
    const answer = dump("x", { environment, signal: controller.signal });
    controller.abort(reason);
    await assert.rejects(answer, reason);
    await assert.rejects(dump("x", { environment, signal: controller.signal }), reason);
  });

  it("stops reading an answer without an end", TIMEOUT, async () => {
    const environment = environmentWith("exec /usr/bin/yes");
    await assert.rejects(dump("x", { environment }), {
      code: "LIBVIRT_ERR_VIRSH",
      message: "virsh: more than 1048576 bytes of XML for x",
    });
  });

  it(
    "repeats what virsh said where it knows no better, in one printable line",
    TIMEOUT,
    async () => {
      const environment = environmentWith(
        "printf 'error: one\\nerror: authentication \\033[31mfailed\\n' >&2; exit 1",
      );
      await assert.rejects(dump("x", { environment }), {
        message: `virsh dumpxml of x on ${uri} failed: authentication ?[31mfailed`,
      });
    },
  );

  for (const name of ["", "a\nb", "a\0b"]) {
    it(`refuses ${JSON.stringify(name)} as a domain's name and as a URI`, async () => {
      await assert.rejects(dump(name), { code: "LIBVIRT_ERR_VIRSH", message: /^domain name is "/ });
      await assert.rejects(dump("x", { uri: name }), { message: /^libvirt URI is "/ });
    });
  }
});
