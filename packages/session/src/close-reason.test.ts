import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { closeReasons } from "./close-reason.ts";

/** Row by row, the cells of the tables in docs/errors.md. */
const rows = readFileSync(join(import.meta.dirname, "../../../docs/errors.md"), "utf8")
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .map((line) => line.split("|").map((cell) => cell.trim()));

describe("closeReasons", () => {
  it("is what docs/errors.md tells operators, reason by reason", () => {
    const told = rows.flatMap(([, name = "", words = "", webSocketCode, httpStatus]) =>
      /^`[a-z-]+`$/.test(name)
        ? [{ name: name.slice(1, -1), words, codes: [webSocketCode, httpStatus] }]
        : [],
    );
    const known = Object.entries(closeReasons).map(([name, reason]) => ({
      name,
      words: reason.words,
      codes: [String(reason.webSocketCode), String(reason.httpStatus)],
    }));
    assert.deepEqual(told, known, "write what is new into docs/errors.md, in the code's order");
  });

  it("comes with advice for each reason", () => {
    for (const [, name = "", , , , advice = ""] of rows) {
      if (/^`[a-z-]+`$/.test(name)) assert.match(advice, /\S/, name);
    }
  });

  it("has words that fit a close frame, and end as a sentence does not", () => {
    // RFC 6455 §5.5: 125 bytes, 2 of them for the code.
    for (const { words } of Object.values(closeReasons)) {
      assert.ok(Buffer.byteLength(words) <= 123, words);
      assert.doesNotMatch(words, /\.$/);
    }
  });
});
