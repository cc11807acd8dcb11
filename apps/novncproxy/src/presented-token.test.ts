import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { presentedToken } from "./presented-token.ts";

describe("presentedToken()", () => {
  const cases: { name: string; target: string; cookie?: string; token: string | null }[] = [
    { name: "the query's", target: "/?token=a", token: "a" },
    { name: "one at any path", target: "/x/y?a=1&token=a", token: "a" },
    { name: "the last of two", target: "/?token=a&token=b", token: "b" },
    { name: "one without a path", target: "?token=a", token: "a" },
    { name: "one after a host", target: "//host/?token=a", token: "a" },
    { name: "one of an absolute URI", target: "http://h:1/?token=a", token: "a" },
    { name: "one of an absolute URI without path", target: "http://h?token=a", token: "a" },
    { name: "one before a fragment", target: "/?token=a#b", token: "a" },
    { name: "none in a fragment", target: "/#?token=a", token: null },
    { name: "one as it is", target: "/?token=A%20b/", token: "A b/" },
    { name: "that of path=", target: "/?path=%3Ftoken%3Da", token: "a" },
    { name: "that of path= with a path", target: "/?path=websockify%3Ftoken%3Da", token: "a" },
    { name: "the query's before that of path=", target: "/?path=%3Ftoken%3Da&token=b", token: "b" },
    { name: "the cookie's", target: "/websockify", cookie: "token=c", token: "c" },
    {
      name: "the cookie's if the query's is empty",
      target: "/?token=",
      cookie: "token=c",
      token: "c",
    },
    { name: "the query's before the cookie's", target: "/?token=a", cookie: "token=c", token: "a" },
    { name: "none", target: "/", token: null },
    { name: "none in an empty one", target: "/?token=", cookie: "token=", token: null },
  ];
  for (const { name, target, cookie, token } of cases) {
    it(`finds ${name}`, () => {
      assert.equal(presentedToken(target, cookie)?.reveal() ?? null, token);
    });
  }

  it("finds any token in each of its places", () => {
    const tokens = fc.string({ minLength: 1, unit: "grapheme" });
    fc.assert(
      fc.property(tokens, (token) => {
        const query = `?token=${encodeURIComponent(token)}`;
        for (const target of [`/${query}`, `/vnc.html?path=${encodeURIComponent(query)}`]) {
          assert.equal(presentedToken(target, undefined)?.reveal(), token);
        }
      }),
    );
  });
});
