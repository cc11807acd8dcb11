import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { openViewerAccess, type ViewerProblem, type ViewerSettings } from "./open-viewer-access.ts";

describe("openViewerAccess()", () => {
  let directory: string;
  let warnings: string[];
  let settings: ViewerSettings;
  const log = ({ message }: ViewerProblem): void => {
    warnings.push(message);
  };

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "viewer-access-"));
    warnings = [];
    settings = {
      baseUrl: "http://console.example.org:6081/console",
      security: ["auto"],
      passwordSecretFile: join(directory, "secret"),
    };
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  it("has address, security and the secret for passwords of 8 characters", () => {
    const access = openViewerAccess(settings, false, log);
    assert.deepEqual(access?.address, { host: "console.example.org", port: 6081 });
    assert.deepEqual(access.security, ["TLSPlain", "Plain", "xvp", "VncAuth"]);
    assert.equal(access.passwordSecret?.length, 64);
    assert.deepEqual(warnings, []);
  });

  it("makes no secret where no such password is taken", () => {
    const access = openViewerAccess(settings, true, log);
    assert.deepEqual(access?.security, ["X509Plain"]);
    assert.equal(access.passwordSecret, null);
  });

  it("takes https for a certificate, wherever the proxy runs", () => {
    const access = openViewerAccess({ ...settings, baseUrl: "https://c.example" }, false, log);
    assert.deepEqual(access?.security, ["X509Plain"]);
    assert.deepEqual(access.address, { host: "c.example", port: 443 });
  });

  it("goes on without the secret if its file cannot be made, and says so", () => {
    const passwordSecretFile = join(directory, "none", "none", "secret");
    const access = openViewerAccess({ ...settings, passwordSecretFile }, false, log);
    assert.equal(access?.passwordSecret, null);
    assert.match(warnings.join(), /^viewer_password_secret_file .*ENOENT/);
  });

  it("is null without an address that viewers could go to, and says so", () => {
    assert.equal(openViewerAccess({ ...settings, baseUrl: "ws://x/" }, false, log), null);
    assert.match(warnings.join(), /^\[vnc\] xvpvncproxy_base_url is "ws/);
  });

  it("ends with what the caller throws of a problem", () => {
    const passwordSecretFile = join(directory, "none", "none", "secret");
    assert.throws(
      () =>
        openViewerAccess({ ...settings, passwordSecretFile }, false, ({ code }) => {
          throw new Error(code);
        }),
      { message: "TOKEN_ERR_STORE_SETTING" },
    );
  });
});
