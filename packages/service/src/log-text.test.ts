import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { formatJson, formatText, type LogEntry } from "./log-text.ts";

const entry: LogEntry = {
  timeMs: new Date(2026, 10, 22, 20, 0, 0, 123).getTime(),
  pid: 4711,
  level: "info",
  program: "nova-xvpvncproxy",
  message: "session closed",
  fields: {},
};
const head = "2026-11-22 20:00:00.123 4711 INFO nova-xvpvncproxy [-] session closed";

describe("formatText()", () => {
  it("writes a line as oslo.log does, in local time", () => {
    assert.equal(formatText(entry), `${head}\n`);
  });

  const masked = { toJSON: () => "***" };
  const values: [name: string, fields: object, text: string][] = [
    ["a word", { viewer: "192.0.2.1" }, "viewer=192.0.2.1"],
    ["a number", { bytes: 17 }, "bytes=17"],
    ["null", { backend: null }, "backend=-"],
    ["nothing for undefined", { why: undefined, n: 1 }, "n=1"],
    ["words in quotes", { why: "too many" }, 'why="too many"'],
    ["what looks like a field in quotes", { why: "reason=x" }, 'why="reason=x"'],
    ["quotes escaped", { why: 'a "b"' }, 'why="a \\"b\\""'],
    ["an empty text", { why: "" }, 'why=""'],
    ["an object as JSON", { at: { port: 1 } }, 'at="{\\"port\\":1}"'],
    ["what masks itself masked", { token: masked }, "token=***"],
    ["what masks itself masked, inside", { t: { token: masked } }, 't="{\\"token\\":\\"***\\"}"'],
    ["an error's message", { error: new Error("it broke") }, 'error="it broke"'],
    ["line ends escaped", { why: "a\r\nb" }, 'why="a\\r\\nb"'],
    ["a terminal's escape sequences escaped", { why: "\u001b[2J\u009b" }, 'why="\\u001b[2J\\x9b"'],
    ["reversed text escaped", { why: "\u202eabc" }, 'why="\\u202eabc"'],
  ];
  for (const [name, fields, text] of values) {
    it(`writes ${name}`, () => {
      assert.equal(formatText({ ...entry, fields }), `${head} ${text}\n`);
    });
  }

  it("escapes control characters in the message", () => {
    const message = "hello\n2026 ERROR forged\u0000\u001b";
    assert.equal(
      formatText({ ...entry, message }),
      head.replace("session closed", "hello\\n2026 ERROR forged\\x00\\x1b\n"),
    );
  });

  it("cuts a value that would fill the log", () => {
    const line = formatText({ ...entry, fields: { why: "x".repeat(100_000) } });
    assert.match(line, /x\.\.\. \(100000 characters\)"\n$/);
    assert.ok(line.length < 2_200);
  });

  it("writes an error's stack and its cause, each line with the head", () => {
    const error = new Error("it broke", { cause: new Error("the cause\nforged") });
    const lines = formatText({ ...entry, level: "error", fields: { error } }).split("\n");
    assert.equal(lines.pop(), "");
    assert.ok(lines.length > 3);
    for (const line of lines) {
      assert.match(line, /^2026-11-22 20:00:00\.123 4711 ERROR nova-xvpvncproxy \[-\] /);
    }
    assert.ok(lines.some((line) => line.includes("cause")));
  });

  it("writes one line of printable characters whatever a peer said", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (message, why) => {
        const line = formatText({ ...entry, message, fields: { why } });
        assert.match(line, /^[^\p{Cc}\u2028\u2029]*\n$/u);
      }),
    );
  });
});

describe("formatJson()", () => {
  it("writes one object with an ISO time and the fields", () => {
    assert.deepEqual(JSON.parse(formatJson({ ...entry, fields: { viewer: "192.0.2.1" } })), {
      timestamp: new Date(entry.timeMs).toISOString(),
      level: "info",
      program: "nova-xvpvncproxy",
      pid: 4711,
      message: "session closed",
      viewer: "192.0.2.1",
    });
  });

  it("does not let a field pass for the message", () => {
    const line = formatJson({ ...entry, fields: { message: "forged", level: "error" } });
    assert.match(line, /"level":"info"[^]*"message":"session closed"/);
    assert.doesNotMatch(line, /forged/);
  });

  it("writes an error's stack", () => {
    assert.match(formatJson({ ...entry, fields: { error: new Error("it broke") } }), /it broke\\n/);
  });

  it("writes what JSON cannot", () => {
    const round: Record<string, unknown> = {};
    round["self"] = round;
    assert.match(formatJson({ ...entry, fields: { round } }), /Circular/);
  });
});
