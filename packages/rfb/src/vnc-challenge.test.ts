import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hex } from "@nova-console/byte-stream/testing";
import { createVncResponder } from "./vnc-challenge.ts";

const challenge = hex("00010203 04050607 08090a0b 0c0d0e0f");

describe("createVncResponder()", () => {
  // What `openssl enc -des-ecb` of the legacy provider makes with the mirrored key.
  const answers = [
    { password: "password", response: "b866924125c8eebb9debc1db61c538e2" },
    { password: "ab", response: "fe01155de95da3e28adf6cc730f06f08" },
    { password: "password and more", response: "b866924125c8eebb9debc1db61c538e2" },
  ];
  for (const { password, response } of answers) {
    it(`answers as single DES does with "${password}"`, () => {
      const respond = createVncResponder(Buffer.from(password));
      assert.equal(respond(challenge).toString("hex"), response);
      assert.equal(respond(challenge).toString("hex"), response);
    });
  }
});
