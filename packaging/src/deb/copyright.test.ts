import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { holders } from "./copyright.ts";

describe("holders()", () => {
  const texts = [
    {
      name: "one holder",
      text: "MIT License\n\nCopyright (c) 2016 Jane Doe\n\nPermission is ...",
      expected: "(c) 2016 Jane Doe",
    },
    {
      name: "several, each once",
      text: "Copyright 2011 A\n * Copyright: 2012 B\nCopyright 2011 A\n",
      expected: "2011 A\n           2012 B",
    },
    {
      name: "the authors, where a licence names nobody",
      text: "Permission is granted. The above copyright notice shall be kept.",
      expected: "the authors of some-package",
    },
  ];
  for (const { name, text, expected } of texts) {
    it(`finds ${name}`, () => {
      assert.equal(holders(text, "some-package"), expected);
    });
  }
});
