import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { originHeadersOf, OriginPolicy } from "./origin-policy.ts";
import { connectInfo } from "./testing/fake-tokens.ts";

interface Case {
  readonly host?: string | string[];
  readonly origin?: string | string[];
  readonly forwarded?: string | string[];
  readonly base?: string | null;
  readonly allowed?: string[];
}

function verdict({ host = "good.example:6080", origin = [], forwarded = [], base, allowed }: Case) {
  const policy = new OriginPolicy(allowed ?? []);
  const headers = {
    host: [host].flat(),
    origin: [origin].flat(),
    xForwardedProto: [forwarded].flat(),
  };
  try {
    policy.check(headers, base === undefined ? null : { ...connectInfo, accessUrlBase: base });
    return "passes";
  } catch (error) {
    assert.equal(
      error instanceof Error && "code" in error && error.code,
      "SESSION_ERR_ORIGIN_REFUSED",
    );
    return "is refused";
  }
}

describe("originHeadersOf()", () => {
  it("picks each value of the three headers, in any case and in order", () => {
    const raw = [
      "HOST",
      "a",
      "X-Forwarded-Proto",
      "https",
      "Origin",
      "b",
      "host",
      "c",
      "Cookie",
      "d",
    ];
    assert.deepEqual(originHeadersOf(raw), {
      host: ["a", "c"],
      origin: ["b"],
      xForwardedProto: ["https"],
    });
  });
});

describe("OriginPolicy", () => {
  const passing: [string, Case][] = [
    ["no Origin", {}],
    ["the host itself", { origin: "http://good.example" }],
    ["another port", { origin: "http://good.example:8080" }],
    ["upper case in Origin", { origin: "HTTP://GOOD.Example" }],
    ["upper case in Host", { host: "Good.EXAMPLE", origin: "http://good.example" }],
    ["user information before the host", { origin: "http://user@good.example" }],
    ["an IPv6 host", { host: "[::1]:16080", origin: "http://[::1]" }],
    ["an IPv4 host", { host: "127.0.0.1:6080", origin: "http://127.0.0.1:6080" }],
    ["an allowed host", { origin: "https://horizon.example", allowed: ["horizon.example"] }],
    ["an allowed host in upper case", { origin: "https://h.example", allowed: ["H.Example"] }],
    ["an allowed host with a port", { origin: "https://h.example", allowed: ["h.example:443"] }],
    ["an allowed origin", { origin: "https://h.example", allowed: ["https://h.example:443"] }],
    ["an allowed IPv6 address", { origin: "http://[fd00::1]", allowed: ["fd00::1"] }],
  ];
  const refused: [string, Case][] = [
    ["another host", { origin: "http://evil.example" }],
    ["a host that begins like ours", { origin: "https://good.example.evil" }],
    ["a host that ends like ours", { origin: "https://evilgood.example" }],
    ["a trailing dot", { origin: "http://good.example." }],
    ["our host as user information", { origin: "http://good.example@evil.example" }],
    ["a backslash before our host", { origin: "http://evil.example\\@good.example" }],
    ["null", { origin: "null" }],
    ["an empty Origin", { origin: "" }],
    ["file://", { origin: "file://" }],
    ["no scheme", { origin: "good.example" }],
    ["no host", { origin: "http://" }],
    ["two Origin headers", { origin: ["http://good.example", "http://evil.example"] }],
    ["two Origins in one header", { origin: "http://good.example, http://evil.example" }],
    ["no Host", { host: [] }],
    ["two Host headers", { host: ["good.example", "evil.example"] }],
    ["a Host that is none", { host: "good.example/x" }],
    ["an empty Host", { host: "" }],
    ["our host, with another one asked", { host: "evil.example", origin: "http://good.example" }],
  ];
  for (const [name, headers] of passing) {
    it(`lets ${name} pass`, () => {
      assert.equal(verdict(headers), "passes");
    });
  }
  for (const [name, headers] of refused) {
    it(`refuses ${name}`, () => {
      assert.equal(verdict(headers), "is refused");
    });
  }

  // Columns: Origin http and https without X-Forwarded-Proto; the same with https and http of it.
  const schemes: [base: string | null, passes: string][] = [
    ["http://h/vnc.html", "yes no no yes"],
    ["https://h/vnc.html", "no yes yes no"],
    ["ws://h/", "yes no no yes"],
    ["wss://h/", "no yes yes no"],
    ["", "no no no no"],
    ["h/vnc.html", "no no no no"],
    [null, "no no no no"],
  ];
  for (const [base, passes] of schemes) {
    it(`compares the page's scheme with that of ${JSON.stringify(base)}`, () => {
      const asked: Case[] = [
        { origin: "http://good.example" },
        { origin: "https://good.example" },
        { origin: "http://good.example", forwarded: "https" },
        { origin: "https://good.example", forwarded: "http" },
      ];
      const found = asked.map((one) => (verdict({ ...one, base }) === "passes" ? "yes" : "no"));
      assert.equal(found.join(" "), passes);
    });
  }

  for (const [forwarded, expected] of [
    ["https", "passes"],
    ["wss", "passes"],
    ["HTTPS", "passes"],
    ["WSS", "passes"],
    ["https, http", "passes"],
    ["https,http", "passes"],
    [" wss , ws", "passes"],
    ["http", "is refused"],
    ["ws", "is refused"],
    ["http, https", "is refused"],
    [", https", "is refused"],
    ["https://", "is refused"],
    ["constructor", "is refused"],
    ["", "is refused"],
  ] as const) {
    it(`reads X-Forwarded-Proto ${JSON.stringify(forwarded)}: ${expected}`, () => {
      // The page's own scheme does not count beside the header.
      for (const origin of ["https://good.example", "http://good.example"]) {
        for (const base of ["https://h/", "wss://h/"]) {
          assert.equal(verdict({ origin, forwarded, base }), expected);
        }
      }
    });
  }

  it("takes the first of several X-Forwarded-Proto headers", () => {
    const origin = "http://good.example";
    assert.equal(verdict({ origin, forwarded: ["https", "http"], base: "https://h/" }), "passes");
  });

  it("does not look at X-Forwarded-Proto without an Origin", () => {
    assert.equal(verdict({ forwarded: "http", base: "https://h/" }), "passes");
  });

  it("allows ws and wss as such", () => {
    assert.equal(verdict({ origin: "ws://good.example", base: "ws://h/" }), "passes");
    assert.equal(verdict({ origin: "wss://good.example", base: "wss://h/" }), "passes");
  });

  it("keeps nothing of what was asked before", () => {
    const policy = new OriginPolicy([]);
    const from = (host: string, origin: string): void => {
      policy.check({ host: [host], origin: [origin], xForwardedProto: [] }, null);
    };
    from("evil.example", "http://evil.example");
    for (let index = 0; index < 100_000; index++) from(`h${index}`, `http://h${index}`);
    assert.throws(() => {
      from("good.example", "http://evil.example");
    });
  });
});
