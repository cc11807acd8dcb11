import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { judgeZone, parseListAll, parseService, parseZone } from "./firewalld.ts";

/** As `firewall-cmd --list-all --zone=public` prints it. */
const LISTED = `public (active)
  target: default
  icmp-block-inversion: no
  interfaces: eth0 eth1
  sources:
  services: dhcpv6-client ssh
  ports: 6000-6100/tcp 53/udp
  protocols:
  rich rules:
`;

const known = (service: string): Promise<readonly string[] | null> =>
  Promise.resolve(
    service === "nova-novncproxy" ? ["6080/tcp"] : service === "ssh" ? ["22/tcp"] : null,
  );

describe("firewalld's zones", () => {
  it("are read as firewall-cmd lists them", async () => {
    const zone = parseListAll(LISTED);
    assert.deepEqual(zone?.services, ["dhcpv6-client", "ssh"]);
    assert.deepEqual(zone.interfaces, ["eth0", "eth1"]);
    assert.equal((await judgeZone(zone, 6080, known)).kind, "open");
    assert.equal((await judgeZone(zone, 53, known)).kind, "unknown");
  });

  const zones: [what: string, inside: string, kind: string][] = [
    ["nothing", "", "blocked"],
    ["the service", '<service name="ssh"/><service name="nova-novncproxy"/>', "open"],
    ["the port", '<port port="6080" protocol="tcp"/>', "open"],
    ["the port of UDP", '<port port="6080" protocol="udp"/>', "blocked"],
    [
      "sources only",
      '<source address="192.0.2.0/24"/><port port="6080" protocol="tcp"/>',
      "restricted",
    ],
    ["a service that nobody knows", '<service name="other"/>', "unknown"],
    ["a rich rule", '<rule family="ipv4"><reject/></rule>', "unknown"],
    ["all of TCP as a protocol", '<protocol value="tcp"/>', "open"],
    [
      "a rich rule for another service",
      '<service name="nova-novncproxy"/><rule><service name="ssh"/><reject/></rule>',
      "open",
    ],
    [
      "a rich rule for another port, and nothing else",
      '<rule><port port="22" protocol="tcp"/><accept/></rule>',
      "blocked",
    ],
    [
      "a rich rule that lets one network in",
      '<rule family="ipv4"><source address="192.0.2.0/24"/><port port="6080" protocol="tcp"/><accept/></rule>',
      "restricted",
    ],
    [
      "a rich rule that lets one network in where everybody gets in",
      '<port port="6080" protocol="tcp"/><rule><source address="192.0.2.0/24"/><accept/></rule>',
      "open",
    ],
    [
      "a rich rule that lets everybody in",
      '<rule><port port="6080" protocol="tcp"/><accept/></rule>',
      "open",
    ],
    [
      "a rich rule with a limit",
      '<rule><port port="6080" protocol="tcp"/><accept><limit value="3/m"/></accept></rule>',
      "unknown",
    ],
  ];
  for (const [what, inside, kind] of zones) {
    it(`with ${what} are ${kind}`, async () => {
      const zone = await parseZone(
        `<?xml version="1.0"?><zone>${inside}</zone>`,
        "public",
        "public.xml",
      );
      assert.equal((await judgeZone(zone, 6080, known)).kind, kind);
    });
  }

  it("let everything in with target ACCEPT", async () => {
    const zone = await parseZone('<zone target="ACCEPT"/>', "trusted", "trusted.xml");
    assert.equal((await judgeZone(zone, 6080, known)).kind, "open");
  });

  it("have their rich rules counted where the target is ACCEPT, as libvirt's zone has them", async () => {
    const zone = parseListAll(
      'libvirt (active)\n  target: ACCEPT\n  services: ssh\n  rich rules: \n\trule priority="32767" reject\n',
    );
    assert.ok(zone !== null);
    assert.equal((await judgeZone(zone, 6080, known)).kind, "unknown");
  });

  it("are read from any text, or refused by name", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), async (text) => {
        assert.ok(parseListAll(text) === null || text.includes("services"));
        await parseService(`<service>${text}</service>`, "x.xml").catch((error: unknown) => {
          assert.match(String(error), /x\.xml: is no/);
        });
      }),
    );
  });
});
