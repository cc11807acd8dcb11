import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { editionOf } from "./edition.ts";

const changeLog =
  "# Change log\n\n## Unreleased\n\n## 1.2.3 - 2026-01-31\n\n## 1.2.2 - 2025-12-01\n";

describe("editionOf()", () => {
  const cases = [
    { from: "SOURCE_DATE_EPOCH", sourceDateEpoch: "1764028800", date: "2025-11-25" },
    { from: "the version's heading in the change log", sourceDateEpoch: "", date: "2026-01-31" },
  ];
  for (const { from, sourceDateEpoch, date } of cases) {
    it(`takes the date from ${from}`, () => {
      const edition = editionOf({ sourceDateEpoch, version: "1.2.3", changeLog });
      assert.deepEqual(edition, { date, source: "nova-console 1.2.3" });
    });
  }

  it("refuses a version without a date, and says what to do", () => {
    assert.throws(
      () => editionOf({ sourceDateEpoch: undefined, version: "1.3.0", changeLog }),
      /1\.3\.0 has no date in CHANGELOG\.md: set SOURCE_DATE_EPOCH/,
    );
  });

  for (const sourceDateEpoch of ["today", "-1", "1.5", "999999999999"]) {
    it(`refuses SOURCE_DATE_EPOCH=${sourceDateEpoch}`, () => {
      assert.throws(
        () => editionOf({ sourceDateEpoch, version: "1.2.3", changeLog }),
        /must be seconds since the epoch/,
      );
    });
  }
});
