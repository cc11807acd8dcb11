import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ticketOf, TOKEN_TEXT } from "./testing.ts";
import { vncviewerCommand } from "./vncviewer-command.ts";

describe("vncviewerCommand()", () => {
  it("has the token in the environment, and the safest way", () => {
    assert.equal(
      vncviewerCommand(ticketOf({ security: ["Plain", "X509Plain"] })),
      `VNC_USERNAME=console VNC_PASSWORD=${TOKEN_TEXT} vncviewer -SecurityTypes=X509Plain console.example.org::6081`,
    );
  });

  it("has the 8 characters where there is nothing but VncAuth", () => {
    const ticket = ticketOf({ security: ["VncAuth"] });
    assert.equal(
      vncviewerCommand(ticket),
      `VNC_PASSWORD=${ticket.viewerPassword ?? "none"} vncviewer -SecurityTypes=VncAuth console.example.org::6081`,
    );
  });

  it("quotes the brackets of an IPv6 address, which a shell would take for a pattern", () => {
    const line = vncviewerCommand(ticketOf({ address: { host: "::1", port: 6081 } })) ?? "";
    assert.ok(line.endsWith(" '[::1]::6081'"), line);
  });

  it("is null where TigerVNC cannot go", () => {
    assert.equal(vncviewerCommand(ticketOf({ security: ["xvp"] })), null);
    assert.equal(vncviewerCommand(ticketOf({ security: ["VncAuth"], passwordSecret: null })), null);
  });

  it(
    "is one line that a shell reads as it is meant, for whatever token",
    { timeout: 60_000 },
    () => {
      fc.assert(
        fc.property(fc.string({ unit: "grapheme-ascii", minLength: 1 }), (tokenText) => {
          const line = vncviewerCommand(ticketOf({}, tokenText)) ?? "";
          const script = line.replace(/ vncviewer .*$/s, ` sh -c 'printf %s "$VNC_PASSWORD"'`);
          const seen = execFileSync("/bin/sh", ["-c", script], { encoding: "utf8" });
          assert.equal(seen, tokenText);
        }),
        { numRuns: 50 },
      );
    },
  );

  it("is one line for whatever bytes", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (tokenText) => {
        assert.doesNotMatch(
          vncviewerCommand(ticketOf({}, tokenText)) ?? "",
          /[\p{Cc}\u2028\u2029]/u,
        );
      }),
    );
  });
});
