import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { openViewerPasswordSecret } from "./viewer-password-secret.ts";

describe("openViewerPasswordSecret()", () => {
  let directory: string;
  let path: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "viewer-password-"));
    path = join(directory, "secret");
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  it("makes the file on first use, for its owner only, and reads it from then on", () => {
    const secret = openViewerPasswordSecret(path);
    assert.equal(secret.length, 64);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.deepEqual(openViewerPasswordSecret(path), secret);
    assert.deepEqual(readdirSync(directory), ["secret"]);
  });

  it("makes the folder as well, which may not exist before the first start", () => {
    const deep = join(directory, "state", "secret");
    assert.deepEqual(openViewerPasswordSecret(deep), openViewerPasswordSecret(deep));
    assert.equal(statSync(join(directory, "state")).mode & 0o007, 0);
  });

  const mistakes = [
    {
      name: "a file that everybody can read",
      text: "x".repeat(64),
      mode: 0o644,
      message: /chmod 640/,
    },
    { name: "a secret that is too short", text: "short\n", mode: 0o600, message: /less than 32/ },
    {
      name: "a file that is none of ours",
      text: "x".repeat(5000),
      mode: 0o600,
      message: /larger than/,
    },
  ];
  for (const { name, text, mode, message } of mistakes) {
    it(`refuses ${name}, and names it`, () => {
      writeFileSync(path, text);
      chmodSync(path, mode);
      assert.throws(
        () => openViewerPasswordSecret(path),
        (error: Error) => {
          assert.match(error.message, message);
          assert.ok(error.message.includes(path));
          return true;
        },
      );
    });
  }

  it("refuses a FIFO, which would be waited for", () => {
    execFileSync("mkfifo", [path]);
    chmodSync(path, 0o600);
    assert.throws(() => openViewerPasswordSecret(path), { message: /is not a file$/ });
  });

  it("says so when it cannot make the file", () => {
    assert.throws(() => openViewerPasswordSecret(join(directory, "none", "none", "secret")), {
      code: "TOKEN_ERR_STORE_SETTING",
      message: /^viewer_password_secret_file .*none\/secret: ENOENT/,
    });
  });
});
