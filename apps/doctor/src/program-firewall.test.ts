import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { TestNetwork } from "./testing/network.ts";

const PROGRAM = fileURLToPath(import.meta.resolve("../bin/nova-console-doctor.cjs"));
const START_LIMIT_MS = 30_000;

interface Report {
  readonly findings: readonly {
    readonly id: string;
    readonly what: string;
    readonly mend: readonly string[];
  }[];
  readonly fine: readonly { readonly text: string }[];
  readonly not_checked: readonly { readonly why: string }[];
}

const START = [
  "-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT",
  "-A INPUT -i lo -j ACCEPT",
];
const LINE = "-A INPUT -m state --state NEW -m tcp -p tcp --dport 6080 -j ACCEPT";
const REJECT = "-A INPUT -j REJECT --reject-with icmp-host-prohibited";

/** What is changed in firewalld's zones, what is found then, and whether the viewer connects. */
const ZONE_CHANGES: readonly [
  steps: readonly [zone: string, what: string][],
  ids: readonly string[],
  connects: boolean,
][] = [
  // Docker's zone and libvirt's let everything in, and are no way for viewers.
  [
    [
      ["public", "--remove-port=6080/tcp"],
      ["trusted", "--add-interface=docker0"],
    ],
    ["firewall-restricted"],
    false,
  ],
  [[["public", "--add-protocol=tcp"]], [], true],
  [
    [
      ["public", "--remove-protocol=tcp"],
      ["public", "--add-rich-rule=rule service name=ssh reject"],
    ],
    ["firewall-restricted"],
    false,
  ],
  [[["public", "--add-rich-rule=rule port port=6080 protocol=tcp accept"]], [], true],
];

describe("nova-console-doctor firewall", () => {
  let network: TestNetwork;
  let directory: string;
  let configFile: string;
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "nova-console-doctor-"));
    configFile = join(directory, "nova.conf");
    writeFileSync(configFile, "");
    network = await TestNetwork.create([6080]);
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true, force: true });
  });

  afterEach(async () => {
    await network.onHost("nft", ["flush", "ruleset"]);
  });

  function rulesOf(rules: readonly string[]): string {
    return ["*filter", ...rules, "COMMIT", ""].join("\n");
  }

  async function diagnose(
    words: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<Report & { readonly status: number }> {
    const args = [PROGRAM, "--config-file", configFile, "firewall", "--json", ...words];
    const { status, stdout, stderr } = await network.run(process.execPath, args, environment);
    assert.notEqual(stdout, "", stderr);
    return { ...(JSON.parse(stdout) as Report), status };
  }

  const faults: [id: string, rules: readonly string[], status: number, mend: RegExp | null][] = [
    [
      "firewall-blocked",
      [...START, REJECT],
      1,
      /^iptables -I INPUT 3 -m state --state NEW -m tcp -p tcp --dport 6080 -j ACCEPT$/,
    ],
    ["firewall-below-reject", [...START, REJECT, LINE], 1, /^iptables -I INPUT 3 /],
    [
      "firewall-restricted",
      [...START, "-A INPUT -s 192.0.2.0/24 -p tcp --dport 6080 -j ACCEPT", REJECT],
      0,
      null,
    ],
    [
      "firewall-no-established",
      [LINE, REJECT],
      1,
      /^iptables -I INPUT 1 -m state --state RELATED,ESTABLISHED -j ACCEPT$/,
    ],
    [
      "firewall-blocked",
      [
        ":RH-Firewall-1-INPUT - [0:0]",
        "-A INPUT -j RH-Firewall-1-INPUT",
        ...START.map((each) => each.replace("INPUT", "RH-Firewall-1-INPUT")),
        REJECT.replace("INPUT", "RH-Firewall-1-INPUT"),
      ],
      1,
      /^iptables -I INPUT 1 -m state --state NEW -m tcp -p tcp --dport 6080 -j ACCEPT$/,
    ],
  ];
  for (const [id, rules, status, mend] of faults) {
    it(`finds ${id} in ${rules.length} rules that are in force, and what it tells to do opens the port`, async () => {
      await network.onHost("iptables-restore", [], rulesOf(rules));
      const report = await diagnose(["--port", "6080"]);
      assert.deepEqual(
        report.findings.map((found) => found.id),
        [id],
      );
      assert.equal(report.status, status);
      if (mend === null) return;
      const [command = ""] = report.findings[0]?.mend ?? [];
      assert.match(command, mend);
      assert.equal(await network.connects(6080), false);
      await network.onHost("sh", ["-c", command]);
      assert.equal(await network.connects(6080), true);
      assert.deepEqual((await diagnose(["--port", "6080"])).findings, []);
    });
  }

  it("says for both ports what it is that lets them in", async () => {
    await network.onHost(
      "iptables-restore",
      [],
      rulesOf([...START, LINE, LINE.replace("6080", "6081"), REJECT]),
    );
    const { findings, fine, status } = await diagnose([]);
    assert.deepEqual(findings, []);
    assert.equal(status, 0);
    assert.match(
      fine[1]?.text ?? "",
      /^TCP port 6081 \(IPv4\) gets through \(iptables-save: line \d+ "-A INPUT .*--dport 6081 -j ACCEPT"/,
    );
  });

  it("tells of a rule that it cannot judge, and guesses nothing", async () => {
    await network.onHost(
      "iptables-restore",
      [],
      rulesOf([...START, "-A INPUT -p tcp --dport 6080 -m limit --limit 9/sec -j ACCEPT", REJECT]),
    );
    const { findings, not_checked: gaps, status } = await diagnose(["--port", "6080"]);
    assert.deepEqual(findings, []);
    assert.equal(status, 3);
    assert.match(gaps[0]?.why ?? "", /cannot judge -m limit/);
  });

  it("finds a drop rule on the only interface, and takes one on another for none", async () => {
    const [device = ""] = (await network.onHost("ls", ["/sys/class/net"]))
      .split("\n")
      .filter((name) => name !== "lo");
    const drop = (name: string): string =>
      rulesOf([`-A INPUT -i ${name} -p tcp --dport 6080 -j DROP`]);
    await network.onHost("iptables-restore", [], drop(device));
    const blocked = await diagnose(["--port", "6080"]);
    assert.deepEqual(
      blocked.findings.map(({ id }) => id),
      ["firewall-blocked"],
    );
    assert.match(blocked.findings[0]?.what ?? "", new RegExp(`-i ${device} `));
    assert.equal(await network.connects(6080), false);
    await network.onHost("iptables-restore", [], drop("eth9"));
    assert.deepEqual((await diagnose(["--port", "6080"])).findings, []);
    const accept = [...START, `-A INPUT -i ${device} -p tcp --dport 6080 -j ACCEPT`, REJECT];
    await network.onHost("iptables-restore", [], rulesOf(accept));
    assert.deepEqual((await diagnose(["--port", "6080"])).findings, []);
  });

  for (const [what, line, found] of [
    [
      "a placeholder of a template",
      "-A INPUT -m $PROTO -p $PROTO --dport $PORT -j ACCEPT",
      "-m $PROTO",
    ],
    [
      "a list of ports without multiport",
      "-A INPUT -p tcp --dport 6080,6081 -j ACCEPT",
      "--dport 6080,6081",
    ],
    ["a port without a protocol", "-A INPUT --dport 6080 -j ACCEPT", "--dport"],
    ["a port that is none", "-A INPUT -p tcp --dport 608000 -j ACCEPT", "--dport 608000"],
    ["a mistyped target", "-A INPUT -p tcp --dport 6080 -j Accept", "-j Accept"],
    [
      "a mistyped state",
      "-A INPUT -p tcp -m state --state NWE --dport 6080 -j ACCEPT",
      "--state NWE",
    ],
    ["a chain that is not declared", "-A INPUTS -p tcp --dport 6080 -j ACCEPT", "INPUTS"],
  ] as const) {
    it(`ends with 2 for ${what}, as iptables-restore does`, async () => {
      const file = join(directory, "refused");
      writeFileSync(file, rulesOf([...START, line]));
      const restored = await network.run("iptables-restore", [file], {});
      assert.notEqual(restored.status, 0);
      const args = [PROGRAM, "--config-file", configFile, "firewall", "--rules", file];
      const { status, stderr } = await network.run(process.execPath, args, {});
      assert.equal(status, 2);
      assert.ok(stderr.includes(`${file}:4: found ${JSON.stringify(found)}, must be `), stderr);
    });
  }

  it("prints the guide's line and its place for a file", async () => {
    const file = join(directory, "iptables");
    writeFileSync(file, rulesOf([...START, REJECT]));
    const { findings } = await diagnose(["--rules", file]);
    assert.deepEqual(findings[0]?.mend, [
      `in ${file}: in *filter, below line 3 (-A INPUT -i lo -j ACCEPT), above line 4 (${REJECT})`,
      LINE,
      "service iptables restart",
    ]);
    writeFileSync(file, rulesOf([...START, LINE, LINE.replace("6080", "6081"), REJECT]));
    assert.deepEqual((await diagnose(["--rules", file])).findings, []);
  });

  for (const [what, text, message] of [
    [
      "a rule of no form",
      "*filter\n-X INPUT\nCOMMIT\n",
      /iptables:2: found "-X INPUT", must be :CHAIN POLICY, -A CHAIN RULE/,
    ],
    ["a text of another kind", "hello", /iptables: must be what iptables-save or/],
    ["XML of another kind", "<port/>", /iptables: is no <zone> of firewalld/],
  ] as const) {
    it(`ends with 2 for ${what}, naming the file`, async () => {
      const file = join(directory, "iptables");
      writeFileSync(file, text);
      const { status, stderr } = await network.run(process.execPath, [
        PROGRAM,
        "firewall",
        "--port",
        "1",
        "--rules",
        file,
      ]);
      assert.match(stderr, message);
      assert.equal(status, 2);
    });
  }

  it("judges nftables by itself, and what it tells to do opens the port", async () => {
    await network.onHost(
      "nft",
      ["-f", "-"],
      "table inet f {\n chain in {\n type filter hook input priority 0; policy drop;\n ct state established accept\n }\n}\n",
    );
    const { findings } = await diagnose(["--port", "6080"]);
    assert.equal(findings[0]?.id, "firewall-blocked");
    const [command = ""] = findings[0].mend;
    await network.onHost("sh", ["-c", command]);
    assert.equal(await network.connects(6080), true);
    assert.deepEqual((await diagnose(["--port", "6080"])).findings, []);
  });

  it("shows a rule of nftables as people write it", async () => {
    const rules =
      "table inet f {\n chain in {\n type filter hook input priority 0;\n tcp dport != 22 reject\n }\n}\n";
    await network.onHost("nft", ["-f", "-"], rules);
    const { findings } = await diagnose(["--port", "6080"]);
    assert.match(findings[0]?.what ?? "", /nft: "inet f in: tcp dport != 22 reject/);
  });

  it("asks a firewalld that runs, and what it tells to do opens the port", async () => {
    const bus = join(directory, "bus");
    const config = join(directory, "firewalld");
    cpSync("/etc/firewalld", config, { recursive: true });
    const environment = { DBUS_SYSTEM_BUS_ADDRESS: `unix:path=${bus}` };
    const children: ChildProcess[] = [];
    try {
      children.push(
        spawn(
          "dbus-daemon",
          ["--system", "--nofork", "--nopidfile", `--address=unix:path=${bus}`],
          { stdio: "ignore" },
        ),
      );
      await until("the bus", () => Promise.resolve(existsSync(bus)));
      children.push(
        network.start("firewalld", ["--nofork", "--nopid", "--system-config", config], environment),
      );
      await until(
        "firewalld",
        async () => (await network.run("firewall-cmd", ["--state"], environment)).status === 0,
      );
      const { findings } = await diagnose(["--port", "6080"], environment);
      assert.deepEqual(
        findings.map(({ id }) => id),
        ["firewall-blocked"],
      );
      assert.equal(
        findings[0]?.mend[0],
        "firewall-cmd --permanent --zone=public --add-service=nova-novncproxy && firewall-cmd --reload",
      );
      assert.equal(await network.connects(6080), false);
      // The service files come with the packages; the port is what they hold.
      assert.equal(
        (await network.run("firewall-cmd", ["--zone=public", "--add-port=6080/tcp"], environment))
          .status,
        0,
      );
      assert.equal(await network.connects(6080), true);
      assert.deepEqual((await diagnose(["--port", "6080"], environment)).findings, []);
      for (const [steps, ids, connects] of ZONE_CHANGES) {
        for (const [zone, what] of steps) {
          const words = [`--zone=${zone}`, what];
          const { status } = await network.run("firewall-cmd", words, environment);
          assert.equal(status, 0, what);
        }
        const seen = await diagnose(["--port", "6080"], environment);
        assert.deepEqual(
          seen.findings.map(({ id }) => id),
          ids,
          JSON.stringify(steps),
        );
        assert.deepEqual(seen.not_checked, []);
        assert.equal(await network.connects(6080), connects);
      }
    } finally {
      for (const child of children.reverse()) {
        const ended = once(child, "exit");
        child.kill("SIGTERM");
        await ended;
      }
    }
  });
});

/** Waits for a program of others that announces itself by no event. */
async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + START_LIMIT_MS;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`waited ${START_LIMIT_MS} ms for ${what}`);
    await delay(100);
  }
}
