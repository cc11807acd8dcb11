import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, it } from "node:test";
import fc from "fast-check";
import { marked, plain, type ManualPage } from "./manual-page.ts";
import { renderRoff } from "./roff.ts";

const edition = { date: "2026-11-25", source: "nova-console 1.2.3" };

function pageOf(...paragraphs: readonly string[]): ManualPage {
  const blocks = paragraphs.map((text) => ({ kind: "paragraph", text: plain(text) }) as const);
  return {
    name: "test",
    section: 8,
    purpose: "is a test",
    sections: [{ title: "DESCRIPTION", blocks }],
  };
}

/** What groff shows of it, without the page's head and foot, white space as one blank. */
function shown(page: ManualPage): string {
  const text = execFileSync("groff", ["-man", "-Tutf8", "-P-cbou", "-rLL=20000n"], {
    input: renderRoff(page, edition),
    encoding: "utf8",
  });
  return text.split("\n").slice(1).join(" ").replace(/\s+/g, " ");
}

describe("renderRoff()", () => {
  it("keeps what a page is, its date and its source in the head", () => {
    const [, head] = renderRoff(pageOf(), edition).split("\n");
    assert.equal(head, '.TH TEST 8 "2026-11-25" "nova-console 1.2.3" "System Manager\'s Manual"');
  });

  it("shows every sign as it is, so that it can be copied", () => {
    const text = `.SH no 'request \\fBno face\\fR --no-dash ~/.nova ^x \`y\` "z" $state_path %s a\\nb`;
    assert.ok(shown(pageOf(text)).includes(text), shown(pageOf(text)));
  });

  it("shows any ASCII text as it is", () => {
    const word = fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 90 });
    const texts = fc
      .sample(fc.array(word, { minLength: 1, maxLength: 30 }), { numRuns: 200, seed: 6 })
      .map((words, index) => `<${index}> ${words.join(" ")} </${index}>`.replace(/\s+/g, " "));
    const page = shown(pageOf(...texts));
    for (const text of texts) assert.ok(page.includes(text), text);
  });

  it("writes no request that it does not mean, and no line that is too long to read", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 30 })), (words) => {
        const lines = renderRoff(pageOf(words.join(" ")), edition).split("\n");
        const requests = lines.filter((line) => /^[.']/.test(line));
        assert.equal(requests.length, 6, requests.join("\n"));
        for (const line of lines) {
          const longestWord = Math.max(0, ...line.split(" ").map((word) => word.length));
          assert.ok(line.length <= Math.max(80, longestWord + 2), line);
        }
      }),
    );
  });
});

describe("marked()", () => {
  it("makes faces of its marks", () => {
    assert.deepEqual(marked("say `--name` {NAME}."), [
      { face: "roman", text: "say " },
      { face: "bold", text: "--name" },
      { face: "roman", text: " " },
      { face: "italic", text: "NAME" },
      { face: "roman", text: "." },
    ]);
  });
});
