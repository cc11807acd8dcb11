import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { lastValue, parseQuery } from "./query.ts";
import cases from "./testing/query-cases.json" with { type: "json" };

describe("parseQuery()", () => {
  // What Python 3.11's urllib.parse.parse_qsl answers.
  for (const [query, pairs] of cases as [string, [string, string][]][]) {
    it(`reads ${JSON.stringify(query)} as Python does`, () => {
      assert.deepEqual(parseQuery(query), pairs);
    });
  }

  it("gives back any names and values that were escaped", () => {
    const text = fc.string({ minLength: 1, unit: "grapheme" });
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text)), (pairs) => {
        const query = pairs.map((pair) => pair.map(encodeURIComponent).join("=")).join("&");
        assert.deepEqual(parseQuery(query), pairs);
      }),
    );
  });

  it("reads any text without throwing", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (query) => {
        for (const [, value] of parseQuery(query)) assert.notEqual(value, "");
      }),
    );
  });
});

describe("lastValue()", () => {
  it("takes the last of several", () => {
    assert.equal(lastValue("a=1&b=2&a=3", "a"), "3");
  });

  it("is undefined without one", () => {
    assert.equal(lastValue("a=1", "b"), undefined);
  });
});
