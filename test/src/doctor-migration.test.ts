import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { after, before, describe, it } from "node:test";
import { gatherComputeFacts, WWID, type Facts } from "./support/compute-facts.ts";
import { idsOf, reportOf, runPlainDoctor } from "./support/doctor.ts";
import { TempDir } from "./support/temp-dir.ts";

describe("nova-console-doctor facts and migration", () => {
  const owned = new AsyncDisposableStack();
  let directory: TempDir;
  let facts: Facts;
  let files = 0;

  before(async () => {
    directory = owned.use(await TempDir.create());
    facts = await gatherComputeFacts(directory);
  });
  after(() => owned.disposeAsync());

  /** Two hosts that are alike but for what tells them apart. */
  function twoHosts(): [a: Facts, b: Facts] {
    const make = (letter: "a" | "b", number: number): Facts => {
      const own = structuredClone(facts);
      const name = `compute-${letter}`;
      return {
        ...own,
        host: { name, names: [name], id: letter.repeat(16) },
        addresses: [
          { interface: "eth0", address: `192.0.2.${number}`, prefix: 24 },
          { interface: "virbr0", address: "192.168.122.1", prefix: 24 },
        ],
        resolved: { "compute-a": ["192.0.2.11"], "compute-b": ["192.0.2.12"] },
        virtualisation: { ...own.virtualisation, kvm_device: true },
        vnc: { ...own.vnc, server_proxyclient_address: `192.0.2.${number}` },
      };
    };
    return [make("a", 11), make("b", 12)];
  }

  async function compare(a: unknown, b: unknown): ReturnType<typeof runPlainDoctor> {
    files += 1;
    const paths = [directory.file(`a-${files}.json`), directory.file(`b-${files}.json`)];
    await writeFile(paths[0] ?? "", JSON.stringify(a));
    await writeFile(paths[1] ?? "", JSON.stringify(b));
    return runPlainDoctor(["migration", ...paths, "--json"]);
  }

  it("gathers what libvirt, multipath, getent and nova.conf say", () => {
    assert.equal(facts.host.name, hostname());
    assert.deepEqual(facts.cpu, {
      arch: "x86_64",
      model: "Skylake-Server-IBRS",
      vendor: "Intel",
      features: ["avx512vnni", "ds", "vmx"],
    });
    assert.equal(facts.virtualisation.libvirt, "libvirt 9.0.0");
    assert.equal(facts.virtualisation.kvm_domains, true);
    assert.deepEqual(facts.users, [
      { name: "nova", uid: 162, gid: 162 },
      { name: "qemu", uid: 107, gid: 107 },
    ]);
    assert.deepEqual(facts.multipath, {
      devices: [{ name: WWID, wwid: WWID }],
      user_friendly_names: false,
    });
    assert.deepEqual(facts.resolved["compute-b"], ["192.0.2.12"]);
    assert.equal(facts.vnc["server_listen"], "0.0.0.0");
    assert.match(facts.vnc["server_listen_source"] ?? "", /nova\.conf:2$/);
  });

  it("gathers from a real libvirt, and names what is not there", async () => {
    const { stdout, status } = await runPlainDoctor([
      ...["--config-file", "/nonexistent.conf", "facts", "--connect", "test:///default"],
    ]);
    assert.equal(status, 0);
    const real = JSON.parse(stdout) as Facts;
    assert.match(String(real.virtualisation.libvirt), /^libvirt \d/);
    assert.equal(real.virtualisation.kvm_domains, false);
    assert.match(real.vnc["missing"] ?? "", /\/nonexistent\.conf/);
  });

  it("names why libvirt does not answer", async () => {
    const { stdout, status } = await runPlainDoctor([
      "--config-file",
      directory.file("nova.conf"),
      "facts",
      "--connect",
      "nonsense:///",
    ]);
    assert.equal(status, 0);
    assert.match(JSON.stringify((JSON.parse(stdout) as Facts).cpu), /"missing":"virsh/);
  });

  it("finds nothing between two hosts that are alike", async () => {
    const outcome = await compare(...twoHosts());
    const report = reportOf(outcome);
    assert.deepEqual(report.findings, []);
    assert.deepEqual(report.not_checked, []);
    assert.equal(outcome.status, 0);
  });

  const faults: [id: string, what: string, plant: (a: Facts, b: Facts) => void][] = [
    [
      "migration-subnet",
      "another subnet",
      (_a, b) => {
        b.addresses = [{ interface: "eth0", address: "198.51.100.12", prefix: 24 }];
        b.resolved["compute-b"] = ["198.51.100.12"];
        _a.resolved["compute-b"] = ["198.51.100.12"];
        b.vnc["server_proxyclient_address"] = "198.51.100.12";
      },
    ],
    [
      "migration-subnet",
      "the same addresses with another prefix",
      (_a, b) => {
        for (const each of b.addresses) each.prefix = 25;
      },
    ],
    [
      "migration-cpu-architecture",
      "another architecture",
      (_a, b) => {
        b.cpu.arch = "aarch64";
      },
    ],
    [
      "migration-cpu-vendor",
      "another maker",
      (_a, b) => {
        b.cpu.vendor = "AMD";
      },
    ],
    [
      "migration-cpu-model",
      "another type",
      (_a, b) => {
        b.cpu.model = "Cascadelake-Server";
      },
    ],
    [
      "migration-cpu-features",
      "features that the destination lacks",
      (_a, b) => {
        b.cpu.features = ["ds", "vmx"];
      },
    ],
    [
      "migration-name",
      "a name that does not resolve",
      (a) => {
        a.resolved["compute-b"] = { missing: "the name does not resolve" };
      },
    ],
    [
      "migration-name-address",
      "a name that leads elsewhere",
      (_a, b) => {
        b.resolved["compute-a"] = ["203.0.113.9"];
      },
    ],
    [
      "migration-uid",
      "another uid of nova",
      (_a, b) => {
        b.users = b.users.map((user) => (user.name === "nova" ? { ...user, uid: 990 } : user));
      },
    ],
    [
      "migration-uid",
      "another gid of the group kvm",
      (_a, b) => {
        b.groups = b.groups.map((group) => (group.name === "kvm" ? { ...group, gid: 78 } : group));
      },
    ],
    [
      "migration-user-missing",
      "no user nova",
      (_a, b) => {
        b.users = b.users.filter(({ name }) => name !== "nova");
      },
    ],
    [
      "migration-libvirt",
      "no libvirt",
      (_a, b) => {
        b.virtualisation.libvirt = { missing: "virsh is not installed" };
      },
    ],
    [
      "migration-kvm",
      "no /dev/kvm",
      (_a, b) => {
        b.virtualisation.kvm_device = false;
      },
    ],
    [
      "migration-kvm",
      "no domains of KVM",
      (a) => {
        a.virtualisation.kvm_domains = false;
      },
    ],
    [
      "migration-multipath-names",
      "friendly names that differ",
      (a, b) => {
        a.multipath = { devices: [{ name: "mpatha", wwid: WWID }], user_friendly_names: true };
        b.multipath = { devices: [{ name: "mpathb", wwid: WWID }], user_friendly_names: true };
      },
    ],
    [
      "migration-multipath-friendly",
      "friendly names that are the same by luck",
      (a, b) => {
        a.multipath = { devices: [{ name: "mpatha", wwid: WWID }], user_friendly_names: true };
        b.multipath = structuredClone(a.multipath);
      },
    ],
    [
      "migration-multipath-missing",
      "no multipath on one host",
      (_a, b) => {
        Object.assign(b, { multipath: { missing: "multipath is not installed" } });
      },
    ],
    [
      "migration-vnc-listen",
      "a host's own address to listen on",
      (a) => {
        a.vnc["server_listen"] = "192.0.2.11";
      },
    ],
    [
      "migration-vnc-loopback",
      "loopback to listen on",
      (a, b) => {
        a.vnc["server_listen"] = "127.0.0.1";
        b.vnc["server_listen"] = "127.0.0.1";
      },
    ],
    [
      "migration-vnc-proxyclient",
      "an address of another host to be reached at",
      (_a, b) => {
        b.vnc["server_proxyclient_address"] = "192.0.2.99";
      },
    ],
  ];
  for (const [id, what, plant] of faults) {
    it(`finds ${what}: ${id}, and nothing else`, async () => {
      const [a, b] = twoHosts();
      plant(a, b);
      const outcome = await compare(a, b);
      const report = reportOf(outcome);
      assert.deepEqual(idsOf(report), [id], JSON.stringify(report.findings, null, 2));
      assert.equal(outcome.status, report.faults > 0 ? 1 : 0);
    });
  }

  const unsaid: [what: string, plant: (a: Facts, b: Facts) => void, check: string, why: RegExp][] =
    [
      [
        "processors of which neither libvirt says a model",
        (a, b) => {
          for (const { cpu } of [a, b]) {
            Object.assign(cpu, { arch: "aarch64", model: null, vendor: null, features: [] });
          }
        },
        "processor",
        /^compute-a \(aarch64\): virsh capabilities does not say the processor's vendor, model, features/,
      ],
      [
        "a processor of which one libvirt says no model",
        (_a, b) => {
          Object.assign(b.cpu, { model: null, features: [] });
        },
        "processor",
        /^compute-b \(x86_64\): .* does not say the processor's model, features/,
      ],
      [
        "a multipath.conf that could not be read",
        (_a, b) => {
          b.multipath.user_friendly_names = null;
        },
        "multipath",
        /^compute-b: user_friendly_names; its multipath\.conf could not be read/,
      ],
      [
        "a multipath that fails on both",
        (a, b) => {
          for (const each of [a, b])
            Object.assign(each, {
              multipath: { missing: "multipath -ll ended with status 1: need to be root" },
            });
        },
        "multipath",
        /need to be root/,
      ],
      [
        "no version of QEMU",
        (a) => {
          a.virtualisation.qemu = { missing: "no QEMU is installed" };
        },
        "KVM",
        /^compute-a: the version of QEMU: no QEMU/,
      ],
    ];
  for (const [what, plant, check, why] of unsaid) {
    it(`does not call equal what is unknown: ${what}`, async () => {
      const [a, b] = twoHosts();
      plant(a, b);
      const outcome = await compare(a, b);
      const report = reportOf(outcome);
      assert.deepEqual(report.findings, []);
      assert.match(report.not_checked.find((each) => each.check === check)?.why ?? "", why);
      assert.equal(outcome.status, 3);
      assert.ok(!report.fine.some((each) => /\?/.test(each.text)), JSON.stringify(report.fine));
    });
  }

  const refused: [what: string, change: (b: Facts) => unknown, message: RegExp][] = [
    [
      "a file of something else",
      () => ({ a: 1 }),
      /b-\d+\.json: schema: found nothing, must be a text/,
    ],
    [
      "a file of another version",
      (b) => ({ ...b, version: 9 }),
      /b-\d+\.json: version: found 9, must be 1/,
    ],
    [
      "an address that is none",
      (b) => ({ ...b, addresses: [{ interface: "eth0", address: "x", prefix: 24 }] }),
      /b-\d+\.json: addresses\[0\]\.address: found "x", must be an IP address/,
    ],
    [
      "a uid that is none",
      (b) => ({ ...b, users: [{ name: "nova", uid: -1, gid: 1 }] }),
      /users\[0\]\.uid: found -1, must be a whole number, 0 or more/,
    ],
    [
      "facts of the same machine",
      (b) => ({ ...b, host: { ...b.host, id: "a".repeat(16) } }),
      /are of the same machine/,
    ],
  ];
  for (const [what, change, message] of refused) {
    it(`ends with 2 for ${what}, naming file and place`, async () => {
      const [a, b] = twoHosts();
      const { status, stderr } = await compare(a, change(b));
      assert.match(stderr, message);
      assert.equal(status, 2);
    });
  }

  it("ends with 2 for one file twice, and for a file that is not there", async () => {
    const file = directory.file("one.json");
    await writeFile(file, JSON.stringify(twoHosts()[0]));
    const twice = await runPlainDoctor(["migration", file, file]);
    assert.match(twice.stderr, /are one file/);
    assert.equal(twice.status, 2);
    const none = await runPlainDoctor(["migration", file, "/nonexistent.json"]);
    assert.match(none.stderr, /\/nonexistent\.json: there is no such file/);
    assert.equal(none.status, 2);
  });
});
