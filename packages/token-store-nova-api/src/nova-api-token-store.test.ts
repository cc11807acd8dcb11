import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { inspect } from "node:util";
import { Token } from "@nova-console/token";
import type { NovaApiTokenStore } from "./nova-api-token-store.ts";
import {
  type Answer,
  type Answerer,
  consoleDocument,
  FakeCloud,
  GOOD_TOKEN,
  INSTANCE,
  notFound,
  versionDocument,
} from "./testing/fake-cloud.ts";

const INVALID = { code: "TOKEN_ERR_INVALID" };

describe("NovaApiTokenStore", { timeout: 60_000 }, () => {
  const good = new Token(GOOD_TOKEN);
  let cloud: FakeCloud;
  let store: NovaApiTokenStore;

  beforeEach(async () => {
    cloud = await FakeCloud.start();
    store = cloud.open();
  });
  afterEach(async () => {
    await store.close();
    await cloud[Symbol.asyncDispose]();
  });

  /** The store cannot say, for a reason that names what to do; and nobody learns a secret from it. */
  async function assertUnavailable(message: RegExp, asked = store): Promise<void> {
    await assert.rejects(asked.validate(good), (error: Error) => {
      assert.equal((error as Error & { code?: string }).code, "TOKEN_ERR_STORE_UNAVAILABLE");
      assert.match(error.message, message);
      const shown = inspect(error, { depth: 20, showHidden: true });
      for (const secret of [GOOD_TOKEN, "a password", "login-"]) assert.ok(!shown.includes(secret));
      return true;
    });
  }

  it("tells what nova tells of a token, and what nova does not tell as the configuration has it", async () => {
    cloud.console = () => consoleDocument({ internal_access_path: "/path" });
    assert.deepEqual(await store.validate(good), {
      tokenDigest: good.digest,
      consoleType: "novnc",
      host: "192.0.2.7",
      port: 5901,
      internalAccessPath: "/path",
      instanceUuid: INSTANCE,
      expires: cloud.nowMs / 1000 + 600,
      accessUrlBase: "https://console/vnc_lite.html",
    });
  });

  it("logs in once, asks for the versions once, and then for each token", async () => {
    await store.validate(good);
    await store.validate(good);
    const path = `/internal/v2.1/os-console-auth-tokens/${GOOD_TOKEN}`;
    assert.deepEqual(
      cloud.seen.map(({ method, path }) => `${method} ${path}`),
      ["POST /identity/v3/auth/tokens", "GET /internal/v2.1/", `GET ${path}`, `GET ${path}`],
    );
    const [login, , request] = cloud.seen;
    assert.deepEqual(JSON.parse(login?.body ?? ""), {
      auth: {
        identity: {
          methods: ["password"],
          password: {
            user: { name: "proxy", domain: { name: "Default" }, password: "a password" },
          },
        },
        scope: { project: { name: "service", domain: { name: "Default" } } },
      },
    });
    assert.equal(request?.headers["x-auth-token"], "login-1");
    assert.equal(request.headers["openstack-api-version"], "compute 2.31");
  });

  it("logs in once for all who ask at the same time", async () => {
    await Promise.all(Array.from({ length: 100 }, () => store.validate(good)));
    assert.equal(cloud.logins, 1);
  });

  it("shows an application credential", async () => {
    const credential = { id: "c1" };
    const other = cloud.open({
      credentials: { kind: "application-credential", credential, secret: "a secret" },
    });
    await other.validate(good);
    await other.close();
    assert.deepEqual(JSON.parse(cloud.seen[0]?.body ?? ""), {
      auth: {
        identity: {
          methods: ["application_credential"],
          application_credential: { id: "c1", secret: "a secret" },
        },
      },
    });
  });

  it("asks nova where the configuration says, in its own region, without a catalogue if need be", async () => {
    const two = cloud.open({ regionName: "two" });
    await two.validate(good);
    assert.match(cloud.seen.at(-1)?.path ?? "", /^\/two\/v2\.1\//);
    await two.close();
    cloud.seen.length = 0;
    const own = cloud.open({ novaApiUrl: `${cloud.origin}/own` });
    await own.validate(good);
    await own.close();
    assert.equal(cloud.seen[0]?.path, "/identity/v3/auth/tokens?nocatalog");
    assert.match(cloud.seen.at(-1)?.path ?? "", /^\/own\/v2\.1\//);
    await assertUnavailable(
      /no compute endpoint of region three/,
      cloud.open({ regionName: "three" }),
    );
  });

  it("finds a token unknown that nova does not know", async () => {
    await assert.rejects(
      store.validate(new Token("22222222-2222-3333-4444-555555555555")),
      INVALID,
    );
  });

  it("sends no text that is something else in a path", async () => {
    const texts = [
      "",
      ".",
      "..",
      `${GOOD_TOKEN}.json`,
      `x/${GOOD_TOKEN}`,
      "a\\b",
      "a\nb",
      "\ud800",
    ];
    for (const text of [...texts, "x".repeat(256)]) {
      await assert.rejects(store.validate(new Token(text)), INVALID);
    }
    assert.deepEqual(cloud.seen, []);
  });

  it("encodes what has a meaning in a URL", async () => {
    await assert.rejects(store.validate(new Token("a b?c#d%2Fe;é")), INVALID);
    assert.equal(
      cloud.seen.at(-1)?.path,
      "/internal/v2.1/os-console-auth-tokens/a%20b%3Fc%23d%252Fe%3B%C3%A9",
    );
  });

  it("logs in anew when nova rejects its login, once for all, and asks again", async () => {
    await store.validate(good);
    cloud.accepts = "login-2";
    await Promise.all(Array.from({ length: 20 }, () => store.validate(good)));
    assert.equal(cloud.logins, 2);
  });

  it("gives up when nova rejects the new login as well", async () => {
    cloud.accepts = "nobody";
    await assertUnavailable(/rejects a new token of Keystone: does its own \[keystone_authtoken\]/);
    assert.equal(cloud.logins, 2);
  });

  it("renews its login before it ends, while nobody waits for it", async () => {
    await store.validate(good);
    cloud.nowMs += cloud.tokenLifeMs - 300_001;
    await store.validate(good);
    assert.equal(cloud.logins, 1);
    cloud.nowMs += 2;
    const renewing = new Promise<undefined>((resolve) => {
      cloud.keystone = () => {
        resolve(undefined);
        return cloud.logIn();
      };
    });
    await store.validate(good);
    await renewing;
    cloud.accepts = "login-2";
    await store.validate(good);
    assert.equal(cloud.logins, 2);
  });

  it("goes on without Keystone as long as its login is good", async () => {
    await store.validate(good);
    cloud.keystone = () => ({ status: 503 });
    cloud.nowMs += cloud.tokenLifeMs - 1;
    await store.validate(good);
    cloud.nowMs += 1;
    await assertUnavailable(/Keystone at .*\/identity\/v3 answers 503 to a login/);
    cloud.keystone = () => cloud.logIn();
    await store.validate(good);
  });

  it("does not show refused credentials again and again", async () => {
    cloud.keystone = () => ({ status: 401 });
    await assertUnavailable(/refuses the credentials: .* in \[service_user\]/);
    await assertUnavailable(/refuses the credentials/);
    assert.equal(cloud.seen.length, 1);
    cloud.nowMs += 5_000;
    cloud.keystone = () => cloud.logIn();
    await store.validate(good);
  });

  const oldNova = "use another token_store";
  const versions: [string, Answer, RegExp][] = [
    ["a nova before 2.31", versionDocument("2.1", "2.30"), new RegExp(`too-old.*${oldNova}`)],
    ["a nova without microversions", versionDocument("", ""), /too-old/],
    ["a nova that has dropped 2.31", versionDocument("2.40", "2.99"), /too-new/],
    ["a web server that is no nova", { status: 200, body: "<html>" }, /is that nova/],
    ["nothing there", { status: 404 }, /answers 404 where its versions should be/],
  ];
  for (const [what, answer, message] of versions) {
    it(`cannot say with ${what}, and asks again next time`, async () => {
      cloud.versions = () => answer;
      await assertUnavailable(message);
      cloud.versions = () => versionDocument("2.1", "2.99");
      await store.validate(good);
    });
  }

  const echo: Answerer = ({ path }) => ({ status: 404, body: `<html>no ${path} here` });
  const answers: [string, Answerer, RegExp][] = [
    [
      "403",
      () => ({ status: 403 }),
      /give the user of \[service_user\] the role that nova's policy/,
    ],
    ["404 of somebody else, who echoes the path", echo, /answers 404, but not as nova does/],
    ["503", () => ({ status: 503 }), /answers 503: see nova-api's log/],
    ["no JSON", ({ path }) => ({ status: 200, body: path }), /"console" is missing/],
    ["a port that is a text", () => consoleDocument({ port: "5901" }), /"port" is missing or not/],
    ["too much", () => ({ status: 200, body: " ".repeat(65_537) }), /more than 65536 bytes/],
    [
      "a redirect",
      ({ path }) => ({ status: 302, headers: { location: `https://127.0.0.1:1${path}` } }),
      /a redirect \(302\), which is not followed/,
    ],
    [
      "half an answer",
      (_, response) => {
        response.writeHead(200, { "content-length": "100" });
        response.write("{", () => response.destroy());
        return "nothing";
      },
      /breaks off its answer/,
    ],
  ];
  for (const [what, answer, message] of answers) {
    it(`cannot say when nova answers ${what}, and goes on afterwards`, async () => {
      cloud.console = answer;
      await assertUnavailable(message);
      cloud.console = () => consoleDocument();
      await store.validate(good);
    });
  }

  it("asks for the versions again when nova no longer knows the microversion", async () => {
    await store.validate(good);
    cloud.console = () => ({ status: 406 });
    await assertUnavailable(/no longer speaks microversion 2\.31/);
    cloud.console = notFound;
    await assert.rejects(store.validate(good), INVALID);
    assert.equal(cloud.seen.filter(({ path }) => path === "/internal/v2.1/").length, 2);
  });

  it("cannot say when nothing comes in time", async () => {
    for (const part of ["keystone", "versions", "console"] as const) {
      const slow = cloud.open({ timeoutMs: 200 });
      const answer = cloud[part];
      cloud[part] = () => "nothing";
      await assertUnavailable(
        /does not answer within 200 ms, \[console_proxy\] connect_timeout/,
        slow,
      );
      cloud[part] = answer;
      await slow.close();
    }
  });

  it("asks again when a kept connection turns out to be closed", async () => {
    await store.validate(good);
    let isFirst = true;
    cloud.console = (_, response) => {
      if (!isFirst) return consoleDocument();
      isFirst = false;
      response.destroy();
      return "nothing";
    };
    await store.validate(good);
  });

  it("cannot say when the cloud's certificate is not trusted, or nobody is there", async () => {
    const tls = { certFile: null, keyFile: null, insecure: false };
    const strange = cloud.open({ tls: { ...tls, caFile: cloud.strangeCaFile() } });
    await assertUnavailable(
      /certificate that is not trusted .* set \[service_user\] cafile/,
      strange,
    );
    const away = cloud.open({ authUrl: "http://127.0.0.1:1" });
    await assertUnavailable(/cannot be reached \(ECONNREFUSED\)/, away);
    const plain = cloud.open({ authUrl: cloud.origin.replace("https", "http") });
    await assertUnavailable(/Keystone at http:/, plain);
    const insecure = cloud.open({ tls: { ...tls, caFile: null, insecure: true } });
    await insecure.validate(good);
    await insecure.close();
  });

  it("makes a setting error of a URL or a file that cannot be used", () => {
    const tls = { caFile: null, certFile: cloud.caFile, keyFile: null, insecure: false };
    const SETTING = { code: "TOKEN_ERR_STORE_SETTING" };
    assert.throws(() => cloud.open({ authUrl: "keystone:5000" }), SETTING);
    assert.throws(() => cloud.open({ novaApiUrl: "ftp://nova" }), SETTING);
    assert.throws(() => cloud.open({ tls }), SETTING);
  });

  it("lists no digests", async () => {
    assert.deepEqual(await store.liveDigests(), []);
  });
});
