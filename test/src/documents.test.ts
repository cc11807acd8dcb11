import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { glob, readFile } from "node:fs/promises";
import path from "node:path";
import { before, describe, it } from "node:test";

const ROOT = path.resolve(import.meta.dirname, "../..");
/** Not ours, or made from what is. */
const LEFT_OUT = /(^|\/)(node_modules|dist|dist-page|build|\.git|\.turbo)$/;

describe("documents", () => {
  const texts = new Map<string, string>();

  before(async () => {
    for await (const file of glob("**/*.md", {
      cwd: ROOT,
      exclude: (name) => LEFT_OUT.test(name),
    })) {
      texts.set(file, await readFile(path.join(ROOT, file), "utf8"));
    }
  });

  it("have no relative link that leads nowhere", () => {
    assert.ok(texts.size > 20, "all documents are looked at");
    const broken: string[] = [];
    for (const [file, text] of texts) {
      for (const link of linksOf(text)) {
        if (!leadsSomewhere(file, link)) broken.push(`${file}: ${link}`);
      }
    }
    assert.deepEqual(broken, []);
  });

  it("of docs/ and examples/ are all linked from another one", () => {
    const linked = new Set(
      [...texts].flatMap(([file, text]) =>
        linksOf(text).map((link) => path.join(path.dirname(file), link.replace(/#.*/, ""))),
      ),
    );
    const alone = [...texts.keys()].filter(
      (file) => /^(docs|examples)\//.test(file) && !linked.has(file),
    );
    assert.deepEqual(alone, []);
  });

  it("in both languages tell the same steps, with the same commands", () => {
    const [english = "", japanese = ""] = ["docs/install.md", "docs/install.ja.md"].map(
      (file) => texts.get(file) ?? "",
    );
    const shape = (text: string): string[] =>
      headingsOf(text).map(({ level, title }) => `${level} ${/^[\d.]*/.exec(title)?.[0] ?? ""}`);
    assert.deepEqual(shape(japanese), shape(english));
    assert.deepEqual(commandsOf(japanese), commandsOf(english));
  });

  function leadsSomewhere(file: string, link: string): boolean {
    const [name = "", anchor] = link.split("#");
    const target = name === "" ? file : path.join(path.dirname(file), decodeURI(name));
    if (!existsSync(path.join(ROOT, target))) return false;
    if (anchor === undefined) return true;
    return anchorsOf(texts.get(target) ?? "").has(decodeURIComponent(anchor));
  }
});

describe("docs/troubleshooting.md", () => {
  it("has the words of every close reason, or docs/errors.md has", async () => {
    const known = flat((await read("docs/troubleshooting.md")) + (await read("docs/errors.md")));
    const source = await read("packages/session/src/close-reason.ts");
    const words = [...source.matchAll(/words: "([^"]+)"/g)].map(([, text = ""]) => text);
    assert.ok(words.length > 15);
    for (const text of words) assert.ok(known.includes(flat(text)), text);
  });

  it("has every sentence with which the page says why there is no console", async () => {
    const known = flat(await read("docs/troubleshooting.md"));
    let seen = 0;
    for (const file of [
      "attempt-end",
      "console-connection",
      "console-page",
      "state-view",
      "websocket-url",
    ]) {
      for (const sentence of sentencesOf(await read(`apps/novncproxy/page/src/${file}.ts`))) {
        assert.match(known, sentence, `of ${file}.ts`);
        seen++;
      }
    }
    assert.ok(seen > 10);
  });
});

function read(file: string): Promise<string> {
  return readFile(path.join(ROOT, file), "utf8");
}

/** Text as it reads, whatever its lines, faces and capitals. */
function flat(markdown: string): string {
  return markdown.replace(/[_*`]/g, "").replace(/\s+/g, " ").toLowerCase();
}

/** Whole sentences among the texts of a source, as what a document must match. */
function sentencesOf(source: string): RegExp[] {
  const joined = source.replace(/"\s*\+\s*"/g, "");
  return [...joined.matchAll(/"([A-Z][^"\n]* [^"\n]*\.)"|`([A-Z][^`\n]* [^`\n]*\.)`/g)].map(
    ([, text, template = ""]) => {
      const parts = (text ?? template).split(/\$\{[^}]*\}/);
      return new RegExp(parts.map((part) => flat(part).replace(/[^\w\s]/g, "\\$&")).join("\\S+"));
    },
  );
}

/** A document without its blocks of code. */
function proseOf(markdown: string): string {
  return markdown.replace(/^```.*?^```/gms, "").replace(/^(?: {4,}).*$/gm, "");
}

function linksOf(markdown: string): string[] {
  const links = [...proseOf(markdown).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link);
  return links.filter((link) => !/^[a-z]+:/.test(link));
}

function headingsOf(markdown: string): { level: number; title: string }[] {
  return [...markdown.replace(/^```.*?^```/gms, "").matchAll(/^(#+) (.+)$/gm)].map(
    ([, marks = "", title = ""]) => ({ level: marks.length, title }),
  );
}

/** The anchors that GitHub gives to a document's headings. */
function anchorsOf(markdown: string): Set<string> {
  const anchors = new Set<string>();
  for (const { title } of headingsOf(markdown)) {
    const text = title.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const anchor = text.replace(/[^\p{L}\p{N}\p{M} _-]/gu, "").replaceAll(" ", "-");
    let unique = anchor;
    for (let count = 1; anchors.has(unique); count++) unique = `${anchor}-${count}`;
    anchors.add(unique);
  }
  return anchors;
}

/** What is to be typed by root, without the comment behind it. */
function commandsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^ +# (.*?)(?: +#.*)?$/gm)].map(([, command = ""]) => command);
}
