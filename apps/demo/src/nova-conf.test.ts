import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { writeNovaConf } from "./nova-conf.ts";

describe("writeNovaConf()", () => {
  const text = writeNovaConf({
    stateDirectory: "/tmp/a$b",
    host: "127.0.0.1",
    novncPort: 7000,
    xvpPort: 7001,
  });

  it("binds the proxies to the ports that their URLs name", () => {
    assert.match(text, /^novncproxy_port = 7000$/m);
    assert.match(text, /^novncproxy_base_url = http:\/\/127\.0\.0\.1:7000\/vnc_auto\.html$/m);
    assert.match(text, /^xvpvncproxy_port = 7001$/m);
    assert.match(text, /^xvpvncproxy_base_url = http:\/\/127\.0\.0\.1:7001\/console$/m);
  });

  it("keeps a dollar sign from being taken for the name of an option", () => {
    assert.match(text, /^state_path = \/tmp\/a\$\$b$/m);
  });
});
