import assert from "node:assert/strict";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { CommandArguments } from "@nova-console/service";
import { deriveViewerPassword, openViewerPasswordSecret, Token } from "@nova-console/token";
import type { ViewerSettings } from "@nova-console/viewer-files";
import { member } from "./api-testing.ts";
import * as commands from "./commands.ts";
import type { CommandOutput } from "./command-output.ts";
import { type ConsoleSettings, consoleSettingsOf } from "./console-settings.ts";
import { createWorkplace, INSTANCE, TIMEOUT, type Workplace } from "./testing.ts";

const START_MS = 1_795_327_070_250;

describe("the commands", () => {
  let workplace: Workplace;
  let nowMs: number;
  beforeEach(async () => {
    nowMs = START_MS;
    workplace = await createWorkplace(() => nowMs);
  });
  afterEach(async () => {
    await workplace.remove();
  });

  function settingsWith(change: Partial<ViewerSettings>, hasCertificate = false): ConsoleSettings {
    const settings = consoleSettingsOf(workplace.config());
    const viewers = { settings: { ...settings.viewers.settings, ...change }, hasCertificate };
    return { ...settings, viewers };
  }

  function run(
    command: commands.Command,
    given: CommandArguments,
    settings = consoleSettingsOf(workplace.config()),
  ): Promise<CommandOutput> {
    return command(
      {
        store: workplace.store,
        settings,
        environment: process.env,
        signal: AbortSignal.timeout(TIMEOUT.timeout),
        input: { standardInput: Readable.from([]), prompt: () => undefined },
        log: { warn: () => undefined },
        now: () => nowMs,
      },
      given,
    );
  }

  /** The token in the last access URL. */
  function tokenIn(url: string): Token {
    const parameters = new URL(url).searchParams;
    const text = parameters.get("token") ?? parameters.get("path")?.replace("?token=", "") ?? "";
    return new Token(text);
  }

  describe("authorize", () => {
    it("prints the access URL of a novnc console that lives for token_ttl", async () => {
      const { text, json, exitStatus } = await run(commands.authorize, {
        instance: INSTANCE,
        host: "compute1",
        port: 5900,
      });
      assert.equal(exitStatus, 0);
      const token = tokenIn(text);
      assert.equal(text, `http://127.0.0.1:6080/vnc_auto.html?path=%3Ftoken%3D${token.reveal()}`);
      assert.deepEqual(json, {
        token: token.reveal(),
        url: text,
        expires: 1_795_327_670,
        instance_uuid: INSTANCE,
        host: "compute1",
        port: 5900,
        internal_access_path: null,
        console_type: "novnc",
        access_url_base: "http://127.0.0.1:6080/vnc_auto.html",
        token_id: token.id,
        viewer: null,
      });
    });

    const wish = { instance: INSTANCE, host: "compute1", port: 5900 };

    it("prints the vncviewer line with --viewer, for a token of type xvpvnc", async () => {
      const { text } = await run(commands.authorize, { ...wish, viewer: true });
      const [line, token = ""] =
        /^VNC_USERNAME=console VNC_PASSWORD=(\S+) vncviewer -SecurityTypes=TLSPlain 127\.0\.0\.1::6081$/.exec(
          text,
        ) ?? [];
      assert.equal(line, text);
      assert.equal((await workplace.store.validate(new Token(token))).consoleType, "xvpvnc");
    });

    it("has the password of 8 characters and the viewer's way in the JSON document", async () => {
      const { json } = await run(commands.authorize, { ...wish, json: true });
      const token = new Token(String(member(json, "token")));
      const secret = openViewerPasswordSecret(join(workplace.directory, "viewer-password-secret"));
      assert.equal(member(json, "viewer_password"), deriveViewerPassword(secret, token.digest));
      assert.deepEqual(member(json, "viewer"), {
        host: "127.0.0.1",
        port: 6081,
        security: ["TLSPlain", "Plain", "xvp", "VncAuth"],
        command: `VNC_USERNAME=console VNC_PASSWORD=${token.reveal()} vncviewer -SecurityTypes=TLSPlain 127.0.0.1::6081`,
      });
    });

    it("has no password of 8 characters, and no secret, where that is not taken", async () => {
      const settings = settingsWith({ security: ["Plain"] });
      const { json } = await run(commands.authorize, { ...wish, json: true }, settings);
      assert.equal(member(json, "viewer_password"), undefined);
      assert.ok(!readdirSync(workplace.directory).includes("viewer-password-secret"));
    });

    it("takes https or a certificate for X509Plain", async () => {
      for (const settings of [
        settingsWith({ baseUrl: "https://c.example:6081/console" }),
        settingsWith({ baseUrl: "http://c.example:6081/console" }, true),
      ]) {
        const { text } = await run(commands.authorize, { ...wish, viewer: true }, settings);
        assert.match(text, / vncviewer -SecurityTypes=X509Plain c\.example::6081$/);
      }
    });

    const useless: [string, Parameters<typeof settingsWith>[0], RegExp][] = [
      ["no way that vncviewer speaks", { security: ["xvp"] }, /viewer_security is xvp: vncviewer/],
      ["an address that is none", { baseUrl: "ws://x/" }, /^\[vnc\] xvpvncproxy_base_url is "ws/],
      [
        "a secret that cannot be had",
        { passwordSecretFile: "/dev/null/s" },
        /^viewer_password_secret/,
      ],
    ];
    for (const [name, change, message] of useless) {
      it(`mints nothing for --viewer with ${name}`, async () => {
        await assert.rejects(
          run(commands.authorize, { ...wish, viewer: true }, settingsWith(change)),
          { name: "SettingError", message },
        );
        assert.deepEqual(await workplace.store.list(), []);
      });
    }

    it("minds no viewer's settings for an access URL", async () => {
      const settings = settingsWith({ baseUrl: "ws://x/", passwordSecretFile: "/dev/null/s" });
      assert.match((await run(commands.authorize, wish, settings)).text, /^http:/);
      const { json } = await run(commands.authorize, { ...wish, json: true }, settings);
      assert.equal(member(json, "viewer"), null);
    });

    it("takes everything that can be given", async () => {
      const given = {
        instance: INSTANCE,
        host: "::1",
        port: 5900,
        type: "xvpvnc",
        ttl: 60,
        "internal-access-path": "/c?1",
      };
      const { text } = await run(commands.authorize, given);
      const info = await workplace.store.validate(tokenIn(text));
      assert.equal(info.consoleType, "xvpvnc");
      assert.equal(info.internalAccessPath, "/c?1");
      assert.equal(info.expires, 1_795_327_130);
      assert.match(text, /^http:\/\/127\.0\.0\.1:6081\/console\?token=/);
    });

    it("needs no port with a unix socket", async () => {
      const { text } = await run(commands.authorize, {
        instance: INSTANCE,
        host: "unix:/run/libvirt/qemu/v.sock",
      });
      assert.equal((await workplace.store.validate(tokenIn(text))).port, 0);
    });

    for (const host of ["169.254.169.254", "::ffff:169.254.169.254", "unix:/etc/passwd"]) {
      it(`refuses ${host}, where no proxy would connect to`, async () => {
        const port = host.startsWith("unix:") ? 0 : 80;
        const given = { instance: INSTANCE, host, port };
        for (const command of [commands.authorize, commands.move]) {
          await assert.rejects(run(command, given), { code: "TOKEN_ERR_INVALID_REQUEST" });
        }
        assert.deepEqual(await workplace.store.list(), []);
      });
    }

    it("finds a libvirt domain's screen and UUID", TIMEOUT, async () => {
      const file = join(workplace.directory, "node.xml");
      writeFileSync(
        file,
        `<node><domain type='test'><name>vm1</name><uuid>${INSTANCE}</uuid><memory>1024</memory><os><type>hvm</type></os>
         <devices><graphics type='vnc' port='5907' listen='0.0.0.0'/></devices></domain></node>`,
      );
      const { text } = await run(commands.authorize, { libvirt: `test://${file}`, domain: "vm1" });
      const { host, port, instanceUuid } = await workplace.store.validate(tokenIn(text));
      assert.deepEqual(
        { host, port, instanceUuid },
        { host: "127.0.0.1", port: 5907, instanceUuid: INSTANCE },
      );
    });

    it("says that a libvirt domain has no screen", TIMEOUT, async () => {
      await assert.rejects(
        run(commands.authorize, { libvirt: "test:///default", domain: "test" }),
        {
          code: "LIBVIRT_ERR_NO_VNC_ADDRESS",
        },
      );
    });

    const wrong: [CommandArguments, string][] = [
      [{}, "--instance: must be given; see --help for what goes together"],
      [{ instance: INSTANCE }, "--host: must be given; see --help for what goes together"],
      [{ instance: INSTANCE, host: "compute1" }, "--port: must be given (1 to 65535)"],
      [
        { libvirt: "test:///default" },
        "--domain: must be given; see --help for what goes together",
      ],
      [{ domain: "test" }, "--libvirt: must be given; see --help for what goes together"],
      [
        { libvirt: "test:///default", domain: "test", host: "h" },
        "--host: cannot go with --libvirt, which finds it",
      ],
      [
        { libvirt: "test:///default", domain: "test", port: 1 },
        "--port: cannot go with --libvirt, which finds it",
      ],
    ];
    for (const [given, message] of wrong) {
      it(`refuses ${JSON.stringify(given)}`, async () => {
        await assert.rejects(run(commands.authorize, given), {
          code: "SERVICE_ERR_SETTING",
          message,
        });
      });
    }

    it("refuses a type that it cannot mint", async () => {
      const given = { instance: INSTANCE, host: "compute1", port: 5900, type: "rdp" };
      await assert.rejects(run(commands.authorize, given), { code: "TOKEN_ERR_INVALID_REQUEST" });
    });
  });

  describe("check", () => {
    it("prints where a token leads", async () => {
      const { token } = await workplace.authorize();
      const { text, json, exitStatus } = await run(commands.check, { token: token.reveal() });
      assert.equal(exitStatus, 0);
      assert.equal(
        text,
        `${INSTANCE}  novnc  compute1:5900  expires 2026-11-22T06:07:50Z (in 600 s)  id ${token.id}`,
      );
      assert.deepEqual(json, {
        instance_uuid: INSTANCE,
        host: "compute1",
        port: 5900,
        internal_access_path: null,
        console_type: "novnc",
        expires: 1_795_327_670,
        access_url_base: "http://127.0.0.1:6080/vnc_auto.html",
        token_id: token.id,
      });
    });

    it("ends with 1 for a token that leads nowhere", async () => {
      assert.deepEqual(await run(commands.check, { token: "nonsense" }), {
        text: "token is unknown or expired",
        json: { error: "token is unknown or expired" },
        exitStatus: 1,
      });
    });
  });

  describe("revoke", () => {
    it("revokes an instance's tokens", async () => {
      await workplace.authorize();
      await workplace.authorize();
      assert.deepEqual(await run(commands.revoke, { instance: INSTANCE }), {
        text: `revoked 2 tokens of instance ${INSTANCE}`,
        json: { revoked: 2 },
        exitStatus: 0,
      });
    });

    it("revokes one token", async () => {
      const { token } = await workplace.authorize();
      const { text } = await run(commands.revoke, { token: token.reveal() });
      assert.equal(text, "revoked 1 token");
      assert.deepEqual((await run(commands.revoke, { token: token.reveal() })).json, {
        revoked: 0,
      });
    });

    for (const given of [
      {},
      { instance: INSTANCE, token: "t" },
      { instance: INSTANCE, "token-file": "/nowhere" },
    ]) {
      it(`refuses ${JSON.stringify(given)}`, async () => {
        await assert.rejects(run(commands.revoke, given), {
          code: "SERVICE_ERR_SETTING",
          message: "revoke: give either --instance UUID or --token TOKEN",
        });
      });
    }
  });

  describe("list", () => {
    it("prints a line per console in columns, and no token", async () => {
      const first = await workplace.authorize();
      const other = "99999999-2222-3333-4444-555555555555";
      const second = await workplace.authorize({ instanceUuid: other, port: 5908, ttlSeconds: 5 });
      await workplace.store.move(other, "2001:db8::1", 5901);
      const { text, json } = await run(commands.list, {});
      assert.deepEqual(text.split("\n"), [
        `${INSTANCE}  novnc  compute1:5900       expires 2026-11-22T06:07:50Z (in 600 s)  id ${first.token.id}`,
        `${other}  novnc  [2001:db8::1]:5901  expires 2026-11-22T05:57:55Z (in 5 s)    id ${second.token.id}`,
      ]);
      assert.ok(Array.isArray(json) && json.length === 2);
      assert.doesNotMatch(text + JSON.stringify(json), new RegExp(first.token.reveal()));
    });

    it("prints nothing, and an empty array, where there is nothing", async () => {
      assert.deepEqual(await run(commands.list, {}), { text: "", json: [], exitStatus: 0 });
    });
  });

  it("purge says how many had expired", async () => {
    await workplace.authorize({ ttlSeconds: 1 });
    nowMs += 1000;
    const { text, json } = await run(commands.purge, {});
    assert.equal(text, "purged 1 expired token");
    assert.deepEqual(json, { purged: 1 });
  });

  it("move points an instance's tokens elsewhere", async () => {
    const { token } = await workplace.authorize();
    const { text, json } = await run(commands.move, {
      instance: INSTANCE,
      host: "compute2",
      port: 5901,
    });
    assert.equal(text, `moved 1 token of instance ${INSTANCE} to compute2:5901`);
    assert.deepEqual(json, { moved: 1 });
    assert.equal((await workplace.store.validate(token)).host, "compute2");
  });
});
