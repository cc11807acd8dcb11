import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { accessUrlBaseOf, buildAccessUrl } from "./access-url.ts";
import type { ConsoleRequest } from "./console-request.ts";
import { SqliteTokenStore } from "./sqlite-token-store.ts";
import { Token } from "./token.ts";

const directory = mkdtempSync(join(tmpdir(), "nova-console-given-"));
const store = await SqliteTokenStore.open({
  path: join(directory, "s.sqlite"),
  now: Date.now,
  connectTimeoutMs: 5_000,
});
after(async () => {
  await store.close();
  rmSync(directory, { recursive: true });
});

const token = new Token("0c07bd41-2d5c-4d56-94b6-6ae2a06b7ab0");
const request: ConsoleRequest = {
  consoleType: "novnc",
  host: "192.0.2.7",
  port: 5900,
  internalAccessPath: null,
  instanceUuid: "11111111-2222-3333-4444-555555555555",
  accessUrlBase: "http://127.0.0.1:6080/vnc_auto.html",
  ttlSeconds: 600,
};

describe("SqliteTokenStore.authorize() with a token that is given", () => {
  it("keeps it, by its hash only", async () => {
    const authorized = await store.authorize({ ...request, token });
    assert.equal(authorized.token, token);
    assert.deepEqual(Object.keys(authorized.info).sort(), [
      ...["accessUrlBase", "consoleType", "expires", "host", "instanceUuid"],
      ...["internalAccessPath", "port", "tokenDigest"],
    ]);
    assert.deepEqual(await store.validate(token), authorized.info);
  });

  it("takes it again, with what is new", async () => {
    await store.authorize({ ...request, token });
    await store.authorize({ ...request, token, port: 5901 });
    assert.equal((await store.validate(token)).port, 5901);
  });

  it("keeps those of the consoles that other proxies open", async () => {
    for (const consoleType of ["spice-html5", "rdp-html5", "serial", "webmks"]) {
      const other = new Token(`token-${consoleType}`);
      const accessUrlBase = consoleType === "serial" ? "ws://127.0.0.1:6083/" : "https://h/x.html";
      await store.authorize({ ...request, consoleType, accessUrlBase, token: other });
      assert.equal((await store.validate(other)).consoleType, consoleType);
    }
  });
});

describe("accessUrlBaseOf()", () => {
  it("takes back what buildAccessUrl() has added", () => {
    for (const base of [
      "http://127.0.0.1:6080/vnc_auto.html",
      "http://127.0.0.1:6080/vnc_auto.html?autoconnect=1",
      "https://h/vnc.html?path=a%2Fb&x=1",
      "ws://h:6083/",
    ]) {
      for (const type of ["novnc", "xvpvnc", "serial"]) {
        assert.equal(accessUrlBaseOf(buildAccessUrl(base, token, type), token), base, type);
      }
    }
  });

  it("leaves the token nowhere", () => {
    const text = token.reveal();
    for (const url of [
      `http://h/x?token=${text}`,
      `http://h/x?a=${text}&token=${text}`,
      `http://h/${text}/x?token=${text}`,
      `http://h/x?path=%3Ftoken%3D${text}`,
      `http://h/x?path=?token=${text}`,
      `http://h/x#${text}`,
      `nonsense ${text}`,
    ]) {
      assert.ok(!accessUrlBaseOf(url, token).includes(text), url);
    }
    assert.equal(accessUrlBaseOf(`http://h:1/${text}/x`, token), "http://h:1/");
  });
});
