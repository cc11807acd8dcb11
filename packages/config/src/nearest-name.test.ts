import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { nearestName } from "./nearest-name.ts";

describe("nearestName()", () => {
  const names = ["novncproxy_port", "novncproxy_host", "enabled", "key", "web"];
  const cases = [
    { written: "novncproxy_prot", nearest: "novncproxy_port" },
    { written: "novncproxy-port", nearest: "novncproxy_port" },
    { written: "NovncProxy_Host", nearest: "novncproxy_host" },
    { written: "enable", nearest: "enabled" },
    { written: "wbe", nearest: "web" },
    { written: "keymap", nearest: null },
    { written: "", nearest: null },
    { written: "x".repeat(100_000), nearest: null },
  ];
  for (const { written, nearest } of cases) {
    it(`finds ${String(nearest)} for ${written.slice(0, 20)}`, () => {
      assert.equal(nearestName(written, names), nearest);
    });
  }
});
