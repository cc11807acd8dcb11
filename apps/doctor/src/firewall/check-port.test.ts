import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Finding } from "../finding.ts";
import { checkPort } from "./check-port.ts";
import type { Zone } from "./firewalld.ts";
import type { FirewallFacts, IptablesSource } from "./gather.ts";
import { parseIptablesSave } from "./iptables-save.ts";
import { judgeFirewall } from "./judge.ts";

const LINE = "-A INPUT -m state --state NEW -m tcp -p tcp --dport 6080 -j ACCEPT";
const START = [
  "*filter",
  "-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT",
  "-A INPUT -i lo -j ACCEPT",
];
const END = ["-A INPUT -j REJECT", "COMMIT"];

function source(name: string, rules: readonly string[]): IptablesSource {
  const text = [...START, ...rules, ...END].join("\n");
  return { name, family: "ipv4", save: parseIptablesSave(text, name) };
}

async function findingsOf(
  inForce: readonly string[],
  saved: readonly string[],
): Promise<Finding[]> {
  const facts: FirewallFacts = {
    ...{
      zones: null,
      mainZone: null,
      nft: null,
      gaps: [],
      interfaces: { main: null, all: [] },
      servicePorts: () => Promise.resolve(null),
    },
    iptables: [source("iptables-save", inForce)],
    saved: source("/etc/sysconfig/iptables", saved),
  };
  const results = await checkPort(facts, {
    family: "ipv4",
    port: 6080,
    program: "nova-novncproxy",
  });
  return results.filter((result): result is Finding => result.kind === "finding");
}

describe("checkPort() with /etc/sysconfig/iptables", () => {
  it("tells that the file was edited and not loaded", async () => {
    const [found] = await findingsOf([], [LINE]);
    assert.equal(found?.id, "firewall-not-loaded");
    assert.deepEqual(found.mend, ["service iptables restart"]);
  });

  it("tells that what is open now is closed after the next boot", async () => {
    const [found] = await findingsOf([LINE], []);
    assert.equal(found?.id, "firewall-not-saved");
    assert.deepEqual(found.mend, [
      "in /etc/sysconfig/iptables: in *filter, below line 3 (-A INPUT -i lo -j ACCEPT), above line 4 (-A INPUT -j REJECT)",
      LINE,
      "service iptables restart",
    ]);
  });

  it("prints the guide's line and its place in the file where both are closed", async () => {
    const [found] = await findingsOf([], []);
    assert.equal(found?.id, "firewall-blocked");
    assert.equal(found.mend[1], LINE);
    assert.match(found.mend[0] ?? "", /^in \/etc\/sysconfig\/iptables: in \*filter, below line 3/);
  });

  it("says nothing where both are open", async () => {
    assert.deepEqual(await findingsOf([LINE], [LINE]), []);
  });
});

describe("judgeFirewall() with several zones", () => {
  const zone = (name: string, more: Partial<Zone>): Zone => ({
    ...{ name, target: "default", services: [], ports: [], protocols: [] },
    ...{ interfaces: [], sources: [], richRules: [] },
    ...more,
  });
  const open = { ports: ["6080/tcp"] };
  const cases: [what: string, zones: readonly Zone[], kind: string][] = [
    [
      "the main zone closed, and another open for some sources",
      [
        zone("public", { interfaces: ["eth0"] }),
        zone("internal", { ...open, sources: ["10.0.0.0/8"] }),
      ],
      "restricted",
    ],
    [
      "the main zone closed, and Docker's open",
      [
        zone("public", { interfaces: ["eth0"] }),
        zone("docker", { target: "ACCEPT", interfaces: ["docker0"] }),
      ],
      "restricted",
    ],
    [
      "the main zone open, and another closed",
      [
        zone("public", { ...open, interfaces: ["eth0"] }),
        zone("internal", { interfaces: ["eth1"] }),
      ],
      "open",
    ],
    ["both closed", [zone("public", {}), zone("internal", {})], "blocked"],
  ];
  for (const [what, zones, kind] of cases) {
    it(`says ${kind} with ${what}`, async () => {
      const facts: FirewallFacts = {
        ...{ zones, mainZone: "public", iptables: [], nft: null, saved: null, gaps: [] },
        interfaces: { main: null, all: [] },
        servicePorts: () => Promise.resolve(null),
      };
      const [layer] = await judgeFirewall(facts, { family: "ipv4", port: 6080 });
      assert.equal(layer?.passage.kind, kind);
    });
  }
});
