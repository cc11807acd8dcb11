import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";

import { loadConfig, type LoadedConfig } from "./load-config.ts";
import { printConfig } from "./print-config.ts";

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "nova-config-"));
});

afterEach(() => {
  rmSync(root, { recursive: true });
});

function load(text: string): LoadedConfig {
  const path = join(root, "nova.conf");
  writeFileSync(path, text);
  return loadConfig({
    program: "nova-novncproxy",
    homeDirectory: root,
    hostName: "node1",
    primaryAddress: "192.0.2.1",
    cores: 4,
    commandLine: [{ group: "DEFAULT", name: "config_file", text: path, spelling: "--config-file" }],
  });
}

describe("printConfig()", () => {
  const text = `[DEFAULT]
web = /a$$b
record = "'q'"
[console]
allowed_origins = a,b
[database]
connection = mysql://u:hunter2@h/d
`;

  it("prints values and sources as JSON, secrets masked", () => {
    const printed: unknown = JSON.parse(printConfig(load(text), "json"));
    assert.ok(
      typeof printed === "object" &&
        printed !== null &&
        "values" in printed &&
        "sources" in printed,
    );
    assert.deepEqual(Object.keys(printed), ["values", "sources"]);
    const { values, sources } = printed as {
      values: Record<string, Record<string, unknown>>;
      sources: Record<string, unknown>;
    };
    assert.deepEqual(values["database"], { connection: "mysql://u:***@h/d", max_pool_size: 5 });
    assert.equal(values["vnc"]?.["novncproxy_port"], 6080);
    assert.equal(sources["DEFAULT.web"], `${join(root, "nova.conf")}:2`);
  });

  it("prints a config file that gives the same values again", () => {
    const first = load(text);
    const printed = printConfig(first, "ini");
    assert.match(printed, /# .*nova\.conf:7\nconnection = mysql:\/\/u:\*\*\*@h\/d\n/);
    assert.match(printed, /# default\nnovncproxy_port = 6080\n/);
    const second = load(printed.replace("***", "hunter2").replace(/^config_file.*$/m, ""));
    assert.deepEqual(second.values, first.values);
  });
});
