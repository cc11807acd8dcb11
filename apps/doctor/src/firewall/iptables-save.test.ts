import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { DoctorInputError } from "../errors.ts";
import { evaluate, type Passage } from "./evaluate.ts";
import { judgeIptables, parseIptablesSave, splitWords } from "./iptables-save.ts";

function passageOf(rules: readonly string[], port = 6080): Passage {
  const save = parseIptablesSave(["*filter", ...rules, "COMMIT"].join("\n"), "rules");
  return evaluate((state) => judgeIptables(save, { family: "ipv4", port, state }));
}

/** Rules that iptables-restore takes, as far as words go. */
const port = fc.integer({ min: 1, max: 65_535 });
const network = fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })).map(([a, n]) => `${a}/${n}`);
const match = fc.oneof(
  port.map((n) => `-p tcp -m tcp --dport ${n}`),
  fc.tuple(port, port).map(([a, b]) => `-p tcp --dport ${Math.min(a, b)}:${Math.max(a, b)}`),
  fc
    .array(port, { minLength: 1, maxLength: 15 })
    .map((all) => `-p tcp -m multiport --dports ${all.join(",")}`),
  network.map((each) => `-s ${each}`),
  network.map((each) => `! -s ${each}`),
  fc.constantFrom(
    "-i lo",
    "! -i lo",
    "-p udp",
    "-m state --state NEW",
    "-m conntrack --ctstate INVALID",
    "-m limit --limit 5/sec",
    '-m comment --comment "a \\"b\\" c"',
  ),
);
const target = fc.constantFrom(
  "ACCEPT",
  "DROP",
  "REJECT --reject-with tcp-reset",
  "RETURN",
  "LOG --log-prefix x",
  "USER",
  "NOWHERE",
  "NFQUEUE --queue-num 1",
);
const rule = fc
  .tuple(fc.constantFrom("INPUT", "USER"), fc.array(match, { maxLength: 3 }), target)
  .map(([chain, matches, then]) => `-A ${chain} ${matches.join(" ")} -j ${then}`);

describe("parseIptablesSave() and evaluate()", () => {
  it("has an answer for every ruleset, chains that jump in circles included", () => {
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 25 }), (rules) => {
        const { kind } = passageOf([":INPUT DROP [0:0]", ":USER - [0:0]", ...rules]);
        assert.ok(["open", "blocked", "restricted", "unknown"].includes(kind));
      }),
    );
  });

  it("is not changed by rules below one that decides for all", () => {
    fc.assert(
      fc.property(fc.array(rule), fc.array(rule), (above, below) => {
        const rules = [":USER - [0:0]", ...above, "-A INPUT -j DROP"];
        const more = below.map((each) => each.replace("-A USER", "-A OTHER"));
        const [first, second] = [passageOf(rules), passageOf([...rules, ...more])];
        assert.equal(second.kind, first.kind);
      }),
    );
  });

  it("opens exactly the ports that a rule names", () => {
    fc.assert(
      fc.property(port, port, port, (one, other, asked) => {
        const [first, last] = [Math.min(one, other), Math.max(one, other)];
        const { kind } = passageOf(
          [`-A INPUT -p tcp --dport ${first}:${last} -j ACCEPT`, "-A INPUT -j DROP"],
          asked,
        );
        assert.equal(kind, first <= asked && asked <= last ? "open" : "blocked");
      }),
    );
  });

  it("reads anything, or says which line is wrong", () => {
    const line = fc.oneof(
      fc.string(),
      rule,
      fc.constantFrom("*filter", "COMMIT", ":INPUT DROP", "-I INPUT 2 -j ACCEPT"),
    );
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        try {
          parseIptablesSave(lines.join("\n"), "file");
        } catch (error) {
          assert.ok(error instanceof DoctorInputError);
          assert.match(error.message, /^file:\d+: found .*, must be /s);
        }
      }),
    );
  });

  it("puts an inserted rule in its place", () => {
    const rules = [
      "-A INPUT -i lo -j ACCEPT",
      "-A INPUT -j DROP",
      "-I INPUT 2 -p tcp --dport 6080 -j ACCEPT",
    ];
    assert.equal(passageOf(rules).kind, "open");
  });

  it("names the rule that decides, with its line", () => {
    const passage = passageOf(["-A INPUT -i lo -j ACCEPT", "-A INPUT -j REJECT"]);
    assert.equal(passage.kind === "blocked" ? passage.by.rule?.line : 0, 3);
  });

  it("refuses a file that is cut short, which the kernel would not load either", () => {
    assert.throws(() => parseIptablesSave("*filter\n-A INPUT -p tcp --dport 60", "file"), {
      code: "DOCTOR_ERR_INPUT",
      message:
        "file:1: found *filter and the end of the text, must be ended by COMMIT (is it cut short?)",
    });
  });

  it("follows a hundred thousand rules, each for some sources only", { timeout: 20_000 }, () => {
    const sources = Array.from(
      { length: 50_000 },
      (_unused, index) => `10.0.${index >> 8}.${index & 255}`,
    );
    const passage = passageOf([
      ...sources.map((source) => `-A INPUT -s ${source} -p tcp -j RETURN`),
      ...sources.map((source) => `-A INPUT -s ${source} -p tcp -j ACCEPT`),
      "-A INPUT -j REJECT",
    ]);
    assert.equal(passage.kind, "open");
    assert.ok(JSON.stringify(passage).length < 5_000);
  });

  it("names ten sources, and counts the rest", () => {
    const rules = Array.from({ length: 30 }, (_unused, n) => `-A INPUT -s 10.0.0.${n} -j ACCEPT`);
    const passage = passageOf([...rules, "-A INPUT -j REJECT"]);
    assert.equal(passage.kind, "restricted");
    assert.equal(passage.from.length, 11);
    assert.equal(passage.from.at(-1), "20 more");
  });

  it("asks raw and mangle before filter", () => {
    const text =
      "*raw\n:PREROUTING ACCEPT\n-A PREROUTING -p tcp --dport 6080 -j DROP\nCOMMIT\n*filter\n:INPUT ACCEPT\nCOMMIT\n";
    const save = parseIptablesSave(text, "rules");
    const to = { family: "ipv4", port: 6080 } as const;
    assert.equal(evaluate((state) => judgeIptables(save, { ...to, state })).kind, "blocked");
  });
});

describe("splitWords()", () => {
  it("gives back the words that were quoted", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 20 })), (words) => {
        const quoted = words.map((word) => `"${word.replace(/["\\]/g, "\\$&")}"`);
        assert.deepEqual(splitWords(quoted.join(" ")), words);
      }),
    );
  });
});
