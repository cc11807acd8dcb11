import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { DoctorInputError } from "../errors.ts";
import { evaluate } from "./evaluate.ts";
import { judgeNft, parseNft } from "./nft.ts";

const hook = { family: "inet", table: "f", name: "input", hook: "input", prio: 0, policy: "drop" };

function kindOf(text: string): string {
  const rules = parseNft(text, "nft");
  return evaluate((state) => judgeNft(rules, { family: "ipv4", port: 6080, state }, new Set()))
    .kind;
}

describe("parseNft() and evaluate()", () => {
  it("has an answer whatever the statements are", () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.jsonValue())), (rules) => {
        const objects = rules.map((expr) => ({
          rule: { family: "inet", table: "f", chain: "input", handle: 1, expr },
        }));
        const kind = kindOf(JSON.stringify({ nftables: [{ chain: hook }, ...objects] }));
        assert.ok(["open", "blocked", "restricted", "unknown"].includes(kind));
      }),
    );
  });

  it("reads any JSON, or says what is wrong with it", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.jsonValue().map((value) => JSON.stringify({ nftables: [value] })),
        ),
        (text) => {
          try {
            kindOf(text);
          } catch (error) {
            assert.ok(error instanceof DoctorInputError, String(error));
          }
        },
      ),
    );
  });

  it("cannot judge what iptables left to extensions", () => {
    const expr = [{ xt: { type: "match", name: "recent" } }, { accept: null }];
    const objects = [
      { chain: hook },
      { rule: { family: "inet", table: "f", chain: "input", expr } },
    ];
    assert.equal(kindOf(JSON.stringify({ nftables: objects })), "unknown");
  });
});
