import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type PageOptions, parsePageOptions } from "./page-options.ts";

const nothingGiven: PageOptions = {
  path: null,
  token: null,
  host: null,
  port: null,
  encrypt: false,
  autoconnect: true,
  reconnect: "after-failure",
  reconnectDelayMs: null,
  resize: "scale",
  viewOnly: false,
  title: null,
  shared: true,
  showDot: false,
  quality: null,
  compression: null,
  logging: "warn",
  username: null,
  password: null,
};

describe("parsePageOptions()", () => {
  const cases: { name: string; query: string; fragment?: string; options: Partial<PageOptions> }[] =
    [
      { name: "an empty query", query: "", options: {} },
      {
        name: "nova's access URL of today",
        query: "?path=%3Ftoken%3D1b0e",
        options: { path: "?token=1b0e" },
      },
      {
        name: "a path that was not encoded",
        query: "?path=websockify?token=1b0e",
        options: { path: "websockify?token=1b0e" },
      },
      { name: "a token beside the path", query: "?token=1b0e", options: { token: "1b0e" } },
      {
        name: "what a dashboard adds",
        query: "?path=%3Ftoken%3Dx&title=web%201(1b0e)",
        options: { path: "?token=x", title: "web 1(1b0e)" },
      },
      {
        name: "noVNC's switches",
        query: "?autoconnect=0&view_only=true&shared=no&show_dot=1&encrypt=1",
        options: {
          autoconnect: false,
          viewOnly: true,
          shared: false,
          showDot: true,
          encrypt: true,
        },
      },
      {
        name: "noVNC's numbers",
        query: "?quality=9&compression=0&reconnect_delay=2500&port=6080",
        options: { quality: 9, compression: 0, reconnectDelayMs: 2500, port: "6080" },
      },
      { name: "reconnect=1", query: "?reconnect=1", options: { reconnect: "always" } },
      { name: "reconnect=false", query: "?reconnect=false", options: { reconnect: "never" } },
      { name: "resize=remote", query: "?resize=remote", options: { resize: "remote" } },
      { name: "vnc_lite.html's scale=false", query: "?scale=false", options: { resize: "off" } },
      {
        name: "resize= before scale=",
        query: "?scale=false&resize=scale",
        options: { resize: "scale" },
      },
      {
        name: "a fragment, which wins over the query",
        query: "?host=a&password=one",
        fragment: "#password=two&logging=debug",
        options: { host: "a", password: "two", logging: "debug" },
      },
      { name: "the last value of a name", query: "?title=a&title=b", options: { title: "b" } },
      { name: "a plus sign as itself", query: "?password=a+b", options: { password: "a+b" } },
      { name: "a lone percent sign as itself", query: "?title=100%", options: { title: "100%" } },
    ];
  for (const { name, query, fragment, options } of cases) {
    it(`reads ${name}`, () => {
      assert.deepEqual(parsePageOptions(query, fragment ?? ""), { ...nothingGiven, ...options });
    });
  }

  const ignored = [
    "?quality=10",
    "?quality=-1",
    "?quality=best",
    "?compression=1.5",
    "?port=0",
    "?port=65536",
    "?port=80@evil",
    "?resize=stretch",
    "?logging=loud",
    "?reconnect_delay=-5",
    "?token=&path=&title=",
    "?&&=x&=",
  ];
  for (const query of ignored) {
    it(`takes ${query} as if it was not there`, () => {
      assert.deepEqual(parsePageOptions(query, ""), nothingGiven);
    });
  }

  it("throws on no query and no fragment", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (query, fragment) => {
        parsePageOptions(query, fragment);
      }),
    );
  });
});
