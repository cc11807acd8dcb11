import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ticketOf } from "./testing.ts";
import { virtViewerFile } from "./virt-viewer-file.ts";

describe("virtViewerFile()", () => {
  it("writes what remote-viewer reads", () => {
    const address = { host: "2001:db8::7", port: 6081 };
    assert.equal(
      virtViewerFile(ticketOf({ address }, "7fc49dda"), "Console of vm1"),
      `[virt-viewer]
type=vnc
host=2001:db8::7
port=6081
username=console
password=7fc49dda
title=Console of vm1
delete-this-file=1
`,
    );
  });

  it("leaves out what there is not", () => {
    const file = virtViewerFile(ticketOf({ security: ["xvp"] }), null);
    assert.doesNotMatch(file, /password|title/);
  });

  it("escapes a backslash and a space in front", () => {
    const file = virtViewerFile(ticketOf({}, " a\\n"), "  b");
    assert.match(file, /^password=\\sa\\\\n$/m);
    assert.match(file, /^title=\\s b$/m);
  });

  it("has the same lines for whatever token and title", () => {
    const keys = ["type", "host", "port", "username", "password", "title", "delete-this-file"];
    const text = fc.string({ unit: "binary" });
    fc.assert(
      fc.property(text, text, (tokenText, title) => {
        const [group, ...lines] = virtViewerFile(ticketOf({}, tokenText), title).split(
          /[\r\n\v\f\0\u0085\u2028\u2029]/,
        );
        assert.equal(group, "[virt-viewer]");
        assert.equal(lines.pop(), "");
        assert.deepEqual(
          lines.map((line) => line.replace(/=.*$/s, "")),
          keys,
        );
      }),
    );
  });
});
