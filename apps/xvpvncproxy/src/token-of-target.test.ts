import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { tokenOfTarget } from "./token-of-target.ts";

describe("tokenOfTarget()", () => {
  const cases: [target: string, token: string | null][] = [
    ["/console?token=good", "good"],
    ["?token=good", "good"],
    ["/?a=1&token=good&b=2", "good"],
    ["/?token=bad&token=good", "good"],
    ["/?token=good&token=", "good"],
    ["/?token=good&token", "good"],
    ["/?%74oken=good", "good"],
    ["/?token=a%2Db+c", "a-b c"],
    ["/?token=100%", "100%"],
    ["/?token=a=b", "a=b"],
    ["/?token=good#token=bad", "good"],
    ["http://host:6081/console?token=good", "good"],
    ["/console", null],
    ["/console?", null],
    ["/console?token=", null],
    ["/console?Token=good", null],
    ["/console??token=good", null],
    ["/console?a;token=good", null],
    ["/token=good", null],
  ];
  for (const [target, token] of cases) {
    it(`finds ${token ?? "no token"} in ${target}`, () => {
      assert.equal(tokenOfTarget(target)?.reveal() ?? null, token);
    });
  }

  it("finds any token that was escaped", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: "grapheme" }), (text) => {
        const target = `/console?token=${encodeURIComponent(text)}`;
        assert.equal(tokenOfTarget(target)?.reveal(), text);
      }),
    );
  });

  it("takes any target without failing", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (target) => {
        tokenOfTarget(target);
      }),
    );
  });
});
