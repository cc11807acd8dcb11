import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { type Config, loadConfig } from "@nova-console/config";
import { openTokenAuthority, openTokenStore } from "./open-token-store.ts";

const directory = mkdtempSync(join(tmpdir(), "nova-console-stores-"));
after(() => {
  rmSync(directory, { recursive: true });
});

function configOf(group: string, name: string, text: string): Config {
  const commandLine = [{ group, name, text, spelling: `--${group}-${name}` }];
  return loadConfig({
    program: "nova-consoleauth",
    homeDirectory: directory,
    rootDirectory: directory,
    hostName: "host1",
    primaryAddress: "192.0.2.1",
    cores: 4,
    commandLine,
  }).values;
}

describe("openTokenAuthority()", () => {
  it("keeps tokens in SQLite below state_path where nothing else is said", async () => {
    const store = await openTokenAuthority(configOf("DEFAULT", "state_path", directory), {
      now: Date.now,
    });
    assert.equal(store.place, join(directory, "consoles.sqlite"));
    await store.close();
  });

  it("makes a setting error of a database that it does not know", async () => {
    const config = configOf("database", "connection", "oracle://u:secret@h/d");
    await assert.rejects(openTokenAuthority(config, { now: Date.now }), (error: Error) => {
      assert.match(error.message, /\[database\] connection is of kind oracle:/);
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
  });
});

describe("openTokenStore()", () => {
  it("asks a nova-consoleauth where it is told to, and wants brokers for it", async () => {
    const config = configOf("console_proxy", "token_store", "consoleauth");
    await assert.rejects(openTokenStore(config, { now: Date.now }), {
      code: "SERVICE_ERR_SETTING",
      message: /transport_url is not set, which \[console_proxy\] token_store = consoleauth needs/,
    });
  });
});
