import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { Token } from "@nova-console/token";
import { member, NEW_CONSOLE, type RunningApi, startApi } from "./api-testing.ts";
import { INSTANCE, TIMEOUT } from "./testing.ts";

describe("the HTTP API's routes", () => {
  let api: RunningApi;
  beforeEach(async () => {
    api = await startApi();
  });
  afterEach(async () => {
    await api.stop();
  });

  it("mints a token that the store knows", TIMEOUT, async () => {
    const earliest = Math.floor(Date.now() / 1000);
    const { status, json } = await api.post({
      ...NEW_CONSOLE,
      ttl: 60,
      internal_access_path: "/c?id=1",
    });
    assert.equal(status, 201);
    const token = String(member(json, "token"));
    assert.deepEqual(json, {
      token,
      url: `http://127.0.0.1:6080/vnc_auto.html?path=%3Ftoken%3D${token}`,
      expires: member(json, "expires"),
      viewer_password: member(json, "viewer_password"),
      viewer: {
        host: "127.0.0.1",
        port: 6081,
        security: ["TLSPlain", "Plain", "xvp", "VncAuth"],
        command: `VNC_USERNAME=console VNC_PASSWORD=${token} vncviewer -SecurityTypes=TLSPlain 127.0.0.1::6081`,
      },
    });
    assert.match(String(member(json, "viewer_password")), /^[A-Za-z2-9]{8}$/);
    const info = await api.workplace.store.validate(new Token(token));
    assert.equal(info.host, "192.0.2.7");
    assert.equal(info.internalAccessPath, "/c?id=1");
    assert.ok(info.expires >= earliest + 60 && info.expires <= earliest + 90);
  });

  it("takes token_ttl and the base URL from the configuration", TIMEOUT, async () => {
    const earliest = Math.floor(Date.now() / 1000);
    const { json } = await api.post({ ...NEW_CONSOLE, console_type: "xvpvnc", ttl: null });
    assert.equal(
      member(json, "url"),
      `http://127.0.0.1:6081/console?token=${String(member(json, "token"))}`,
    );
    const expires = Number(member(json, "expires"));
    assert.ok(expires >= earliest + 900 && expires <= earliest + 930);
  });

  it(
    "mints a token though its viewer's password cannot be had, and tells the log",
    TIMEOUT,
    async () => {
      writeFileSync(join(api.workplace.directory, "viewer-password-secret"), "short");
      const { status, json } = await api.post(NEW_CONSOLE);
      assert.equal(status, 201);
      assert.equal(member(json, "viewer_password"), undefined);
      assert.equal(member(member(json, "viewer"), "port"), 6081);
      assert.match(JSON.stringify(api.logged), /"viewer_problem":"viewer_password_secret_file /);
    },
  );

  it("mints a token for a unix socket, which needs no port", TIMEOUT, async () => {
    const { status, json } = await api.post({
      instance_uuid: INSTANCE,
      host: "unix:/run/libvirt/qemu/v.sock",
      console_type: "novnc",
    });
    assert.equal(status, 201);
    const { host, port } = await api.workplace.store.validate(
      new Token(String(member(json, "token"))),
    );
    assert.deepEqual({ host, port }, { host: "unix:/run/libvirt/qemu/v.sock", port: 0 });
  });

  it("mints and moves no token to where no proxy would connect to", TIMEOUT, async () => {
    await api.workplace.authorize();
    const host = "169.254.169.254";
    const place = `/v1/instances/${INSTANCE}/endpoint`;
    for (const { status, json } of [
      await api.post({ ...NEW_CONSOLE, host }),
      await api.ask("PUT", place, { body: JSON.stringify({ host, port: 80 }) }),
    ]) {
      assert.equal(status, 400);
      assert.match(String(member(json, "error")), /^host is "169\.254\.169\.254"/);
      assert.match(String(member(json, "allowed")), /a link-local address/);
    }
    for (const { host: kept } of await api.workplace.store.list()) assert.equal(kept, "compute1");
  });

  it("tells where a token leads", TIMEOUT, async () => {
    const { token, info } = await api.workplace.authorize();
    const { status, json } = await api.ask("GET", `/v1/consoles/${token.reveal()}`);
    assert.equal(status, 200);
    assert.deepEqual(json, {
      instance_uuid: INSTANCE,
      host: "compute1",
      port: 5900,
      internal_access_path: null,
      console_type: "novnc",
      expires: info.expires,
      access_url_base: "http://127.0.0.1:6080/vnc_auto.html",
      token_id: token.id,
    });
  });

  it("does not tell an unknown token from an expired one", TIMEOUT, async () => {
    const { status, json } = await api.ask("GET", "/v1/consoles/nonsense");
    assert.deepEqual(
      { status, json },
      { status: 404, json: { error: "token is unknown or expired" } },
    );
  });

  it("revokes an instance's tokens", TIMEOUT, async () => {
    const { token } = await api.workplace.authorize();
    const path = `/v1/instances/${INSTANCE}/consoles`;
    assert.deepEqual((await api.ask("DELETE", path)).json, { revoked: 1 });
    await assert.rejects(api.workplace.store.validate(token), { code: "TOKEN_ERR_INVALID" });
    assert.deepEqual((await api.ask("DELETE", path)).json, { revoked: 0 });
  });

  it("moves an instance's tokens", TIMEOUT, async () => {
    const { token } = await api.workplace.authorize();
    const body = JSON.stringify({ host: "compute2", port: 5901 });
    const { status, json } = await api.ask("PUT", `/v1/instances/${INSTANCE}/endpoint`, { body });
    assert.deepEqual({ status, json }, { status: 200, json: { moved: 1 } });
    const { host, port } = await api.workplace.store.validate(token);
    assert.deepEqual({ host, port }, { host: "compute2", port: 5901 });
  });
});
