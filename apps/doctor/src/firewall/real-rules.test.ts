import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { iptablesCases } from "../testing/kernel-iptables.ts";
import { nftCases } from "../testing/kernel-nft.ts";
import { TestNetwork } from "../testing/network.ts";
import { evaluate } from "./evaluate.ts";
import { judgeIptables, parseIptablesSave } from "./iptables-save.ts";
import { judgeNft, parseNft } from "./nft.ts";
import { readPortNames } from "./port-names.ts";

const PORT = 6080;
const EMPTY = "*raw\nCOMMIT\n*mangle\nCOMMIT\n*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n";
const to = { family: "ipv4", port: PORT } as const;

describe("rules that the kernel enforces", () => {
  let network: TestNetwork;
  before(async () => {
    network = await TestNetwork.create([PORT]);
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
  });

  for (const [name, rules, says, connects] of iptablesCases) {
    it(`iptables with ${name}: ${says}, as a real connection finds`, async () => {
      const text = rules[0]?.startsWith("*") ? [...rules, "COMMIT\n"] : filterTable(rules);
      await network.onHost("iptables-restore", [], text.join("\n"));
      try {
        const names = await readPortNames();
        const saved = await network.onHost("iptables-save", []);
        for (const form of [text.join("\n"), saved]) {
          const passage = evaluate((state) =>
            judgeIptables(parseIptablesSave(form, "rules", names), { ...to, state }),
          );
          assert.equal(passage.kind, says, `${form}\n${JSON.stringify(passage)}`);
        }
        assert.equal(await network.connects(PORT), connects);
      } finally {
        await network.onHost("iptables-restore", [], EMPTY);
      }
    });
  }

  for (const [name, rules, says, connects] of nftCases) {
    it(`nftables with ${name}: ${says}, as a real connection finds`, async () => {
      await network.onHost("nft", ["-f", "-"], inLines(rules));
      try {
        const listed = await network.onHost("nft", ["-j", "list", "ruleset"]);
        const passage = evaluate((state) =>
          judgeNft(parseNft(listed, "nft"), { ...to, state }, new Set(["filter"])),
        );
        assert.equal(passage.kind, says, `${listed}\n${JSON.stringify(passage)}`);
        assert.equal(await network.connects(PORT), connects);
      } finally {
        await network.onHost("nft", ["flush", "ruleset"]);
      }
    });
  }
});

/** Chains have to be made before the rules that jump to them. */
function filterTable(rules: readonly string[]): string[] {
  const isChain = (line: string): boolean => line.startsWith(":");
  const others = rules.filter((line) => !isChain(line));
  return ["*filter", ...rules.filter(isChain), ...others, "COMMIT\n"];
}

/** nft wants a line end behind every closed brace. */
function inLines(rules: string): string {
  return `${rules.replaceAll("; }", ";\n}").replaceAll(/\}\s+(?=chain|table|map|set|\})/g, "}\n")}\n`;
}
