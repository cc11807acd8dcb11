import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Config, loadConfig } from "@nova-console/config";
import { openPortCheck } from "./open-port-check.ts";

const CELL = "mysql+pymysql://nova:secret@127.0.0.1:1/nova";
const QUEUE = "rabbit://nova:secret@127.0.0.1:1/";

const CLOUD = { "database.connection": CELL, "DEFAULT.transport_url": QUEUE };

function configOf(options: Readonly<Record<string, string>>): Config {
  return loadConfig({
    program: "nova-novncproxy",
    homeDirectory: "/nonexistent",
    hostName: "host1",
    primaryAddress: "192.0.2.1",
    cores: 4,
    commandLine: Object.entries(options).map(([option, text]) => {
      const [group = "", name = ""] = option.split(".");
      return { group, name, text, spelling: `--${group}-${name}` };
    }),
  }).values;
}

describe("openPortCheck()", () => {
  it("checks nothing by itself without nova's database or its message queue, and warns of the latter", async () => {
    for (const [options, warned] of [
      [{}, 0],
      [{ "DEFAULT.transport_url": QUEUE }, 0],
      [{ "DEFAULT.transport_url": QUEUE, "database.connection": "sqlite:////tmp/x" }, 0],
      // It asks nova-compute itself.
      [{ ...CLOUD, "console_proxy.token_store": "consoleauth" }, 0],
      [{ "database.connection": CELL }, 1],
      [{ "database.connection": CELL, "DEFAULT.transport_url": "" }, 1],
      [
        {
          "database.connection": CELL,
          "DEFAULT.transport_url": QUEUE,
          "console_proxy.check_port": "off",
        },
        0,
      ],
    ] as const) {
      const warnings: string[] = [];
      const log = { info: () => undefined, warn: (message: string) => void warnings.push(message) };
      assert.equal(await openPortCheck(configOf(options), { now: Date.now, log }), null);
      assert.equal(warnings.length, warned, JSON.stringify(options));
    }
  });

  it("refuses rpc where there is nobody to ask, and tells which setting is missing", async () => {
    const log = { info: () => undefined, warn: () => assert.fail("a warning") };
    const rpc = { "console_proxy.check_port": "rpc" };
    for (const [options, words] of [
      [rpc, /needs tokens in nova's database \(\[database\] connection\)/],
      [{ ...rpc, "DEFAULT.transport_url": QUEUE }, /needs tokens in nova's database/],
      [{ ...rpc, "database.connection": CELL }, /needs \[DEFAULT\] transport_url/],
    ] as const) {
      await assert.rejects(openPortCheck(configOf(options), { now: Date.now, log }), {
        code: "SERVICE_ERR_SETTING",
        message: words,
      });
    }
  });

  it("makes a setting error of a level and of a transport_url that cannot be used", async () => {
    const log = { info: () => undefined, warn: () => assert.fail("a warning") };
    for (const wrong of [
      { "upgrade_levels.compute": "pike" },
      { "DEFAULT.transport_url": "zmq://nova:secret@h/" },
      { "database.connection": "mysql://nova:secret@h" },
    ]) {
      await assert.rejects(
        openPortCheck(configOf({ ...CLOUD, ...wrong }), { now: Date.now, log }),
        (error: Error) => {
          assert.equal(error.name, "SettingError", error.message);
          assert.doesNotMatch(error.message, /secret/);
          return true;
        },
      );
    }
  });

  it("takes an unknown release for a later one, with one warning", async () => {
    const warnings: string[] = [];
    const log = { info: () => undefined, warn: (line: string) => warnings.push(line) };
    const given = { ...CLOUD, "upgrade_levels.compute": "zinnia", "api_database.connection": CELL };
    const check = await openPortCheck(configOf(given), { now: Date.now, log });
    assert.ok(check);
    await check.close();
    assert.deepEqual(warnings, [
      '[upgrade_levels] compute is "zinnia", a release that is not known here: nova-compute is asked as those of Wallaby and later are',
    ]);
  });
});
