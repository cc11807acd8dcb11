import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ticketOf } from "./testing.ts";
import { tigerVncFile } from "./tigervnc-file.ts";

describe("tigerVncFile()", () => {
  it("writes what TigerVNC reads, and says what to paste", () => {
    const ticket = ticketOf({ security: ["X509Plain"] }, "7fc49dda");
    assert.equal(
      tigerVncFile(ticket, "Console of vm1"),
      `TigerVNC Configuration file Version 1.0
# Console of vm1
# User name: console (any will do)
# Password: 7fc49dda
ServerName=console.example.org::6081
SecurityTypes=X509Plain
Shared=1
`,
    );
  });

  it("puts an IPv6 address in brackets", () => {
    const address = { host: "::1", port: 6081 };
    assert.match(tigerVncFile(ticketOf({ address }), null), /^ServerName=\[::1\]::6081$/m);
  });

  it("has the 8 characters for viewers that know VncAuth only", () => {
    const ticket = ticketOf();
    const eight = ticket.viewerPassword ?? "none";
    assert.ok(
      tigerVncFile(ticket, null).includes(
        `# Password for a viewer that asks for no user name: ${eight}\n`,
      ),
    );
    const only = tigerVncFile(ticketOf({ security: ["VncAuth"] }), null);
    assert.ok(only.includes(`# Password: ${eight}\n`));
    assert.doesNotMatch(only, /name:/);
  });

  it("names no way where there is none, so that the viewer says why", () => {
    assert.doesNotMatch(tigerVncFile(ticketOf({ security: ["xvp"] }), null), /Security|Password/);
  });

  it("has the same settings for whatever token and title, and no line that is too long", () => {
    const text = fc.string({ unit: "binary", maxLength: 400 });
    fc.assert(
      fc.property(text, text, (tokenText, title) => {
        const file = tigerVncFile(ticketOf({}, tokenText), title);
        const lines = file.split(/[\r\n\v\f\0\u0085\u2028\u2029]/);
        assert.ok(lines.every((line) => Buffer.byteLength(line) < 256));
        assert.equal(lines[0], "TigerVNC Configuration file Version 1.0");
        assert.deepEqual(
          lines.slice(1).filter((line) => !line.startsWith("# ")),
          ["ServerName=console.example.org::6081", "SecurityTypes=TLSPlain", "Shared=1", ""],
        );
      }),
    );
  });
});
