import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { describe, it } from "node:test";
import { type Config, loadConfig } from "@nova-console/config";
import { settingsOf, settingsWarnings } from "./settings.ts";

function configOf(...options: [group: string, name: string, text: string][]): Config {
  const commandLine = [["DEFAULT", "config_file", "/dev/null"], ...options].map(
    ([group = "", name = "", text = ""]) => ({ group, name, text, spelling: `--${name}` }),
  );
  const homeDirectory = tmpdir();
  return loadConfig({
    ...{ program: "nova-novncproxy", hostName: "h", primaryAddress: "127.0.0.1", cores: 4 },
    ...{ homeDirectory, commandLine },
  }).values;
}

describe("settingsOf()", () => {
  it("has nova's defaults, and our page", () => {
    const { host, port, web, allowedOrigins, tls } = settingsOf(configOf());
    assert.deepEqual([host, port, web, allowedOrigins], ["0.0.0.0", 6080, null, []]);
    assert.deepEqual([tls.sslOnly, tls.minimumVersion], [false, "default"]);
  });

  it("takes what nova.conf says", () => {
    const settings = settingsOf(
      configOf(
        ["vnc", "novncproxy_host", "::1"],
        ["vnc", "novncproxy_port", "16080"],
        ["DEFAULT", "web", "/usr/share/novnc"],
        ["console", "allowed_origins", "a.example, b.example"],
        ["console_proxy", "ping_interval", "2.5"],
      ),
    );
    assert.deepEqual([settings.host, settings.port], ["::1", 16_080]);
    assert.equal(settings.web, "/usr/share/novnc");
    assert.deepEqual(settings.allowedOrigins, ["a.example", "b.example"]);
    assert.equal(settings.pingIntervalMs, 2500);
  });

  it("has what desktop viewers are told from the options of nova-xvpvncproxy", () => {
    const { viewers } = settingsOf(
      configOf(
        ["vnc", "xvpvncproxy_base_url", "https://c.example:6081/"],
        ["console_proxy", "viewer_security", "X509Plain,VncAuth"],
        ["console_proxy", "viewer_password_secret_file", "/etc/nova/viewer"],
      ),
    );
    assert.deepEqual(viewers, {
      baseUrl: "https://c.example:6081/",
      security: ["X509Plain", "VncAuth"],
      passwordSecretFile: "/etc/nova/viewer",
    });
  });

  it("takes an empty web for our page", () => {
    assert.equal(settingsOf(configOf(["DEFAULT", "web", ""])).web, null);
  });
});

describe("settingsWarnings()", () => {
  it("says that nothing is recorded", () => {
    assert.deepEqual(settingsWarnings(configOf()), []);
    assert.match(settingsWarnings(configOf(["DEFAULT", "record", "/x"]))[0] ?? "", /record/);
  });
});
