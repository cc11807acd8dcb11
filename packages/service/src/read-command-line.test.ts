import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ownHome } from "./read-command-line.ts";

describe("ownHome()", () => {
  it("is the user's", () => {
    assert.equal(
      ownHome(() => "/home/ann"),
      "/home/ann",
    );
  });

  it("is a folder that does not exist for a user without a record", () => {
    const find = (): string => {
      throw new Error("uv_os_homedir returned ENOENT");
    };
    assert.equal(ownHome(find), "/nonexistent");
  });
});
