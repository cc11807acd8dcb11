import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { type Config, loadConfig } from "@nova-console/config";
import { openTokenAuthority } from "./open-token-store.ts";

const directory = mkdtempSync(join(tmpdir(), "nova-console-stores-"));
after(() => {
  rmSync(directory, { recursive: true });
});

function configOf(group: string, name: string, text: string): Config {
  // Not what the machine's own nova.conf says.
  const empty = join(directory, "nova.conf");
  writeFileSync(empty, "");
  const commandLine = [
    { group: "DEFAULT", name: "config_file", text: empty, spelling: "--config-file" },
    { group, name, text, spelling: `--${group}-${name}` },
  ];
  return loadConfig({
    program: "nova-consoleauth",
    homeDirectory: directory,
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
