import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { deriveViewerPassword, Token } from "@nova-console/token";
import { plainAccess, ticketOf, TOKEN_TEXT } from "./testing.ts";

const secret = Buffer.alloc(32, 7);
const eight = deriveViewerPassword(secret, new Token(TOKEN_TEXT).digest);

describe("viewerTicketOf()", () => {
  it("has the token as password of the safest way, and the 8 characters beside it", () => {
    assert.deepEqual(ticketOf(), {
      address: plainAccess.address,
      security: "TLSPlain",
      username: "console",
      password: TOKEN_TEXT,
      viewerPassword: eight,
    });
  });

  it("has the 8 characters as password where there is nothing but VncAuth", () => {
    const { security, password } = ticketOf({ security: ["xvp", "VncAuth"] });
    assert.deepEqual({ security, password }, { security: "VncAuth", password: eight });
  });

  it("has no 8 characters where VncAuth is not offered, though there is a secret", () => {
    assert.equal(ticketOf({ security: ["X509Plain"] }).viewerPassword, null);
  });

  it("has none without a secret", () => {
    const { password, viewerPassword } = ticketOf({ security: ["VncAuth"], passwordSecret: null });
    assert.deepEqual({ password, viewerPassword }, { password: null, viewerPassword: null });
  });

  it("has no password where stock viewers cannot go", () => {
    const { security, password } = ticketOf({ security: ["xvp"] });
    assert.deepEqual({ security, password }, { security: null, password: null });
  });
});
