import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { withoutDeadLinks } from "./document-links.ts";

const installed = new Set(["README.md", "docs/install.md", "docs/images/console.png", "examples"]);

function mended(text: string, where = "docs/openstack.md"): string {
  return withoutDeadLinks(text, where, (file) => installed.has(file));
}

describe("withoutDeadLinks()", () => {
  for (const kept of [
    "[install](install.md#upgrade)",
    "[home](../README.md)",
    "[examples](../examples)",
    "![a console](images/console.png)",
    "[above](#upgrade)",
    "[RFC](https://packages.invalid/rfc6143)",
  ]) {
    it(`keeps ${kept}`, () => {
      assert.equal(mended(kept), kept);
    });
  }

  it("leaves the words of a link to what is not installed", () => {
    assert.equal(
      mended("see [the design](../ARCHITECTURE.md#layers), and [bench](../bench/README.md)."),
      "see the design, and bench.",
    );
    assert.equal(mended("[why](CONTRIBUTING.md)", "README.md"), "why");
  });
});
