import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Token } from "./token.ts";
import { deriveViewerPassword } from "./viewer-password.ts";

const secret = Buffer.alloc(32, 7);

describe("deriveViewerPassword()", () => {
  it("follows from the token's hash and the secret, and from nothing else", () => {
    const { digest } = new Token("7fc49dda-69d3-48a4-91d1-11a299dc9b49");
    const password = deriveViewerPassword(secret, digest);
    assert.equal(deriveViewerPassword(secret, digest), password);
    assert.notEqual(deriveViewerPassword(Buffer.alloc(32, 8), digest), password);
    assert.notEqual(deriveViewerPassword(secret, new Token("other").digest), password);
  });

  it("is 8 characters that nobody mistakes for others", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const password = deriveViewerPassword(secret, new Token(text).digest);
        assert.match(password, /^[A-HJ-NP-Za-km-z2-9]{8}$/);
      }),
    );
  });
});
