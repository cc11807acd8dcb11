import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseOptions, UsageError } from "./options.ts";

describe("parseOptions()", () => {
  it("measures everything in three rounds when nothing is asked for", () => {
    const { quick, only, rounds, seconds } = parseOptions([]);
    assert.deepEqual(
      { quick, only, rounds, seconds },
      { quick: false, only: [], rounds: 3, seconds: 1.5 },
    );
  });

  it("takes lists of names, at once or one by one", () => {
    assert.deepEqual(parseOptions(["--only", "6080,opens", "--only=socat"]).only, [
      "6080",
      "opens",
      "socat",
    ]);
  });

  it("takes options for nova.conf whose values hold anything", () => {
    assert.deepEqual(parseOptions(["--set", "database.connection=sqlite:////a=b.c"]).settings, [
      { group: "database", name: "connection", value: "sqlite:////a=b.c" },
    ]);
  });

  for (const args of [
    ["--rounds", "0"],
    ["--rounds", "1.5"],
    ["--seconds", "soon"],
    ["--set", "workers=2"],
    ["--fast"],
    ["6080"],
  ]) {
    it(`refuses ${args.join(" ")}`, () => {
      assert.throws(() => parseOptions(args), UsageError);
    });
  }
});
