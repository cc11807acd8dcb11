import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { directoryLocation, pathNames } from "./static-path.ts";

describe("pathNames()", () => {
  const cases: [path: string, names: string[] | null][] = [
    ["/", []],
    ["", []],
    ["/a/b.js", ["a", "b.js"]],
    ["//a///b/", ["a", "b"]],
    ["/a/./b/../c", ["a", "c"]],
    ["/../../etc/passwd", ["etc", "passwd"]],
    ["/%2e%2e/%2e%2e/etc/passwd", ["etc", "passwd"]],
    ["/..%2f..%2fetc/passwd", ["etc", "passwd"]],
    ["/%252e%252e/x", ["%2e%2e", "x"]],
    ["/..\\..\\x", ["..\\..\\x"]],
    ["/a%20b", ["a b"]],
    ["/%00", null],
    ["/a%00.html", null],
    ["/%ff", null],
    ["/%", null],
  ];
  for (const [path, names] of cases) {
    it(`reads ${path}`, () => {
      assert.deepEqual(pathNames(path), names);
    });
  }

  it("never leaves a name that leads up or to the root", () => {
    const step = fc.constantFrom(
      "..",
      ".",
      "%2e",
      "%2E.",
      "/",
      "%2f",
      "\\",
      "a",
      "%00",
      "%25",
      "%5c",
    );
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        for (const name of pathNames(`/${steps.join("")}`) ?? []) {
          assert.ok(name !== ".." && name !== "." && name !== "" && !/[/\0]/.test(name), name);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe("directoryLocation()", () => {
  const cases: [path: string, query: string, location: string][] = [
    ["/core", "", "/core/"],
    ["/core", "a=b", "/core/?a=b"],
    ["//evil.example/%2F..", "", "/evil.example/%2F../"],
    ["///evil.example/%2e%2e", "", "/evil.example/%2e%2e/"],
    ["/\\evil.example/..", "", "/evil.example/../"],
    ["/%5Cevil.example/..", "", "/%5Cevil.example/../"],
    ["/%09//evil.example/..", "", "/%09//evil.example/../"],
    ["", "", "/"],
  ];
  for (const [path, query, location] of cases) {
    it(`answers ${path || "an empty path"}`, () => {
      assert.equal(directoryLocation(path, query), location);
    });
  }

  it("stays on this host for any path", () => {
    const step = fc.constantFrom(
      "/",
      "\\",
      "%2f",
      "%5c",
      "..",
      ".",
      "%09",
      "evil.example",
      ":",
      "@",
      "http:",
    );
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const location = directoryLocation(steps.join(""), "");
        assert.equal(new URL(location, "http://good.example/x").host, "good.example");
      }),
      { numRuns: 2000 },
    );
  });
});
