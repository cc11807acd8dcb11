import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, describe, it } from "node:test";
import type { CommandArguments } from "@nova-console/service";
import type { Token } from "@nova-console/token";
import { readGivenToken } from "./given-token.ts";

const directory = mkdtempSync(join(tmpdir(), "given-token-"));
after(() => {
  rmSync(directory, { recursive: true });
});

function fileWith(text: string | Buffer): string {
  const file = join(directory, `token-${Math.random()}`);
  writeFileSync(file, text);
  return file;
}

async function read(
  given: CommandArguments,
  standardInput: Readable = Readable.from([]),
  signal: AbortSignal = new AbortController().signal,
): Promise<{ token: Token | null; warnings: string[] }> {
  const warnings: string[] = [];
  const token = await readGivenToken(given, "token", {
    input: { standardInput, prompt: () => undefined },
    log: { warn: (message) => warnings.push(message) },
    signal,
  });
  return { token, warnings };
}

describe("readGivenToken()", () => {
  for (const text of ["a token", "a token\n", "a token\r\n"]) {
    it(`reads ${JSON.stringify(text)} from standard input and from a file`, async () => {
      const bytes = Buffer.from(text);
      for (const { token, warnings } of [
        await read({ token: "-" }, Readable.from([bytes.subarray(0, 3), bytes.subarray(3)])),
        await read({ "token-file": fileWith(text) }),
      ]) {
        assert.equal(token?.reveal(), "a token");
        assert.deepEqual(warnings, []);
      }
    });
  }

  it("warns of a token in the command line without naming it", async () => {
    const { token, warnings } = await read({ token: "secret" });
    assert.equal(token?.reveal(), "secret");
    assert.match(warnings.join(), /process list/);
    assert.doesNotMatch(warnings.join(), /secret/);
  });

  it("finds none where none is given", async () => {
    assert.equal((await read({})).token, null);
  });

  for (const [what, text] of [
    ["nothing", ""],
    ["an empty line", "\n"],
    ["two lines", "a\nb\n"],
    ["more than 4096 bytes", "a".repeat(4_097)],
  ] as const) {
    it(`refuses ${what}, and does not show it`, async () => {
      for (const reading of [
        read({ token: "-" }, Readable.from([Buffer.from(text)])),
        read({ "token-file": fileWith(text) }),
      ]) {
        await assert.rejects(reading, {
          code: "SERVICE_ERR_SETTING",
          message: /: (?:must have one line, the token|more than 4096 bytes)$/,
        });
      }
    });
  }

  it("reads no further than its bound from an input that does not end", async () => {
    const endless = new Readable({
      read() {
        this.push(Buffer.alloc(1_024, "a"));
      },
    });
    await assert.rejects(read({ token: "-" }, endless), /more than 4096 bytes/);
    await assert.rejects(read({ "token-file": "/dev/zero" }), /more than 4096 bytes/);
  });

  it("waits for a silent input only as long as it may", async () => {
    const ending = new AbortController();
    const reading = read({ token: "-" }, new Readable({ read: () => undefined }), ending.signal);
    ending.abort();
    await assert.rejects(reading, /standard input: nothing more came in time/);
  });

  it("names a file that is not there", async () => {
    await assert.rejects(read({ "token-file": "/nowhere" }), /--token-file \/nowhere: ENOENT/);
  });

  it("refuses a token and a file", async () => {
    await assert.rejects(read({ token: "t", "token-file": "f" }), /cannot go with token/);
  });
});
