import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, beforeEach, describe, it } from "node:test";
import { inspect } from "node:util";
import { type ConsoleRequest, Token, type TokenAuthority } from "@nova-console/token";
import { openRedisTokenStore } from "@nova-console/token-store-redis";
import { makeAuthority } from "./support/authority.ts";
import { makeCertificate } from "./support/certificate.ts";
import { RedisCluster } from "./support/redis/redis-cluster.ts";
import { RedisSentinels } from "./support/redis/redis-sentinels.ts";
import { RedisServer } from "./support/redis/redis-server.ts";
import { TempDir } from "./support/temp-dir.ts";
import { until } from "./support/until.ts";

const TIMEOUT = { timeout: 120_000 };
const INSTANCE = "11111111-2222-3333-4444-555555555555";
const OTHER_INSTANCE = "99999999-2222-3333-4444-555555555555";
const REQUEST: ConsoleRequest = {
  consoleType: "novnc",
  host: "compute1",
  port: 5900,
  internalAccessPath: "/console?id=1",
  instanceUuid: INSTANCE,
  accessUrlBase: "http://127.0.0.1:6080/vnc_auto.html",
  ttlSeconds: 600,
};
const INVALID = { code: "TOKEN_ERR_INVALID", message: "token is unknown or expired" };
const UNAVAILABLE = { code: "TOKEN_ERR_STORE_UNAVAILABLE" };
const KEYS = "{nova-console}:*";
const PASSWORD = "hunter2";

function open(url: string, { connectTimeoutMs = 20_000 } = {}): TokenAuthority {
  return openRedisTokenStore({ url, connectTimeoutMs });
}

/** Keeps the promise of every kind of Redis. */
async function checkAll(store: TokenAuthority): Promise<void> {
  const { token, info } = await store.authorize(REQUEST);
  assert.deepEqual(await store.validate(token), info);
  const other = await store.authorize({ ...REQUEST, instanceUuid: OTHER_INSTANCE });
  await assert.rejects(store.validate(token), INVALID);
  assert.deepEqual(await store.liveDigests(10), [other.token.digest]);
  assert.equal(await store.move(OTHER_INSTANCE, "compute2", 5901), 1);
  assert.deepEqual(
    (await store.list()).map(({ host, port }) => `${host}:${port}`),
    ["compute2:5901"],
  );
  assert.equal(await store.revokeInstance(OTHER_INSTANCE), 1);
  await assert.rejects(store.validate(other.token), INVALID);
  assert.equal(await store.purge(), 0);
}

describe("openRedisTokenStore()", { timeout: 5 * TIMEOUT.timeout }, () => {
  describe("with one server", () => {
    const owned = new AsyncDisposableStack();
    let server: RedisServer;
    let store: TokenAuthority;

    before(async () => {
      server = owned.use(await RedisServer.start());
      store = open(`redis://127.0.0.1:${server.port}/3`);
      owned.defer(() => store.close());
    });
    beforeEach(async () => {
      await server.cli("FLUSHALL");
    });
    after(() => owned.disposeAsync());

    function cli(...args: readonly string[]): Promise<string> {
      return server.cli("-n", "3", ...args);
    }

    it("keeps all promises of a token store", TIMEOUT, () => checkAll(store));

    it("keeps the hash and never the token, and ends by the server", TIMEOUT, async () => {
      const { token, info } = await store.authorize({ ...REQUEST, internalAccessPath: null });
      const keys = (await cli("KEYS", "*")).split("\n");
      assert.ok(keys.every((key) => key.startsWith(KEYS.slice(0, -1))));
      const key = `{nova-console}:token:${token.digest}`;
      assert.equal(await cli("EXPIRETIME", key), `${info.expires}`);
      for (const kind of [`instance:${INSTANCE}`, "endpoint:compute1 5900 "]) {
        assert.equal(await cli("EXPIRETIME", `{nova-console}:${kind}`), `${info.expires}`);
      }
      const everything = keys.join() + (await cli("HGETALL", key));
      assert.ok(!everything.includes(token.reveal()));
      assert.deepEqual(await store.validate(token), { ...info, internalAccessPath: null });
    });

    it("refuses an unknown token, and one whose record has lost its end", TIMEOUT, async () => {
      const { token } = await store.authorize(REQUEST);
      await assert.rejects(store.validate(new Token(token.digest)), INVALID);
      const key = `{nova-console}:token:${token.digest}`;
      await cli("PERSIST", key);
      await cli("HSET", key, "expires", (await cli("TIME")).split("\n")[0] ?? "");
      await assert.rejects(store.validate(token), INVALID);
      assert.equal(await store.revokeToken(token), false);
    });

    it("counts by the server's clock, whatever that of this machine says", TIMEOUT, async (t) => {
      for (const offMs of [-7_200_000, 7_200_000]) {
        t.mock.timers.enable({ apis: ["Date"], now: Date.now() + offMs });
        const { token } = await store.authorize({ ...REQUEST, ttlSeconds: 60 });
        await store.validate(token);
        assert.equal((await store.list()).length, 1);
        t.mock.timers.reset();
        assert.ok(Number(await cli("TTL", `{nova-console}:token:${token.digest}`)) > 0);
        assert.equal(await store.purge(), 0);
        assert.equal(await store.revokeInstance(INSTANCE), 1);
      }
    });

    it("leaves no token where its URL cannot be made", TIMEOUT, async () => {
      const token = new Token("\ud800");
      await assert.rejects(store.authorize({ ...REQUEST, token }), {
        code: "TOKEN_ERR_INVALID_REQUEST",
      });
      assert.deepEqual(await store.list(), []);
    });

    it("takes a token away at its end", TIMEOUT, async () => {
      const { token } = await store.authorize({ ...REQUEST, ttlSeconds: 1 });
      await until("Redis to remove it", async () => (await cli("KEYS", "*token:*")) === "");
      await assert.rejects(store.validate(token), INVALID);
      assert.equal(await store.purge(), 1);
      assert.equal(await cli("KEYS", "*"), "{nova-console}:sequence");
    });

    it(
      "makes no other token of the endpoint worthless than other instances'",
      TIMEOUT,
      async () => {
        const first = await store.authorize(REQUEST);
        const second = await store.authorize(REQUEST);
        const elsewhere = await store.authorize({
          ...REQUEST,
          instanceUuid: OTHER_INSTANCE,
          internalAccessPath: null,
        });
        for (const { token } of [first, second, elsewhere]) await store.validate(token);
        const { token } = await store.authorize({ ...REQUEST, instanceUuid: OTHER_INSTANCE });
        await assert.rejects(store.validate(first.token), INVALID);
        await assert.rejects(store.validate(second.token), INVALID);
        await store.validate(token);
        assert.equal(await store.revokeInstance(INSTANCE), 0);
        assert.equal(await store.revokeInstance(OTHER_INSTANCE), 2);
      },
    );

    it("moves tokens, and makes those of who was there worthless", TIMEOUT, async () => {
      const there = await store.authorize({
        ...REQUEST,
        port: 5901,
        instanceUuid: OTHER_INSTANCE,
      });
      const { token } = await store.authorize(REQUEST);
      assert.equal(await store.move(INSTANCE, "compute1", 5901), 1);
      await assert.rejects(store.validate(there.token), INVALID);
      assert.equal((await store.validate(token)).port, 5901);
      await store.authorize({ ...REQUEST, instanceUuid: OTHER_INSTANCE });
      await store.validate(token);
      await store.authorize({ ...REQUEST, port: 5901, instanceUuid: OTHER_INSTANCE });
      await assert.rejects(store.validate(token), INVALID);
    });

    it("lists digests of live tokens, the youngest first", TIMEOUT, async () => {
      const digests: string[] = [];
      for (const ttlSeconds of [900, 2, 600, 700]) {
        digests.unshift((await store.authorize({ ...REQUEST, ttlSeconds })).token.digest);
      }
      const [d700, d600, d2, d900] = digests;
      assert.deepEqual(await store.liveDigests(2), [d700, d600]);
      const short = `{nova-console}:token:${d2 ?? ""}`;
      await until("one of them to end", async () => (await cli("EXISTS", short)) === "0");
      assert.deepEqual(await store.liveDigests(3), [d700, d600, d900]);
      assert.deepEqual(await store.liveDigests(0), []);
      assert.deepEqual(
        (await store.list()).map(({ tokenDigest }) => tokenDigest),
        [d600, d700, d900],
      );
    });

    it("refuses what is no request", TIMEOUT, async () => {
      await assert.rejects(store.authorize({ ...REQUEST, port: 0 }), {
        code: "TOKEN_ERR_INVALID_REQUEST",
      });
      await assert.rejects(store.revokeInstance("*"), { code: "TOKEN_ERR_INVALID_REQUEST" });
      await assert.rejects(store.move(INSTANCE, "a b", 1), { code: "TOKEN_ERR_INVALID_REQUEST" });
    });

    it("tells of a damaged record, and lets it be revoked", TIMEOUT, async () => {
      const { token } = await store.authorize(REQUEST);
      const key = `{nova-console}:token:${token.digest}`;
      await cli("HSET", key, "port", "the port");
      await assert.rejects(store.validate(token), (error: Error) => {
        assert.match(
          error.message,
          new RegExp(`port of the record of token ${token.id} is damaged`),
        );
        assert.ok(!inspect(error).includes(token.digest));
        return true;
      });
      await cli("DEL", key);
      await cli("SET", key, "novnc");
      await assert.rejects(store.validate(token), UNAVAILABLE);
      await store.authorize({ ...REQUEST, instanceUuid: OTHER_INSTANCE });
      await assert.rejects(store.validate(token), INVALID);
    });

    it("asks once for a token", TIMEOUT, async () => {
      const { token } = await store.authorize(REQUEST);
      // The server knows the script from now on.
      await store.validate(token);
      await server.cli("CONFIG", "RESETSTAT");
      for (let times = 0; times < 100; times++) await store.validate(token);
      const stats = await server.cli("INFO", "commandstats");
      const calls = [...stats.matchAll(/cmdstat_(\S+):calls=(\d+)/g)]
        .map(([, name = "", count = ""]) => `${name} ${count}`)
        .filter((each) => !/^(?:config|info)/.test(each));
      // The script's own commands cost no round trip.
      assert.deepEqual(calls.sort(), ["evalsha 100", "hmget 100", "time 100"]);
    });

    it("sends its scripts again to a server that forgot them", TIMEOUT, async () => {
      await store.authorize(REQUEST);
      await cli("SCRIPT", "FLUSH");
      await store.authorize(REQUEST);
    });
  });

  it("authenticates, and never shows the password", TIMEOUT, async () => {
    await using server = await RedisServer.start({ args: ["--requirepass", PASSWORD] });
    const good = open(`redis://:${PASSWORD}@127.0.0.1:${server.port}`);
    const bad = open(`redis://u:${PASSWORD}@127.0.0.1:${server.port}`);
    try {
      await checkAll(good);
      await assert.rejects(bad.validate(new Token("x")), (error: Error) => {
        assert.match(error.message, /token store redis:\/\/127.*refuses the user or the password/);
        assert.ok(!inspect(error).includes(PASSWORD));
        return true;
      });
    } finally {
      await Promise.all([good.close(), bad.close()]);
    }
  });

  it("needs no more rights than its README names", TIMEOUT, async () => {
    await using server = await RedisServer.start();
    await server.cli(
      ...["ACL", "SETUSER", "console", "on", `>${PASSWORD}`, "~{nova-console}:*"],
      ...["+@read", "+@write", "+@scripting", "+@connection", "+info", "+time"],
    );
    const store = open(`redis://console:${PASSWORD}@127.0.0.1:${server.port}/1`);
    try {
      await checkAll(store);
    } finally {
      await store.close();
    }
  });

  it("speaks TLS, and refuses a certificate of another authority", TIMEOUT, async () => {
    await using directory = await TempDir.create();
    const { certPath, keyPath } = await makeCertificate(directory);
    const { caPath: strangersPath } = await makeAuthority(directory, "strangers");
    await using server = await RedisServer.start({
      tls: true,
      args: [
        ...["--tls-cert-file", certPath, "--tls-key-file", keyPath],
        ...["--tls-ca-cert-file", certPath, "--tls-auth-clients", "no"],
      ],
    });
    const url = `rediss://127.0.0.1:${server.port}/0?ca=`;
    const trusting = open(url + certPath);
    const wary = open(url + strangersPath);
    try {
      await checkAll(trusting);
      await assert.rejects(wary.validate(new Token("x")), {
        ...UNAVAILABLE,
        message: /certificate/,
      });
    } finally {
      await Promise.all([trusting.close(), wary.close()]);
    }
    assert.throws(() => open(`${url}/nowhere.pem`), { code: "TOKEN_ERR_STORE_SETTING" });
  });

  it(
    "refuses while the server is away, and asks again within a second of its return",
    TIMEOUT,
    async () => {
      await using server = await RedisServer.start();
      const place = `redis://127.0.0.1:${server.port}/0`;
      const store = open(place);
      try {
        const { token } = await store.authorize(REQUEST);
        await server.kill();
        await assert.rejects(store.validate(token), UNAVAILABLE);
        await until("the reason to be told", () =>
          store.validate(token).then(
            () => false,
            (error: unknown) =>
              error instanceof Error &&
              error.message.startsWith(`token store ${place}: connect ECONNREFUSED`),
          ),
        );
        await server.start();
        const back = Date.now();
        await until("the token to be good", () => store.validate(token).catch(() => null), 1000);
        assert.ok(Date.now() - back < 1000);
      } finally {
        await store.close();
      }
      await assert.rejects(store.validate(new Token("x")), { message: /is closed/ });
    },
  );

  it("refuses in time while the server is silent", TIMEOUT, async () => {
    await using server = await RedisServer.start();
    const store = open(`redis://127.0.0.1:${server.port}`, { connectTimeoutMs: 2000 });
    try {
      const { token } = await store.authorize(REQUEST);
      server.signal("SIGSTOP");
      const asked = Date.now();
      await assert.rejects(store.validate(token), { ...UNAVAILABLE, message: /no answer/ });
      assert.ok(Date.now() - asked < 2000);
      server.signal("SIGCONT");
      await until("the token to be good", () => store.validate(token).catch(() => null), 2000);
    } finally {
      await store.close();
    }
  });

  it("refuses with the reason where no server ever was", TIMEOUT, async () => {
    await using server = await RedisServer.start();
    await server.kill();
    for (const [scheme, message] of [
      ["redis", /: connect ECONNREFUSED/],
      ["redis+sentinel", /: no Sentinel can be reached that knows the master$/],
      ["redis+cluster", /: no node of the Cluster can be reached$/],
    ] as const) {
      const path = scheme === "redis+sentinel" ? "/mymaster" : "";
      const store = open(`${scheme}://127.0.0.1:${server.port}${path}`);
      try {
        await assert.rejects(store.validate(new Token("x")), { ...UNAVAILABLE, message });
      } finally {
        await store.close();
      }
    }
  });

  it("follows a failover by Sentinel", TIMEOUT, async () => {
    await using sentinels = await RedisSentinels.start();
    const store = open(sentinels.url);
    try {
      await checkAll(store);
      const { token } = await store.authorize(REQUEST);
      await until("the replica to have it", async () =>
        (await sentinels.replica.cli("KEYS", "*token:*")).includes(token.digest),
      );
      await sentinels.killMaster();
      await sentinels.promoted();
      await until("the token to be good", () => store.validate(token).catch(() => null));
      await store.authorize({ ...REQUEST, instanceUuid: OTHER_INSTANCE });
      await assert.rejects(store.validate(token), INVALID);
    } finally {
      await store.close();
    }
  });

  it("works on a Cluster, whose node may go and come", TIMEOUT, async () => {
    await using cluster = await RedisCluster.start();
    const store = open(cluster.url);
    try {
      await checkAll(store);
      const { token } = await store.authorize(REQUEST);
      const owner = await cluster.ownerOf("{nova-console}:tokens");
      await owner.kill();
      await assert.rejects(store.validate(token), UNAVAILABLE);
      await owner.start();
      await until("the token to be good", () => store.validate(token).catch(() => null));
    } finally {
      await store.close();
    }
  });

  it("is shared: several authorities at once lose nothing", TIMEOUT, async () => {
    await using server = await RedisServer.start();
    const url = `redis://127.0.0.1:${server.port}`;
    const stores = [open(url), open(url), open(url)];
    try {
      const minted = await Promise.all(
        stores.flatMap((store) =>
          Array.from({ length: 50 }, (_, number) =>
            store.authorize({ ...REQUEST, port: 6000 + number, instanceUuid: randomUUID() }),
          ),
        ),
      );
      const [reader] = stores;
      assert.ok(reader);
      const live = await reader.liveDigests(1000);
      // Three instances wanted each port: the last one has it.
      assert.equal(live.length, 50);
      const outcomes = await Promise.allSettled(minted.map(({ token }) => reader.validate(token)));
      assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 50);
    } finally {
      await Promise.all(stores.map((store) => store.close()));
    }
  });
});
