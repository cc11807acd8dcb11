import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Result } from "../finding.ts";
import type { Unit } from "../host/units.ts";
import { judgePlace } from "./ports.ts";
import { judgeSandbox } from "./sandbox.ts";
import { judgeUnit, type UnitFacts } from "./services.ts";

/** The finding's id; `fine` and `notChecked` for what is none. */
function kindOf(result: Result | undefined): string {
  return result?.kind === "finding" ? result.id : (result?.kind ?? "nothing");
}

describe("judgePlace()", () => {
  const here = { addresses: ["192.0.2.5"], mayBindAny: false, firstFree: 1024 };
  const place = { program: "nova-novncproxy", portOption: "[vnc] novncproxy_port" } as const;
  const unit = (capabilities: string, hasSocket = false): Unit => ({
    ...{ program: "nova-novncproxy", name: "nova-novncproxy", hasSocket },
    shown: new Map([["AmbientCapabilities", capabilities]]),
  });
  const cases: [host: string, port: number, unit: Unit | null, ids: string[]][] = [
    ["192.0.2.5", 6080, unit(""), []],
    ["192.0.2.9", 6080, unit(""), ["listen-address-missing"]],
    ["192.0.2.9", 6080, unit("", true), []],
    ["0.0.0.0", 443, unit(""), ["port-privileged"]],
    ["0.0.0.0", 443, unit("cap_net_bind_service"), []],
    ["0.0.0.0", 443, null, []],
  ];
  for (const [host, port, own, ids] of cases) {
    it(`says ${ids.join() || "nothing"} of ${host}:${port}, ${own === null ? "no unit" : JSON.stringify([...own.shown.values(), own.hasSocket])}`, () => {
      assert.deepEqual(judgePlace({ ...place, host, port }, here, own).map(kindOf), ids);
    });
  }
});

describe("judgeUnit()", () => {
  const unit = {
    unit: "openstack-nova-novncproxy",
    ...{ sub: "", result: "success", restarts: 0, activeSeconds: 900, hasSocket: false },
    ...{ isNeeded: true, lastLine: "" },
  } as const;
  const cases: [active: string, enabled: string, isNeeded: boolean, kind: string][] = [
    ["active", "enabled", true, "fine"],
    ["active", "disabled", true, "service-not-enabled"],
    ["inactive", "enabled", true, "service-not-running"],
    ["failed", "enabled", false, "service-not-running"],
    ["inactive", "disabled", false, "fine"],
  ];
  for (const [active, enabled, isNeeded, kind] of cases) {
    it(`says ${kind} of ${active}, ${enabled}, ${isNeeded ? "needed" : "not needed"}`, () => {
      assert.equal(kindOf(judgeUnit({ ...unit, active, enabled, isNeeded })[0]), kind);
    });
  }
});

describe("judgeUnit() of a service that does not stay up", () => {
  const unit = {
    ...{ unit: "nova-novncproxy", active: "activating", sub: "auto-restart", enabled: "enabled" },
    ...{ result: "exit-code", restarts: 41, activeSeconds: null, hasSocket: false, isNeeded: true },
    lastLine: "port 6080 is taken",
  };
  const cases: [what: string, change: Partial<UnitFacts>, kind: string, said: RegExp][] = [
    ["between two starts", {}, "service-restarts", /41 restarts.*port 6080 is taken/],
    [
      "for the moment",
      { active: "active", sub: "running", activeSeconds: 2 },
      "service-restarts",
      /again and again/,
    ],
    [
      "since yesterday",
      { active: "active", sub: "running", activeSeconds: 86_400 },
      "fine",
      /is active/,
    ],
    [
      "no more, as it was started too often",
      { active: "failed", sub: "failed", result: "start-limit-hit" },
      "service-not-running",
      /too often/,
    ],
    ["for the first time", { sub: "start", restarts: 0 }, "notChecked", /just starting/],
    [
      "when a viewer comes to its socket",
      { active: "inactive", sub: "dead", enabled: "disabled", restarts: 0, hasSocket: true },
      "fine",
      /socket waits/,
    ],
  ];
  for (const [what, change, kind, said] of cases) {
    it(`says ${kind} of one that is up ${what}`, () => {
      const [result] = judgeUnit({ ...unit, ...change });
      assert.equal(kindOf(result), kind);
      assert.match(JSON.stringify(result), said);
    });
  }
});

describe("judgeSandbox()", () => {
  const hardened = new Map([
    ["ProtectHome", "yes"],
    ["ProtectSystem", "strict"],
    ["PrivateTmp", "yes"],
    ["ReadWritePaths", "-/var/lib/nova -/var/log/nova -/run/nova"],
  ]);
  const cases: [path: string, writes: boolean, by: RegExp | null][] = [
    ["/root/console.pem", false, /ProtectHome=yes.*systemctl edit nova-novncproxy/],
    ["/home/ops/console.pem", false, /ProtectHome=no/],
    ["/tmp/console.pem", false, /PrivateTmp/],
    ["/srv/log/nova/x.log", true, /ReadWritePaths=\/srv\/log\/nova/],
    ["/var/log/nova/x.log", true, null],
    ["/var/lib/nova/consoles.sqlite", true, null],
    ["/etc/nova/console.pem", false, null],
    ["/srv/console.pem", false, null],
  ];
  for (const [path, writes, by] of cases) {
    it(`says ${by === null ? "nothing" : "service-sandbox"} of ${path}${writes ? ", which is written" : ""}`, () => {
      const results = judgeSandbox("nova-novncproxy", hardened, [{ what: "it", path, writes }]);
      assert.deepEqual(results.map(kindOf), by === null ? [] : ["service-sandbox"]);
      if (by !== null) assert.match(JSON.stringify(results), by);
    });
  }

  it("knows what a unit lets in again", () => {
    const own = new Map([
      ...hardened,
      ["LogsDirectory", "consoles"],
      ["BindReadOnlyPaths", "/home/ops/pem:/home/ops/pem:rbind"],
    ]);
    const needed = [
      { what: "it", path: "/var/log/consoles/x.log", writes: true },
      { what: "it", path: "/home/ops/pem/console.pem", writes: false },
    ];
    assert.deepEqual(judgeSandbox("nova-novncproxy", own, needed), []);
  });

  it("says nothing of a unit that hides nothing", () => {
    const needed = [{ what: "it", path: "/root/console.pem", writes: true }];
    assert.deepEqual(judgeSandbox("nova-novncproxy", new Map(), needed), []);
  });
});
