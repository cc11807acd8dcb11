import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import { Token } from "./token.ts";

describe("Token", () => {
  const token = new Token("b544bd41-453e-4503-9c0a-ccad5f3faa3a");

  it("prints as *** wherever a value is printed", () => {
    assert.equal(String(token), "***");
    assert.equal(JSON.stringify({ token }), '{"token":"***"}');
    assert.equal(inspect({ token }, { showHidden: true }), "{ token: *** }");
  });

  it("has the SHA-256 that nova keeps", () => {
    assert.equal(
      new Token("abc").digest,
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
    assert.equal(new Token("abc").id, "ba7816bf");
  });

  it("reveals its text to whoever asks in so many words", () => {
    assert.equal(token.reveal(), "b544bd41-453e-4503-9c0a-ccad5f3faa3a");
  });

  it("may be known by its digest only, and then has no text to give away", () => {
    const token = new Token({ digest: new Token("secret").digest });
    assert.equal(token.id, new Token("secret").id);
    assert.throws(() => token.reveal(), TypeError);
  });
});
