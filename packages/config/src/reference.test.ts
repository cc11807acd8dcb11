import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";

import { optionGroups } from "./option-groups.ts";
import { renderReference } from "./reference.ts";

describe("renderReference()", () => {
  it("is what docs/configuration.md holds", () => {
    const page = readFileSync(join(import.meta.dirname, "../../../docs/configuration.md"), "utf8");
    assert.equal(page, renderReference(optionGroups), "run `npm run docs` in packages/config");
  });

  it("names every option", () => {
    const page = renderReference(optionGroups);
    for (const [group, options] of Object.entries(optionGroups)) {
      assert.ok(page.includes(`## [${group}]`), group);
      for (const name of Object.keys(options))
        assert.match(page, new RegExp(`^### (\\w+\\.)?${name}$`, "m"));
    }
  });
});
