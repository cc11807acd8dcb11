import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { parsePageOptions } from "./page-options.ts";
import { findWebSocket } from "./websocket-url.ts";

const PAGE = "http://proxy.example:6080/vnc_lite.html";
const TLS_PAGE = "https://proxy.example/console/vnc_auto.html?path=%3Ftoken%3Dx";

describe("findWebSocket()", () => {
  const cases = [
    { query: "path=%3Ftoken%3Dx", page: PAGE, url: "ws://proxy.example:6080/?token=x" },
    { query: "path=%3Ftoken%3Dx", page: TLS_PAGE, url: "wss://proxy.example/console/?token=x" },
    {
      query: "path=websockify%3Ftoken%3Dx",
      page: PAGE,
      url: "ws://proxy.example:6080/websockify?token=x",
    },
    { query: "path=/a/b%3Ftoken%3Dx", page: TLS_PAGE, url: "wss://proxy.example/a/b?token=x" },
    { query: "token=x", page: PAGE, url: "ws://proxy.example:6080/?token=x" },
    {
      query: "token=a%26b&path=websockify",
      page: PAGE,
      url: "ws://proxy.example:6080/websockify?token=a%26b",
    },
    {
      query: "token=old&path=%3Ftoken%3Dnew",
      page: PAGE,
      url: "ws://proxy.example:6080/?token=new",
    },
    { query: "", page: PAGE, url: "ws://proxy.example:6080/websockify" },
    { query: "port=6081&token=x", page: TLS_PAGE, url: "wss://proxy.example:6081/?token=x" },
    {
      query: "host=proxy.example&path=%3Ftoken%3Dx",
      page: PAGE,
      url: "ws://proxy.example:6080/?token=x",
    },
    {
      query: "host=PROXY.EXAMPLE&token=x",
      page: PAGE,
      url: "ws://proxy.example:6080/?token=x",
    },
    { query: "encrypt=1&token=x", page: PAGE, url: "wss://proxy.example:6080/?token=x" },
    { query: "host=::1&token=x", page: "http://[::1]:6080/", url: "ws://[::1]:6080/?token=x" },
    { query: "host=[::1]&token=x", page: "http://[::1]:6080/", url: "ws://[::1]:6080/?token=x" },
    {
      query: "path=//evil.example/x",
      page: PAGE,
      url: "ws://proxy.example:6080/evil.example/x",
    },
    { query: "path=a%23b%3Ftoken%3Dx", page: PAGE, url: "ws://proxy.example:6080/a" },
  ];
  for (const { query, page, url } of cases) {
    it(`finds ${url} for ?${query} on ${new URL(page).pathname}`, () => {
      const options = parsePageOptions(query, "");
      assert.deepEqual(findWebSocket(options, page), { url, refusal: null });
    });
  }

  const foreign = [
    "evil.example",
    "proxy.example.evil.example",
    "a@evil.example",
    "proxy.example/x",
  ];
  for (const host of foreign) {
    it(`refuses host=${host}`, () => {
      const options = parsePageOptions(`host=${host}&token=x`, "");
      assert.deepEqual(findWebSocket(options, PAGE), {
        url: null,
        refusal: "This page opens consoles of proxy.example only.",
      });
    });
  }

  it("never leaves the page's host, whatever the URL asks for", () => {
    const part = fc.oneof(fc.string(), fc.webUrl(), fc.constantFrom("//evil", "\\\\evil", "@evil"));
    fc.assert(
      fc.property(part, part, part, (host, path, token) => {
        const query = Object.entries({ host, path, token })
          .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
          .join("&");
        const { url } = findWebSocket(parsePageOptions(query, ""), PAGE);
        if (url !== null) assert.equal(new URL(url).host, "proxy.example:6080");
      }),
    );
  });
});
