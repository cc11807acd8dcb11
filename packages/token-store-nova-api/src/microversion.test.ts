import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { versionRootOf } from "./microversion.ts";

describe("versionRootOf()", () => {
  for (const [url, root] of [
    ["http://nova:8774", "http://nova:8774/v2.1"],
    ["http://nova:8774/", "http://nova:8774/v2.1"],
    ["http://nova:8774/v2.1", "http://nova:8774/v2.1"],
    ["http://nova:8774/v2.1/", "http://nova:8774/v2.1"],
    ["http://nova:8774/v2/0123456789abcdef", "http://nova:8774/v2.1"],
    ["http://nova:8774/v2.1/0123456789abcdef", "http://nova:8774/v2.1"],
    ["https://cloud/compute/v2.1", "https://cloud/compute/v2.1"],
    ["https://u:p@cloud/compute/?q", "https://cloud/compute/v2.1"],
  ] as const) {
    it(`is ${root} for ${url}`, () => {
      assert.equal(versionRootOf(new URL(url)), root);
    });
  }
});
