import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ViewerFilesError } from "./errors.ts";
import { viewerAddressOf } from "./viewer-address.ts";

describe("viewerAddressOf()", () => {
  const good: readonly (readonly [string, string, number])[] = [
    ["http://127.0.0.1:6081/console", "127.0.0.1", 6081],
    ["https://console.example.org:6081/", "console.example.org", 6081],
    ["https://[2001:db8::7]:6081/console", "2001:db8::7", 6081],
    ["http://console.example.org/console", "console.example.org", 80],
    ["https://console.example.org", "console.example.org", 443],
    ["https://console.example.org:443/", "console.example.org", 443],
    ["http://user:secret@h_1:6081/x?y#z", "h_1", 6081],
    ["http://bücher.example:6081/", "xn--bcher-kva.example", 6081],
  ];
  for (const [url, host, port] of good) {
    it(`finds ${host} and ${port} in ${url}`, () => {
      assert.deepEqual(viewerAddressOf(url), { host, port });
    });
  }

  const bad = ["", "console:6081", "ftp://h:6081/", "http://:6081/", "http://h:0/", "http://-h:1/"];
  for (const url of bad) {
    it(`refuses ${JSON.stringify(url)}, naming the option`, () => {
      assert.throws(() => viewerAddressOf(url), {
        code: "VIEWER_FILES_ERR_BASE_URL",
        message: /^\[vnc\] xvpvncproxy_base_url is ".*": viewers need http:\/\/HOST:PORT/,
      });
    });
  }

  it("gives a host without a sign that could mean something, for whatever URL", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.webUrl(),
          fc.string().map((text) => `http://${text}`),
        ),
        (url) => {
          try {
            const { host, port } = viewerAddressOf(url);
            assert.match(host, /^[a-z0-9._:][a-z0-9._:-]*$/i);
            assert.ok(port >= 1 && port <= 65_535);
          } catch (error) {
            assert.ok(error instanceof ViewerFilesError);
          }
        },
      ),
    );
  });
});
