import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { findingsByCommand } from "./catalogue.ts";
import { renderFindings } from "./render-findings.ts";

const page = readFileSync(join(import.meta.dirname, "../../../docs/doctor.md"), "utf8");

describe("renderFindings()", () => {
  it("is what docs/doctor.md ends with", () => {
    const rendered = renderFindings(findingsByCommand);
    assert.ok(page.endsWith(rendered), "run `npm run docs` in apps/doctor");
  });
});
