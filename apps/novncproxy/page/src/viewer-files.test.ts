import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { findViewerFiles } from "./viewer-files.ts";

describe("findViewerFiles()", () => {
  const cases = [
    ["ws://h:6080/?token=T", "http://h:6080/console.vv?token=T"],
    ["wss://h/novnc/?token=T", "https://h/novnc/console.vv?token=T"],
    ["wss://h/novnc/websockify?a=1&token=T", "https://h/novnc/console.vv?token=T"],
    ["ws://h/?token=A&token=T%26x", "http://h/console.vv?token=T%26x"],
    ["ws://[::1]:6080/?token=T", "http://[::1]:6080/console.vv?token=T"],
  ] as const;
  for (const [webSocketUrl, expected] of cases) {
    it(`finds them beside ${webSocketUrl}`, () => {
      const files = findViewerFiles(webSocketUrl);
      assert.equal(files?.virtViewerUrl, expected);
      assert.equal(files.tigerVncUrl, expected.replace("console.vv", "console.vnc"));
    });
  }

  it("has the token as the server reads it", () => {
    assert.equal(findViewerFiles("ws://h/?token=T%26x")?.token, "T&x");
  });

  it("finds none where the page knows no token", () => {
    for (const url of [null, "ws://h/websockify", "ws://h/?token="]) {
      assert.equal(findViewerFiles(url), null);
    }
  });
});
