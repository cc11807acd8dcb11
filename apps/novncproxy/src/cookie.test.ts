import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { cookieValue } from "./cookie.ts";
import cases from "./testing/cookie-cases.json" with { type: "json" };

describe("cookieValue()", () => {
  // What nova's loop over Python 3.11's http.cookies answers.
  for (const [header, value] of cases as [string, string | null][]) {
    it(`reads ${JSON.stringify(header)} as nova does`, () => {
      assert.equal(cookieValue(header, "token") ?? null, value);
    });
  }

  it("reads any text without throwing", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        cookieValue(`token=${text}`, "token");
      }),
    );
  });

  it("takes no time for a value made to be slow", () => {
    const started = performance.now();
    cookieValue(`token="${"\\a".repeat(30_000)}`, "token");
    assert.ok(performance.now() - started < 2000);
  });
});
