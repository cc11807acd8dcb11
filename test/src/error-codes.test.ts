import assert from "node:assert/strict";
import { glob, readFile } from "node:fs/promises";
import path from "node:path";
import { describe, it } from "node:test";

const ROOT = path.resolve(import.meta.dirname, "../..");
const CODE = /["`]([A-Z]+(?:_[A-Z]+)*_ERR_[A-Z_]+)["`]/g;

describe("docs/errors.md", () => {
  it("has every error code of the sources, and no other", async () => {
    const inSources = new Set<string>();
    for await (const file of glob("{packages,apps}/*/src/**/*.ts", { cwd: ROOT })) {
      if (file.endsWith(".test.ts")) continue;
      for (const code of await codesIn(file)) inSources.add(code);
    }
    assert.ok(inSources.has("TOKEN_ERR_INVALID"));
    assert.deepEqual(await codesIn("docs/errors.md"), [...inSources].sort());
  });
});

async function codesIn(file: string): Promise<string[]> {
  const text = await readFile(path.join(ROOT, file), "utf8");
  return [...new Set([...text.matchAll(CODE)].map(([, code = ""]) => code))].sort();
}
