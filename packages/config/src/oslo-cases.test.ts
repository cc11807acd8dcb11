import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { assertReadAsOslo, readOsloCases } from "./testing.ts";
import type { CommandLineValue } from "./read-config.ts";

/** Enough of a command line to name config files; the real parser runs all of the command lines in its own package. */
function parseConfigFiles(argv: readonly string[]): Promise<CommandLineValue[]> {
  const values: CommandLineValue[] = [];
  for (let index = 0; index < argv.length; index += 2) {
    const spelling = argv[index] ?? "";
    assert.match(spelling, /^--config-(file|dir)$/);
    const name = spelling.slice(2).replace("-", "_");
    values.push({ group: "DEFAULT", name, text: argv[index + 1] ?? "", spelling });
  }
  return Promise.resolve(values);
}

describe("readConfig()", () => {
  const cases = readOsloCases().filter(({ argv }) =>
    argv.every((word) => !/^--(?!config-)/.test(word)),
  );
  it("is tried with all cases that have no options but config files", () => {
    assert.equal(cases.length, 48);
  });
  for (const osloCase of cases) {
    it(`reads ${osloCase.name} as oslo.config does`, () =>
      assertReadAsOslo(osloCase, parseConfigFiles));
  }
});
