import assert from "node:assert/strict";
import { describe, it } from "node:test";

import fc from "fast-check";

import { dict, list } from "./container-types.ts";
import { InvalidValueError } from "./errors.ts";
import { hostAddress, hostDomain, hostname, ipAddress, listenAddress, uri } from "./host-types.ts";
import { byteSize, float, integer, port, range, seconds } from "./number-types.ts";
import { boolean, choice, string } from "./text-types.ts";
import type { ConfigValue, ValueType } from "./value-type.ts";

/** What oslo.config 9.0.0 makes of a text where it has the type. */
interface Table {
  readonly type: ValueType<ConfigValue>;
  readonly accepts: readonly (readonly [text: string, value: ConfigValue])[];
  readonly refuses: readonly string[];
}

const sizes = byteSize({ min: 16_384, max: 1024 ** 3 });

const tables: Readonly<Record<string, Table>> = {
  string: {
    type: string(),
    accepts: [
      ["", ""],
      [" a ", " a "],
    ],
    refuses: [],
  },
  "string with quotes": {
    type: string({ quotes: true }),
    accepts: [["'a b'", "a b"]],
    refuses: ["'", "'a", "\"a'"],
  },
  choice: {
    type: choice(["none", "vencrypt"]),
    accepts: [["none", "none"]],
    refuses: ["", "None"],
  },
  boolean: {
    type: boolean(),
    accepts: [
      ["On", true],
      ["0", false],
    ],
    refuses: ["", "t", "2"],
  },
  integer: {
    type: integer({ min: -5, max: 1000 }),
    accepts: [
      ["", null],
      ["007", 7],
      ["+5", 5],
      ["1_000", 1000],
      ["\u0666", 6],
      ["\u{1d7d9}", 1],
    ],
    refuses: ["-6", "1001", "- 5", "0x5", "1__0", "5.0", "_1"],
  },
  float: {
    type: float(),
    accepts: [
      ["1e-1", 0.1],
      [".5", 0.5],
      ["5.", 5],
      ["-inf", -Infinity],
      ["NaN", NaN],
    ],
    refuses: ["1e", ".", "0x1"],
  },
  port: {
    type: port(),
    accepts: [
      ["0", 0],
      ["65535", 65_535],
      ["", null],
    ],
    refuses: ["65536", "-1", "60x80"],
  },
  seconds: {
    type: seconds({ min: 0 }),
    accepts: [
      ["0.5", 0.5],
      ["0", 0],
    ],
    refuses: ["nan", "inf", "-1", "5s"],
  },
  byteSize: {
    type: sizes,
    accepts: [
      ["1048576", 1_048_576],
      ["1MiB", 1_048_576],
      ["64 KiB", 65_536],
      ["1 gib", 1024 ** 3],
      ["", null],
    ],
    refuses: ["1", "1M", "2 GiB", "1.5 MiB", "-1 MiB", "MiB"],
  },
  range: {
    type: range(),
    accepts: [
      ["3-7", { start: 3, stop: 8 }],
      ["7-3", { start: 7, stop: 2 }],
    ],
    refuses: ["", "a", "03-7"],
  },
  list: {
    type: list(string()),
    accepts: [
      ["a, b ,,c,,", ["a", "b", "", "c"]],
      ["", []],
    ],
    refuses: [],
  },
  "list of choices": {
    type: list(choice(["a", "b,c"])),
    accepts: [["a,b,c", ["a", "b,c"]]],
    refuses: ["a,d", "b"],
  },
  dict: {
    type: dict(),
    accepts: [["a:1, b : 3:4", { a: "1", b: "3:4" }]],
    refuses: ["a", ":1", "a:1,a:2"],
  },
  ipAddress: {
    type: ipAddress(),
    accepts: [["::1", "::1"]],
    refuses: ["", "1.2.3", "[::1]", "fe80::1%eth0", "01.2.3.4"],
  },
  hostname: {
    type: hostname(),
    accepts: [
      ["a.b.", "a.b"],
      ["a-1", "a-1"],
    ],
    refuses: ["", "9", "1.2.3.4", "a_b", "-a", "a..b"],
  },
  hostAddress: {
    type: hostAddress(),
    accepts: [
      ["1.2.3.4", "1.2.3.4"],
      ["h", "h"],
    ],
    refuses: ["127.1", "a b", "h:80"],
  },
  hostDomain: { type: hostDomain(), accepts: [["a_b", "a_b"]], refuses: ["a b", "1.2.3.256"] },
  uri: {
    type: uri(),
    accepts: ["http://h", "https://[::1]:6080/x y", "x://u:p@h:99999/ü"].map(
      (text) => [text, text] as const,
    ),
    refuses: ["", "h:80", "http://", "http://a b/", "http://[::1", "http://h:123456/", "//h/"],
  },
  listenAddress: {
    type: listenAddress(),
    accepts: ["127.0.0.1:6090", "[::1]:1", "h:0", "unix:/run/x"].map(
      (text) => [text, text] as const,
    ),
    refuses: ["", ":80", "h", "h:65536", "::1:80", "unix:", "unix:x", "http://h:80"],
  },
};

describe("ValueType", () => {
  for (const [name, { type, accepts, refuses }] of Object.entries(tables)) {
    for (const [text, value] of accepts) {
      it(`reads ${JSON.stringify(text)} as ${name}`, () => {
        assert.deepEqual(type.parse(text), value);
      });
    }
    for (const text of refuses) {
      it(`refuses ${JSON.stringify(text)} as ${name} and says what is allowed`, () => {
        assert.throws(() => type.parse(text), {
          code: "CONFIG_ERR_INVALID_VALUE",
          message: /^must be /,
        });
      });
    }
    it(`answers any text with a value or an InvalidValueError as ${name}`, () => {
      const sign = fc.constantFrom(...Array.from("019+-_. :/[],'\"aeé@%"));
      fc.assert(
        fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: sign })), (text) => {
          try {
            type.parse(text);
          } catch (error) {
            assert.ok(error instanceof InvalidValueError);
          }
        }),
        { numRuns: 200 },
      );
    });
  }

  it("refuses a list of more parts than can be tried in time", () => {
    assert.throws(() => list(choice(["a"])).parse("b,".repeat(100_000) + "b"), {
      code: "CONFIG_ERR_INVALID_VALUE",
    });
  });
});
