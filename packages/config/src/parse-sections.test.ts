import assert from "node:assert/strict";
import { describe, it } from "node:test";

import fc from "fast-check";

import { ConfigParseError } from "./errors.ts";
import { parseSections } from "./parse-sections.ts";

describe("parseSections()", () => {
  it("says for each value where it stands", () => {
    assert.deepEqual(parseSections("# c\n[a]\nx = 1\n  2\n\ny: 'z'\n[b]\nx=", "f"), [
      { group: "a", name: "x", text: "1\n2", line: 3 },
      { group: "a", name: "y", text: "z", line: 6 },
      { group: "b", name: "x", text: "", line: 8 },
    ]);
  });

  const mistakes = [
    {
      text: "[a]\nx\n",
      says: 'f:2: the line has no "=" or ":": must be "name = value", "[group]" or a comment',
    },
    { text: "\ufeff[a]\n", says: /^f:1: the file starts with a byte order mark \(BOM\)/ },
    { text: "[a]\n= x\n", says: 'f:2: no name before the "=": must be "name = value"' },
    { text: "x = 1\n", says: /^f:1: no group yet/ },
    {
      text: "[a] # c\n",
      says: 'f:1: found "[a] # c", must be "[group]" with nothing after the "]"',
    },
    { text: "[]\n", says: 'f:1: the group has no name: must be "[group]"' },
    { text: "[a]\nx = 1\n\n  2\n", says: /^f:4: continuation of nothing/ },
  ];
  for (const { text, says } of mistakes) {
    it(`refuses ${JSON.stringify(text)} with line and reason`, () => {
      assert.throws(() => parseSections(text, "f"), { code: "CONFIG_ERR_PARSE", message: says });
    });
  }

  it("names every wrong line, the first one first, and once for a wrong header", () => {
    assert.throws(
      () => parseSections("[a]\nbad\n[b\nx = 1\nworse\n", "f"),
      (error) => {
        assert.ok(error instanceof ConfigParseError);
        assert.deepEqual(
          error.message.split("\n").map((line) => line.slice(0, 4)),
          ["f:2:", "f:3:", "f:5:"],
        );
        return true;
      },
    );
  });

  it("does not repeat a wrong line, which may be a password", () => {
    assert.throws(
      () => parseSections("[a]\nhunter2\n", "f"),
      (error) => {
        assert.ok(error instanceof ConfigParseError);
        assert.doesNotMatch(error.message, /hunter2/);
        return true;
      },
    );
  });

  it("reads back what was written, at any split into lines and with any line end", () => {
    const name = fc.stringMatching(/^[a-z_]{1,8}$/);
    const lines = fc.array(fc.stringMatching(/^[a-z0-9=:#;[\]]{1,8}$/), {
      minLength: 1,
      maxLength: 4,
    });
    const entry = fc.record({ group: name, name, lines });
    fc.assert(
      fc.property(fc.array(entry), fc.constantFrom("\n", "\r\n", "\r"), (entries, lineEnd) => {
        const text = entries
          .map((e) => `[${e.group}]${lineEnd}${e.name} = ${e.lines.join(`${lineEnd}  `)}`)
          .join(lineEnd);
        assert.deepEqual(
          parseSections(text, "f").map((found) => [found.group, found.name, found.text]),
          entries.map((e) => [e.group, e.name, e.lines.join("\n")]),
        );
      }),
    );
  });

  it("answers any text with assignments or a ConfigParseError", () => {
    const text = fc.array(
      fc.oneof(
        fc.string({ unit: "binary" }),
        fc.constantFrom("[", "]", "=", ":", "\n", " ", "\r", "x = y\n"),
      ),
    );
    fc.assert(
      fc.property(text, (parts) => {
        try {
          parseSections(parts.join(""), "f");
        } catch (error) {
          assert.ok(error instanceof ConfigParseError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
