import assert from "node:assert/strict";
import { describe, it } from "node:test";

import fc from "fast-check";

import { interpolate, interpolatedText } from "./interpolate.ts";

describe("interpolate()", () => {
  const cases = [
    { text: "$a", result: "<a>" },
    { text: "x${a}y", result: "x<a>y" },
    { text: "$vnc.port/x", result: "<vnc.port>/x" },
    { text: "${vnc.port}", result: "<vnc.port>" },
    { text: "$a.", result: "<a.>" },
    { text: "$$a \\$a $$$a", result: "$a $a $<a>" },
    { text: "$", result: "$" },
    { text: "$1 ${ ${a ${} $-", result: "$1 ${ ${a ${} $-" },
    { text: "$A_1", result: "<A_1>" },
  ];
  for (const { text, result } of cases) {
    it(`makes ${result} of ${text}`, () => {
      assert.equal(
        interpolate(text, (name) => `<${name}>`),
        result,
      );
    });
  }

  it("undoes the escaping of any text", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        // A backslash in front of a dollar sign would escape it a second time.
        fc.pre(!/\\\$/.test(text));
        assert.equal(
          interpolate(text.replaceAll("$", "$$$$"), () => "?"),
          text,
        );
      }),
    );
  });
});

describe("interpolatedText()", () => {
  const values = [
    { value: null, text: "" },
    { value: "a", text: "a" },
    { value: true, text: "True" },
    { value: 600, text: "600" },
    { value: [], text: "[]" },
    { value: ["a", "it's", 'say "it\'s"\n\\'], text: `['a', "it's", 'say "it\\'s"\\n\\\\']` },
    { value: { a: null }, text: "{'a': None}" },
  ];
  for (const { value, text } of values) {
    it(`writes ${JSON.stringify(value)} as Python does`, () => {
      assert.equal(interpolatedText(value), text);
    });
  }
});
