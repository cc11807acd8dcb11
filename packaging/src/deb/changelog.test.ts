import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import { debianChangelog, debianVersion } from "./changelog.ts";

describe("debianVersion()", () => {
  const orders = [
    { is: "later than Ubuntu's nova of 2026", version: "0.1.0", other: "3:33.0.0-0ubuntu1" },
    { is: "later than Debian's nova of 2026", version: "0.1.0", other: "2:33.0.0-1" },
    {
      is: "later than its release candidate",
      version: "1.2.0",
      other: debianVersion("1.2.0-rc.1"),
    },
    { is: "later than the release before", version: "1.10.0", other: debianVersion("1.9.0") },
  ];
  for (const { is, version, other } of orders) {
    it(`is ${is}`, () => {
      const args = ["--compare-versions", debianVersion(version), "gt", other];
      assert.equal(spawnSync("dpkg", args).status, 0);
    });
  }
});

describe("debianChangelog()", () => {
  it("is read by Debian's tools", () => {
    const { stdout, stderr } = spawnSync("dpkg-parsechangelog", ["--file", "-"], {
      input: debianChangelog("1.2.3", 1_700_000_000),
      encoding: "utf8",
    });
    assert.equal(stderr, "");
    assert.match(stdout, /^Version: 4:1\.2\.3-1$/m);
    assert.match(stdout, /^Timestamp: 1700000000$/m);
  });
});
