import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { run, TempDir } from "@nova-console/test/support";
import { repository, version } from "../programs.ts";
import { buildRpms, rpmVersion } from "./build-rpms.ts";

const DATE = 1_700_000_000;
const NAMES = ["openstack-nova-novncproxy", "openstack-nova-console"] as const;

describe("buildRpms", () => {
  let directory: TempDir;
  let built: readonly string[] = [];
  before(async () => {
    directory = await TempDir.create();
    built = await buildRpms({ output: directory.file("one"), release: "7", date: DATE });
  });
  after(async () => {
    await directory[Symbol.asyncDispose]();
  });

  /** Asks rpm about a package that was built. */
  async function query(name: string, ...args: readonly string[]): Promise<string[]> {
    const file = directory.file(`one/${name}-${version()}-7.noarch.rpm`);
    const { status, stdout, stderr } = await run("rpm", ["-qp", ...args, file]);
    assert.equal(status, 0, stderr);
    return stdout.trim().split("\n");
  }

  it("builds both packages and the source of both", () => {
    assert.deepEqual(built.map((file) => path.basename(file)).sort(), [
      `nova-console-${version()}-7.src.rpm`,
      `openstack-nova-console-${version()}-7.noarch.rpm`,
      `openstack-nova-novncproxy-${version()}-7.noarch.rpm`,
    ]);
  });

  it("gives the same RPMs for the same sources and date, byte for byte", async () => {
    const again = await buildRpms({ output: directory.file("two"), release: "7", date: DATE });
    for (const name of NAMES) {
      const [one, two] = [built, again].map((files) => {
        const file = files.find((candidate) => path.basename(candidate).startsWith(name));
        assert.ok(file !== undefined);
        return readFileSync(file);
      });
      assert.ok(one !== undefined && two?.equals(one), name);
    }
  });

  it("takes nothing of the macros of who builds, and packs as EL8's rpm can read", async () => {
    const home = process.env["HOME"];
    writeFileSync(directory.file(".rpmmacros"), "%_binary_payload w1.zstdio\n%vendor Somebody\n");
    process.env["HOME"] = directory.path;
    try {
      const output = directory.file("macros");
      const again = await buildRpms({ output, release: "7", date: DATE });
      const files = again.filter((file) => !file.endsWith(".src.rpm"));
      const format = "%{payloadcompressor} %{filedigestalgo} %{vendor}\n";
      const { stdout } = await run("rpm", ["-qp", "--qf", format, ...files]);
      assert.equal(stdout, "gzip 8 (none)\n".repeat(NAMES.length));
    } finally {
      process.env["HOME"] = home;
    }
  });

  it("leaves rpmlint nothing to say that rpmlint.toml does not explain", async () => {
    const configuration = path.join(repository, "packaging/rpm/rpmlint.toml");
    const { status, stdout, stderr } = await run("rpmlint", ["-c", configuration, ...built]);
    assert.match(stdout, / 0 errors, 0 warnings/, stdout + stderr);
    assert.equal(status, 0);
  });

  for (const name of NAMES) {
    it(`makes ${name} newer than any of RDO's, and for a Node.js that is new enough`, async () => {
      assert.deepEqual(await query(name, "--qf", "%{epoch} %{arch} %{license}\n"), [
        "2 noarch Apache-2.0 AND BlueOak-1.0.0 AND ISC AND MIT AND MPL-2.0",
      ]);
      const requires = await query(name, "--requires");
      assert.ok(requires.includes("(nodejs >= 1:22.13 or nova-console-nodejs)"));
      // Beside a distribution's openstack-nova-common or without it.
      assert.ok(!requires.some((line) => line.startsWith("openstack-nova")));
      assert.ok((await query(name, "--provides")).includes("bundled(npm(yargs)) = 18.2.0"));
    });

    it(`puts nothing in ${name} that openstack-nova-common owns`, async () => {
      const files = new Set(await query(name, "--list"));
      for (const common of [
        ...["/etc/nova", "/etc/nova/nova.conf", "/usr/share/nova", "/var/log/nova"],
        ...["/var/lib/nova", "/var/run/nova", "/run/nova", "/etc/logrotate.d/openstack-nova"],
      ]) {
        assert.ok(!files.has(common), common);
      }
    });

    it(`gives all of ${name} to root, readable by all and written by nobody else`, async () => {
      const lines = await query(
        name,
        "--qf",
        "[%{filemodes:perms} %{fileusername} %{filenames}\n]",
      );
      for (const line of lines) {
        const executable = / root \/usr\/bin\//.test(line);
        assert.match(line, executable ? /^-rwxr-xr-x root / : /^(-rw-r--r--|drwxr-xr-x) root /);
      }
    });
  }

  it("packs documents that lead to nothing that is not there", async () => {
    await using work = await TempDir.create();
    for (const name of NAMES) {
      const file = directory.file(`one/${name}-${version()}-7.noarch.rpm`);
      const script = 'rpm2cpio "$1" | cpio --extract --make-directories --quiet --directory="$2"';
      assert.equal((await run("sh", ["-c", script, "sh", file, work.path])).status, 0);
      const folder = work.file(`usr/share/doc/${name}`);
      const documents = globSync("**/*.md", { cwd: folder });
      assert.ok(documents.includes("docs/install.md"));
      assert.ok(documents.includes("examples/haproxy/README.md"));
      for (const document of documents) {
        const text = readFileSync(path.join(folder, document), "utf8");
        for (const [, target = ""] of text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
          const where = path.join(folder, path.dirname(document), target);
          assert.ok(existsSync(where), `${document} leads to ${target}`);
        }
      }
    }
  });

  it("puts the proxy for browsers where RDO's package has it", async () => {
    const name = "openstack-nova-novncproxy";
    const files = new Set(await query(name, "--list"));
    for (const file of [
      "/usr/bin/nova-novncproxy",
      "/usr/lib/systemd/system/openstack-nova-novncproxy.service",
      "/usr/lib/systemd/system/openstack-nova-novncproxy.socket",
      "/usr/lib/sysusers.d/openstack-nova-novncproxy.conf",
      "/usr/lib/tmpfiles.d/openstack-nova-novncproxy.conf",
      "/usr/lib/firewalld/services/nova-novncproxy.xml",
      "/usr/share/man/man8/nova-novncproxy.8.gz",
      "/usr/share/man/man5/nova-console.conf.5.gz",
    ]) {
      assert.ok(files.has(file), file);
    }
    assert.deepEqual(await query(name, "--configfiles"), [
      "/etc/sysconfig/openstack-nova-novncproxy",
    ]);
    const licences = await query(name, "--licensefiles");
    const folder = `/usr/share/licenses/${name}`;
    assert.ok(licences.includes(`${folder}/novnc-novnc-1.7.0.txt`));
    assert.ok(licences.every((file) => file.startsWith(folder)));
  });

  it("puts the token service and the proxy for viewers where RDO's package had them", async () => {
    const files = new Set(await query("openstack-nova-console", "--list"));
    for (const program of ["consoleauth", "xvpvncproxy"]) {
      for (const file of [
        `/usr/bin/nova-${program}`,
        `/usr/lib/systemd/system/openstack-nova-${program}.service`,
        `/usr/share/man/man8/nova-${program}.8.gz`,
      ]) {
        assert.ok(files.has(file), file);
      }
    }
    assert.ok(files.has("/usr/lib/firewalld/services/nova-xvpvncproxy.xml"));
  });
});

describe("rpmVersion()", () => {
  it("leaves a version before a release the older one", async () => {
    const [candidate, release] = ["9.0.0-rc.1", "9.0.0"].map(rpmVersion);
    const compare = `%{lua:print(rpm.vercmp("${candidate}", "${release}"))}`;
    assert.equal((await run("rpm", ["--eval", compare])).stdout.trim(), "-1");
  });
});
