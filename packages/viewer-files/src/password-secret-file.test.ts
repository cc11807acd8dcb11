import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { passwordSecretFileOf } from "./password-secret-file.ts";

describe("passwordSecretFileOf()", () => {
  for (const [token_store, file] of [
    ["database", "/secret"],
    ["redis", "/secret"],
    ["consoleauth", null],
    ["nova_api", null],
  ] as const) {
    it(`is ${file ?? "none"} with token_store = ${token_store}`, () => {
      const options = { token_store, viewer_password_secret_file: "/secret" };
      assert.equal(passwordSecretFileOf(options), file);
    });
  }
});
