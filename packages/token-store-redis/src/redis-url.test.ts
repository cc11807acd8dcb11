import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TokenStoreSettingError } from "@nova-console/token";
import fc from "fast-check";
import { parseRedisUrl, type RedisLocation } from "./redis-url.ts";

const NOBODY = { username: null, password: null };
const PLAIN: Omit<RedisLocation, "nodes" | "place"> = {
  kind: "single",
  database: 0,
  master: "",
  credentials: NOBODY,
  sentinelCredentials: NOBODY,
  tls: null,
};
/** None of its parts is in any error's own words. */
const PASSWORD = "hunter2";

describe("parseRedisUrl()", () => {
  const accepted: [string, RedisLocation][] = [
    ["redis://h1", { ...PLAIN, nodes: [{ host: "h1", port: 6379 }], place: "redis://h1:6379/0" }],
    [
      "REDIS://u:p%40ss%2f@[2001:db8::9]:7000/5",
      {
        ...PLAIN,
        nodes: [{ host: "2001:db8::9", port: 7000 }],
        database: 5,
        credentials: { username: "u", password: "p@ss/" },
        place: "redis://[2001:db8::9]:7000/5",
      },
    ],
    [
      "rediss://:secret@cache.example.org:6380/?ca=/etc/ssl/ca.pem",
      {
        ...PLAIN,
        nodes: [{ host: "cache.example.org", port: 6380 }],
        credentials: { username: null, password: "secret" },
        tls: { caPath: "/etc/ssl/ca.pem" },
        place: "rediss://cache.example.org:6380/0",
      },
    ],
    [
      "redis+sentinel://u:p@s1,s2:26380/mymaster/2?sentinel_password=x%26y",
      {
        ...PLAIN,
        kind: "sentinel",
        nodes: [
          { host: "s1", port: 26_379 },
          { host: "s2", port: 26_380 },
        ],
        master: "mymaster",
        database: 2,
        credentials: { username: "u", password: "p" },
        sentinelCredentials: { username: null, password: "x&y" },
        place: "redis+sentinel://s1:26379,s2:26380/mymaster/2",
      },
    ],
    [
      "rediss+cluster://n1:7000,n2:7001",
      {
        ...PLAIN,
        kind: "cluster",
        nodes: [
          { host: "n1", port: 7000 },
          { host: "n2", port: 7001 },
        ],
        tls: { caPath: null },
        place: "rediss+cluster://n1:7000,n2:7001",
      },
    ],
  ];
  for (const [url, location] of accepted) {
    it(`reads ${url}`, () => {
      assert.deepEqual(parseRedisUrl(url), location);
    });
  }

  const refused: [string, RegExp][] = [
    ["", /is not a Redis URL/],
    [`memcached://:${PASSWORD}@h`, /is not a Redis URL/],
    [`redis://${PASSWORD}@h`, /a user without a password/],
    [`redis://u:${PASSWORD}%@h`, /a % that encodes nothing/],
    [`redis://u:${PASSWORD}/x@h:1`, /is not a Redis URL/],
    [`redis://u:${PASSWORD}@h:70000`, /a host or a port that is none/],
    [`redis://u:${PASSWORD}@`, /a host or a port that is none/],
    [`redis://u:${PASSWORD}@h1,h2`, /names several hosts/],
    [`redis://u:${PASSWORD}@h/x`, /a database that is no number/],
    [`redis://u:${PASSWORD}@h/1/2`, /a database that is no number/],
    [`redis://u:${PASSWORD}@h/0?timeout=1`, /a parameter that is not one of ca/],
    [`redis://u:${PASSWORD}@h/0?ca=/x`, /ca, which needs rediss/],
    [`rediss://u:${PASSWORD}@h/0?ca=`, /an empty ca/],
    [`redis://h/0?sentinel_password=${PASSWORD}`, /need \+sentinel/],
    [`redis+sentinel://u:${PASSWORD}@s1`, /does not name the master/],
    [`redis+cluster://u:${PASSWORD}@n1/3`, /names a database, which a Cluster has not/],
  ];
  for (const [url, message] of refused) {
    it(`refuses ${JSON.stringify(url)}, names the option and the forms, and no password`, () => {
      assert.throws(
        () => parseRedisUrl(url),
        (error: Error) => {
          assert.ok(error instanceof TokenStoreSettingError);
          assert.match(error.message, message);
          assert.match(error.message, /^\[console_proxy\] redis_url .*allowed: redis:\/\//);
          assert.doesNotMatch(error.message, new RegExp(PASSWORD));
          return true;
        },
      );
    });
  }

  it("gives a value or a setting error without the password for any text", () => {
    const scheme = fc.constantFrom("redis", "rediss", "redis+sentinel", "redis+cluster", "http");
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc
        .tuple(scheme, fc.string(), fc.string(), fc.string())
        .map(([name, user, host, rest]) => `${name}://${user}:${PASSWORD}@${host}/${rest}`),
    );
    fc.assert(
      fc.property(text, (url) => {
        try {
          const { place, nodes } = parseRedisUrl(url);
          assert.ok(nodes.length > 0);
          assert.ok(!place.includes(PASSWORD) || url.lastIndexOf(PASSWORD) > url.indexOf("@"));
        } catch (error) {
          assert.ok(error instanceof TokenStoreSettingError);
          assert.ok(!error.message.includes(PASSWORD));
        }
      }),
      { numRuns: 2000 },
    );
  });
});
