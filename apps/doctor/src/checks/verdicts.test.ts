import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { LoadedConfig } from "@nova-console/config";
import type { Result } from "../finding.ts";
import type { ProcessFacts } from "../host/processes.ts";
import type { CommandOutcome } from "../run-command.ts";
import { judgeBaseUrl, type BaseUrlFacts } from "./judge-base-url.ts";
import { judgeClock } from "./clock.ts";
import { judgeCompute, parseCompute } from "./computes.ts";
import { judgeConnectionLimits } from "./connection-limits.ts";
import type { PortFacts } from "./context.ts";
import { judgeDescriptors, parseLimits } from "./descriptors.ts";
import { judgePort } from "./ports.ts";
import { judgeSelinux } from "./selinux.ts";
import { judgeVncAddresses } from "./vnc-addresses.ts";
import { judgeWorkers } from "./workers.ts";

/** The finding's id; `fine` and `notChecked` for what is none. */
function kindOf(result: Result | undefined): string {
  return result?.kind === "finding" ? result.id : (result?.kind ?? "nothing");
}

const ran = (stdout: string): CommandOutcome => ({ kind: "ran", status: 0, stdout, stderr: "" });
const missing: CommandOutcome = { kind: "failed", why: "is not installed" };

describe("judgePort()", () => {
  const place = {
    program: "nova-novncproxy",
    port: 6080,
    portOption: "[vnc] novncproxy_port",
    host: "0.0.0.0",
    // Not looked at.
    loaded: {} as LoadedConfig,
  } as const;
  const ours: ProcessFacts = {
    pid: 7,
    comm: "node",
    words: ["/usr/bin/node", "/usr/bin/nova-novncproxy"],
  };
  const other: ProcessFacts = { pid: 8, comm: "haproxy", words: ["/usr/sbin/haproxy"] };
  const old: ProcessFacts = {
    pid: 9,
    comm: "nova-novncproxy",
    words: ["/usr/bin/python3.6", "/usr/bin/nova-novncproxy"],
  };
  const systemd: ProcessFacts = { pid: 1, comm: "systemd", words: ["/usr/lib/systemd/systemd"] };
  const cases: [what: string, facts: Omit<PortFacts, "place">, kind: string][] = [
    ["nobody", { isListenedOn: false, holders: [] }, "fine"],
    ["nobody can tell who", { isListenedOn: null, holders: [] }, "notChecked"],
    ["somebody whom only root sees", { isListenedOn: true, holders: [] }, "fine"],
    [
      "ours, and a load balancer at another address",
      { isListenedOn: true, holders: [other, ours] },
      "fine",
    ],
    ["systemd, for a socket unit", { isListenedOn: true, holders: [systemd] }, "fine"],
    ["a load balancer alone", { isListenedOn: true, holders: [other] }, "port-held-by-other"],
    ["nova's own", { isListenedOn: true, holders: [old] }, "predecessor-running"],
  ];
  for (const [what, facts, kind] of cases) {
    it(`says ${kind} of a port that ${what} has`, () => {
      assert.equal(kindOf(judgePort({ place, ...facts }, "nova-novncproxy")), kind);
    });
  }
});

describe("judgeBaseUrl()", () => {
  const page = { status: 200, server: "nginx", bodyDigest: "aa", dateMs: null, location: null };
  const facts: BaseUrlFacts = {
    ...{ option: "[vnc] novncproxy_base_url", url: "https://console.example/vnc_lite.html" },
    ...{
      program: "nova-novncproxy",
      inCloud: true,
      isDefault: false,
      runs: true,
      leadsToUs: false,
    },
    ...{ hasCertificate: false, sslOnly: false, nameProblem: null, hasPage: null },
    ...{ answer: page, own: { ...page, server: "nova-novncproxy" } },
    ...{ addresses: ["192.0.2.10"], answersByTls: false, withoutPrefix: null },
    ...{ webSocketStatus: null, nowMs: 0 },
  };
  const cases: [what: string, change: Partial<BaseUrlFacts>, kind: string][] = [
    ["a load balancer that ends TLS and passes our page on", {}, "fine"],
    [
      "a load balancer with another page",
      { answer: { ...page, bodyDigest: "bb" } },
      "base-url-elsewhere",
    ],
    ["a service that does not run", { runs: false }, "notChecked"],
    [
      "http to a port with ssl_only",
      {
        ...{ url: "http://console.example:6080/", leadsToUs: true, sslOnly: true },
        answer: { problem: "socket hang up" },
      },
      "base-url-scheme",
    ],
    [
      "https at the same port number of a load balancer, which answers",
      { url: "https://console.example:6080/vnc_lite.html" },
      "fine",
    ],
    [
      "https to a proxy without a certificate, which does not run yet",
      { url: "https://console.example:6080/", leadsToUs: true, runs: false },
      "base-url-scheme",
    ],
    [
      "https to a load balancer that speaks none",
      { answer: { problem: "what listens there speaks no TLS" } },
      "base-url-scheme",
    ],
    [
      "http to a load balancer that speaks TLS only",
      {
        url: "http://console.example/",
        answer: { ...page, status: 400, bodyDigest: "cc" },
        answersByTls: true,
      },
      "base-url-scheme",
    ],
    [
      "a path prefix that a reverse proxy takes off",
      {
        own: { ...page, status: 404, bodyDigest: "dd" },
        withoutPrefix: { prefix: "/novnc", own: page },
      },
      "fine",
    ],
    [
      "a load balancer that reaches nobody",
      { answer: { ...page, status: 503, bodyDigest: "ee" } },
      "base-url-balancer",
    ],
    ["a load balancer that passes no WebSocket on", { webSocketStatus: 400 }, "base-url-websocket"],
    ["a name of Debian's /etc/hosts", { addresses: ["127.0.1.1"] }, "base-url-name-local"],
    [
      "a name that is loopback here, where nobody answers",
      { addresses: ["127.0.0.1"], answer: { problem: "connect ECONNREFUSED" } },
      "notChecked",
    ],
    ["a scheme of its own", { url: "vnc://console.example/" }, "base-url-scheme"],
    [
      "loopback without a cloud",
      { url: "http://127.0.0.1:6080/vnc_auto.html", inCloud: false },
      "fine",
    ],
    ["IPv6 loopback in a cloud", { url: "http://[::1]:6080/vnc_auto.html" }, "base-url-loopback"],
  ];
  for (const [what, change, kind] of cases) {
    it(`says ${kind} of ${what}`, () => {
      assert.equal(kindOf(judgeBaseUrl({ ...facts, ...change })[0]), kind);
    });
  }
});

describe("judgeClock()", () => {
  const cases: [
    chrony: CommandOutcome,
    systemd: CommandOutcome,
    ms: number | null,
    kind: string,
  ][] = [
    [ran("Leap status     : Normal\n"), missing, null, "fine"],
    [missing, ran("NTPSynchronized=yes\n"), null, "fine"],
    [missing, ran("NTPSynchronized=no\n"), null, "clock-not-synchronised"],
    [missing, missing, 400, "fine"],
    [ran("Leap status     : Normal\n"), missing, -90_000, "clock-skew"],
    [missing, missing, null, "notChecked"],
  ];
  for (const [chrony, timedatectl, ms, kind] of cases) {
    it(`says ${kind} of ${JSON.stringify([chrony, timedatectl, ms])}`, () => {
      const difference = ms === null ? null : { host: "keystone", ms };
      assert.equal(kindOf(judgeClock({ chrony, timedatectl, difference })[0]), kind);
    });
  }
});

describe("judgeCompute()", () => {
  it("takes a token's closed port for an instance that is off", () => {
    const closed = { kind: "failed", code: "ECONNREFUSED", why: "refused" } as const;
    const compute = { host: "c1", port: 5900 };
    assert.equal(kindOf(judgeCompute({ ...compute, isNamed: false }, closed)), "notChecked");
    assert.equal(
      kindOf(judgeCompute({ ...compute, isNamed: true }, closed)),
      "compute-unreachable",
    );
  });

  it("is asked of hosts with and without ports", () => {
    assert.deepEqual(parseCompute("c1"), { host: "c1", port: 5900, isNamed: true });
    assert.deepEqual(parseCompute("[2001:db8::1]:5901"), {
      host: "2001:db8::1",
      port: 5901,
      isNamed: true,
    });
    assert.deepEqual(parseCompute("2001:db8::1").host, "2001:db8::1");
    for (const wrong of ["", "c1:0", "c1:99999", "a b", "[c1]:1:2"]) {
      assert.throws(() => parseCompute(wrong), { code: "DOCTOR_ERR_INPUT" });
    }
  });
});

describe("judgeDescriptors()", () => {
  it("counts two files a session, in each worker its share", () => {
    const facts = {
      ...({ program: "nova-novncproxy", of: "pid 7" } as const),
      ...{ maxSessions: 20_000, maxWithoutToken: 8_000, isAsked: true, unit: "nova-novncproxy" },
    };
    assert.equal(kindOf(judgeDescriptors({ ...facts, limit: 524_288, workers: 1 })), "fine");
    assert.equal(kindOf(judgeDescriptors({ ...facts, limit: 16_384, workers: 4 })), "fine");
    assert.equal(
      kindOf(judgeDescriptors({ ...facts, limit: 16_384, workers: 2 })),
      "descriptors-too-few",
    );
  });

  it("faults nobody for defaults of which most are never used", () => {
    const facts = {
      ...({ program: "nova-xvpvncproxy", of: "pid 7", workers: 1 } as const),
      ...{ maxSessions: 20_000, maxWithoutToken: 20_000, isAsked: false, unit: "nova-xvpvncproxy" },
    };
    assert.equal(kindOf(judgeDescriptors({ ...facts, limit: 16_384 })), "fine");
    assert.equal(kindOf(judgeDescriptors({ ...facts, limit: 1_024 })), "descriptors-too-few");
  });

  it("reads the hard limit, to which Node.js raises the soft one", () => {
    assert.equal(
      parseLimits("Max open files            1024                 4096                 files\n"),
      4096,
    );
    assert.equal(
      parseLimits("Max open files            1024                 unlimited            files\n"),
      Infinity,
    );
    assert.equal(parseLimits(""), null);
  });
});

describe("judgeConnectionLimits()", () => {
  const count = (option: string, value: number): string =>
    `nova_console_connections_refused_total{limit="${option}"} ${value}\n`;
  const judge = (metrics: string): Result[] =>
    judgeConnectionLimits({ programs: "nova-novncproxy", metrics });

  it("finds each limit that has refused a connection", () => {
    const [perAddress, inAll] = ["max_connections_per_address", "max_connections_without_token"];
    const none = count(perAddress, 0) + count(inAll, 0);
    assert.deepEqual(judge(none).map(kindOf), ["fine"]);
    assert.deepEqual(judge(count(perAddress, 7) + count(inAll, 0)).map(kindOf), [
      "connections-refused",
    ]);
    const both = judge(count(perAddress, 7) + count(inAll, 1));
    assert.deepEqual(both.map(kindOf), ["connections-refused", "connections-refused"]);
    assert.match(JSON.stringify(both[0]), /7 connections refused by .*trusted_proxies/);
  });

  it("does not judge a program that does not count", () => {
    assert.deepEqual(judge("nova_console_workers 2\n").map(kindOf), ["notChecked"]);
  });
});

describe("judgeSelinux()", () => {
  const confined = ["system_u:system_r:nova_console_t:s0"];
  const off = ran("os_nova_use_execmem --> off\n");
  const cases: [what: string, result: Result[], kind: string][] = [
    ["no SELinux", judgeSelinux({ getenforce: missing, boolean: missing, contexts: [] }), "fine"],
    [
      "permissive",
      judgeSelinux({ getenforce: ran("Permissive\n"), boolean: off, contexts: confined }),
      "fine",
    ],
    [
      "bin_t",
      judgeSelinux({
        getenforce: ran("Enforcing\n"),
        boolean: off,
        contexts: ["system_u:object_r:bin_t:s0"],
      }),
      "fine",
    ],
    [
      "the boolean on",
      judgeSelinux({
        getenforce: ran("Enforcing\n"),
        boolean: ran("os_nova_use_execmem --> on\n"),
        contexts: confined,
      }),
      "fine",
    ],
    [
      "the boolean off",
      judgeSelinux({ getenforce: ran("Enforcing\n"), boolean: off, contexts: confined }),
      "selinux-execmem",
    ],
    [
      "no getsebool",
      judgeSelinux({ getenforce: ran("Enforcing\n"), boolean: missing, contexts: confined }),
      "notChecked",
    ],
  ];
  for (const [what, [result], kind] of cases) {
    it(`says ${kind} of ${what}`, () => {
      assert.equal(kindOf(result), kind);
    });
  }
});

describe("judgeVncAddresses()", () => {
  it("counts defaults on a compute only", () => {
    const options = [{ name: "[vnc] server_listen", value: "127.0.0.1", source: "default" }];
    assert.equal(
      kindOf(judgeVncAddresses({ inCloud: true, isCompute: false, options })[0]),
      "fine",
    );
    assert.equal(
      kindOf(judgeVncAddresses({ inCloud: true, isCompute: true, options })[0]),
      "vnc-loopback",
    );
  });
});

describe("judgeWorkers()", () => {
  it("allows one worker a core", () => {
    assert.equal(kindOf(judgeWorkers(4, 4, "default")), "fine");
    assert.equal(kindOf(judgeWorkers(5, 4, "nova.conf:1")), "workers-too-many");
  });
});
