import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { withSources } from "./with-sources.ts";

const sources = {
  "DEFAULT.cert": "/etc/nova/nova.conf:12",
  "DEFAULT.ssl_only": "command line (--ssl_only)",
  "DEFAULT.key": "default",
};

describe("withSources()", () => {
  it("tells where each option that a message names was set, once", () => {
    assert.equal(
      withSources("[DEFAULT] ssl_only needs [DEFAULT] cert, and [DEFAULT] cert is gone", sources),
      "[DEFAULT] ssl_only needs [DEFAULT] cert, and [DEFAULT] cert is gone " +
        "(ssl_only: command line (--ssl_only); cert: /etc/nova/nova.conf:12)",
    );
  });

  it("leaves a message alone that names none, or only such as have their default", () => {
    for (const message of ["the port is taken", "[DEFAULT] key is unset", "[vnc] no_such thing"]) {
      assert.equal(withSources(message, sources), message);
    }
  });
});
