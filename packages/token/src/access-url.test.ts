import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { buildAccessUrl } from "./access-url.ts";
import { Token } from "./token.ts";

const UUID = "b544bd41-453e-4503-9c0a-ccad5f3faa3a";
const TOKEN = new Token(UUID);

describe("buildAccessUrl()", () => {
  const cases = [
    {
      name: "nova's default for novnc",
      base: "http://127.0.0.1:6080/vnc_auto.html",
      type: "novnc",
      url: `http://127.0.0.1:6080/vnc_auto.html?path=%3Ftoken%3D${UUID}`,
    },
    {
      name: "nova's default for xvpvnc",
      base: "http://127.0.0.1:6081/console",
      type: "xvpvnc",
      url: `http://127.0.0.1:6081/console?token=${UUID}`,
    },
    {
      name: "a base with a query",
      base: "https://vnc.example/vnc_lite.html?scale=true&autoconnect=1",
      type: "novnc",
      url: `https://vnc.example/vnc_lite.html?scale=true&autoconnect=1&path=%3Ftoken%3D${UUID}`,
    },
    {
      name: "a base with a path of its own",
      base: "https://example/c/vnc_lite.html?path=c/websockify&scale=true",
      type: "novnc",
      url: `https://example/c/vnc_lite.html?path=c/websockify%3Ftoken%3D${UUID}&scale=true`,
    },
    {
      name: "a base whose path has a query",
      base: "https://example/v.html?path=w%3Fzone%3D1",
      type: "novnc",
      url: `https://example/v.html?path=w%3Fzone%3D1%26token%3D${UUID}`,
    },
    {
      name: "a base with a fragment",
      base: "https://example/v.html#full",
      type: "novnc",
      url: `https://example/v.html?path=%3Ftoken%3D${UUID}#full`,
    },
    {
      name: "a base with an empty query",
      base: "http://h:6081/console?",
      type: "xvpvnc",
      url: `http://h:6081/console?token=${UUID}`,
    },
    {
      name: "a type that only nova mints",
      base: "http://h:6082/spice_auto.html?a=b",
      type: "spice-html5",
      url: `http://h:6082/spice_auto.html?a=b&token=${UUID}`,
    },
  ];
  for (const { name, base, type, url } of cases) {
    it(`builds the URL for ${name}`, () => {
      assert.equal(buildAccessUrl(base, TOKEN, type), url);
    });
  }

  it("yields the token where a URL parser looks for it, whatever the base", () => {
    const bases = fc.webUrl({ withQueryParameters: true, withFragments: true });
    fc.assert(
      fc.property(bases, fc.uuid({ version: 4 }), (base, text) => {
        fc.pre(!/[?&](path|token)=/.test(base));
        const token = new Token(text);
        const xvpvnc = new URL(buildAccessUrl(base, token, "xvpvnc")).searchParams;
        assert.equal(xvpvnc.get("token"), text);
        const novnc = new URL(buildAccessUrl(base, token, "novnc")).searchParams;
        assert.equal(novnc.get("path"), `?token=${text}`);
      }),
    );
  });
});
