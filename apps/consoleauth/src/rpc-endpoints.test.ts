import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { Endpoint } from "@nova-console/oslo-messaging";
import { Token } from "@nova-console/token";
import { consoleSettingsOf } from "./console-settings.ts";
import { Revocations } from "./revocations.ts";
import { createBaseEndpoints, createRpcEndpoints } from "./rpc-endpoints.ts";
import { createWorkplace, INSTANCE, type Workplace } from "./testing.ts";

const NOW_SECONDS = 1_795_327_070;
const TEXT = "0c07bd41-2d5c-4d56-94b6-6ae2a06b7ab0";
const request = { version: "2.1", lost: new AbortController().signal };
const place = {
  token: TEXT,
  console_type: "novnc",
  host: "192.0.2.7",
  port: "5900",
  internal_access_path: null,
  instance_uuid: INSTANCE,
};

describe("createBaseEndpoints()", () => {
  it("sends the argument of a ping back with the service's name", async () => {
    const { ping } = createBaseEndpoints("consoleauth");
    assert.deepEqual(await ping?.({ arg: "hello" }, request), {
      service: "consoleauth",
      arg: "hello",
    });
  });
});

describe("createRpcEndpoints()", () => {
  let workplace: Workplace;
  let logged: string[];
  let endpoints: Readonly<Record<string, Endpoint>>;
  beforeEach(async () => {
    logged = [];
    workplace = await createWorkplace(() => NOW_SECONDS * 1000);
    const settings = consoleSettingsOf(workplace.config());
    const write = (message: string, fields?: object): void => {
      logged.push(`${message} ${JSON.stringify(fields)}`);
    };
    const log = { info: write, warn: write };
    const { store } = workplace;
    const revocations = new Revocations({ store, log, limitMs: () => 1_000, now: () => 0 });
    endpoints = createRpcEndpoints({ store, revocations, settings: () => settings, log });
  });
  afterEach(() => workplace.remove());

  const call = async (method: string, args: Readonly<Record<string, unknown>>): Promise<unknown> =>
    endpoints[method]?.(args, request);

  it("authorizes with the caller's token, and tells whoever asks where it leads", async () => {
    const accessUrl = `http://h:6080/vnc_auto.html?token=${TEXT}`;
    await call("authorize_console", { ...place, access_url: accessUrl });
    assert.deepEqual(await call("check_token", { token: TEXT }), {
      token: TEXT,
      instance_uuid: INSTANCE,
      console_type: "novnc",
      host: "192.0.2.7",
      port: 5900,
      internal_access_path: null,
      access_url: `http://h:6080/vnc_auto.html?path=%3Ftoken%3D${TEXT}`,
      last_activity_at: NOW_SECONDS,
    });
    const { accessUrlBase, expires } = await workplace.store.validate(new Token(TEXT));
    assert.equal(accessUrlBase, "http://h:6080/vnc_auto.html");
    assert.equal(expires, NOW_SECONDS + 600);
  });

  it("takes ports as numbers too, and does without an access URL, as before 2.1", async () => {
    await call("authorize_console", { ...place, port: 5901, internal_access_path: "" });
    const info = await workplace.store.validate(new Token(TEXT));
    assert.equal(info.port, 5901);
    assert.equal(info.internalAccessPath, null);
    assert.equal(info.accessUrlBase, "http://127.0.0.1:6080/vnc_auto.html");
  });

  it("keeps tokens of consoles that are not VNC", async () => {
    await call("authorize_console", { ...place, console_type: "spice-html5" });
    const answer = (await call("check_token", { token: TEXT })) as { console_type: string };
    assert.equal(answer.console_type, "spice-html5");
  });

  it("answers nothing for a token that is not good, or not any more", async () => {
    assert.equal(await call("check_token", { token: TEXT }), null);
    await call("authorize_console", place);
    await call("delete_tokens_for_instance", { instance_uuid: INSTANCE });
    assert.equal(await call("check_token", { token: TEXT }), null);
  });

  for (const [what, change] of Object.entries({
    "no token": { token: null },
    "an empty token": { token: "" },
    "a token that is too long": { token: "x".repeat(256) },
    "no host": { host: null },
    "a host that is a list": { host: ["h"] },
    "no port": { port: null },
    "a port in words": { port: "5900 " },
    "another type": { console_type: "ascii-art" },
    "no instance": { instance_uuid: undefined },
    "an access URL of another scheme": { access_url: "javascript:alert(1)" },
    "a token that UTF-8 cannot express": { token: "\ud800" },
  })) {
    it(`refuses to authorize with ${what}`, async () => {
      await assert.rejects(call("authorize_console", { ...place, ...change }), {
        code: "TOKEN_ERR_INVALID_REQUEST",
      });
      assert.deepEqual(await workplace.store.list(), []);
    });
  }

  for (const field of ["host", "console_type", "instance_uuid", "internal_access_path"]) {
    it(`does not repeat a token that stands in ${field}: the error is logged`, async () => {
      const [host, uuid] = [`${TEXT}/`, `${TEXT}0`];
      const text = { host, instance_uuid: uuid, internal_access_path: `${TEXT} ` }[field] ?? TEXT;
      await assert.rejects(call("authorize_console", { ...place, [field]: text }), (error) => {
        assert.ok(error instanceof Error);
        assert.match(error.message, new RegExp(`^${field} is "\\*\\*\\*", must be `));
        return true;
      });
    });
  }

  it("refuses to revoke what is no instance", async () => {
    await assert.rejects(call("delete_tokens_for_instance", { instance_uuid: "x" }), {
      code: "TOKEN_ERR_INVALID_REQUEST",
    });
  });

  it("logs who got a console and who lost it, and no token", async () => {
    await call("authorize_console", place);
    await call("delete_tokens_for_instance", { instance_uuid: INSTANCE });
    assert.equal(logged.length, 2);
    assert.match(logged[0] ?? "", new RegExp(`"${new Token(TEXT).id}".*${INSTANCE}`));
    assert.match(logged[1] ?? "", /"revoked":1/);
    assert.doesNotMatch(logged.join(), new RegExp(TEXT));
  });
});
