import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { inspect } from "node:util";
import { ApiSecret, readApiSecret } from "./api-secret.ts";

describe("ApiSecret", () => {
  const secret = new ApiSecret("s3cret");

  for (const header of ["Bearer s3cret", "bearer s3cret", "Bearer   s3cret "]) {
    it(`matches "${header}"`, () => {
      assert.equal(secret.matches(header), true);
    });
  }

  for (const header of [
    undefined,
    "",
    "s3cret",
    "Bearer",
    "Bearer ",
    "Bearer s3cre",
    "Bearer s3crets",
    "Basic s3cret",
    "Bearer s3 cret",
  ]) {
    it(`does not match ${JSON.stringify(header)}`, () => {
      assert.equal(secret.matches(header), false);
    });
  }

  it("is not matched by an absent secret, even if it were empty", () => {
    assert.equal(new ApiSecret("").matches(undefined), false);
  });

  it("prints as ***", () => {
    assert.equal(`${String(secret)} ${inspect(secret, { showHidden: true })}`, "*** ***");
  });
});

describe("readApiSecret()", () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), "api-secret-"));
  });
  after(() => {
    rmSync(directory, { recursive: true });
  });

  function file(content: string, mode = 0o640): string {
    const path = join(directory, "secret");
    writeFileSync(path, content);
    chmodSync(path, mode);
    return path;
  }

  const shortest = "sixteen-letters!";
  for (const content of [shortest, `${shortest}\n`, `${shortest}\r\n`]) {
    it(`reads ${JSON.stringify(content)}`, () => {
      assert.equal(readApiSecret(file(content)).matches(`Bearer ${shortest}`), true);
    });
  }

  const refused: [string, () => string | null, RegExp][] = [
    [
      "no file",
      () => null,
      /api_secret_file is not set: api_listen needs it; make one with: \(umask 077/,
    ],
    ["a file that is not there", () => join(directory, "none"), /none: cannot be read \(ENOENT/],
    ["a directory", () => directory, /is not a file/],
    [
      "a FIFO",
      () => {
        const path = join(directory, "fifo");
        execFileSync("mkfifo", [path]);
        return path;
      },
      /is not a file/,
    ],
    ["an empty file", () => file(""), /is empty, must hold the secret/],
    ["an empty line", () => file("\n"), /is empty/],
    ["two lines", () => file("opensesame1\nopensesame2\n"), /must hold one line of visible ASCII/],
    ["a space", () => file("opensesame1 opensesame2"), /without spaces/],
    [
      "15 characters",
      () => file("opensesame12345\n"),
      /^\[consoleauth\] api_secret_file \/.*secret: has 15 characters, must have at least 16, at random: \(umask 077; openssl rand -hex 32 > \/.*secret\)$/,
    ],
    ["one character", () => file("x"), /has 1 characters, must have at least 16/],
    ["more than 4096 bytes", () => file("x".repeat(4097)), /at most 4096 bytes/],
    [
      "a file that all users can read",
      () => file("opensesame", 0o644),
      /is open to every user \(mode 0644\), must not be: chmod o= /,
    ],
    ["a file that all users can write", () => file("opensesame", 0o602), /mode 0602/],
  ];
  for (const [name, path, message] of refused) {
    it(`refuses ${name}, and does not repeat the content`, () => {
      assert.throws(
        () => readApiSecret(path()),
        (error) => {
          assert.ok(error instanceof Error && "code" in error);
          assert.equal(error.code, "SERVICE_ERR_SETTING");
          assert.match(error.message, message);
          assert.doesNotMatch(error.message, /opensesame|xxx/);
          return true;
        },
      );
    });
  }
});
