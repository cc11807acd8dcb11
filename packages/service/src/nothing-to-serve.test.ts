import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loadConfig } from "@nova-console/config";
import { nothingToServe } from "./nothing-to-serve.ts";

describe("nothingToServe()", () => {
  for (const [given, isServed] of [
    [{}, true],
    [{ "vnc.enabled": "false" }, true],
    [{ "DEFAULT.vnc_enabled": "false" }, false],
    [{ "DEFAULT.vnc_enabled": "true" }, true],
    [{ "DEFAULT.vnc_enabled": "false", "vnc.enabled": "true" }, true],
    [{ "DEFAULT.vnc_enabled": "false", "vnc.enabled": "false" }, true],
  ] as const) {
    it(`${isServed ? "serves" : "has nothing to do"} with ${JSON.stringify(given)}`, () => {
      const loaded = loadConfig({
        program: "nova-novncproxy",
        homeDirectory: "/nonexistent",
        rootDirectory: "/nonexistent",
        ...{ hostName: "host1", primaryAddress: "192.0.2.1", cores: 1 },
        commandLine: Object.entries(given).map(([key, text]) => {
          const [group = "", name = ""] = key.split(".");
          return { group, name, text, spelling: `--${key}` };
        }),
      });
      assert.equal(
        nothingToServe(loaded),
        isServed ? null : "[DEFAULT] vnc_enabled is false: nothing to do",
      );
      const warned = loaded.warnings.some((each) =>
        /enabled is false: the proxies serve/.test(each),
      );
      assert.equal(warned, isServed && !loaded.values.vnc.enabled);
    });
  }
});
