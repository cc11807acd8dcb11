import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";

import { loadConfig, type ConfigRequest, type LoadedConfig } from "./load-config.ts";
import type { CommandLineValue } from "./read-config.ts";

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "nova-config-"));
});

afterEach(() => {
  rmSync(root, { recursive: true });
});

function write(path: string, text: string | Buffer): string {
  const whole = join(root, path);
  mkdirSync(dirname(whole), { recursive: true });
  writeFileSync(whole, text);
  return whole;
}

function request(commandLine: readonly CommandLineValue[] = []): ConfigRequest {
  return {
    program: "nova-novncproxy",
    homeDirectory: join(root, "home"),
    rootDirectory: root,
    hostName: "node1",
    primaryAddress: "192.0.2.1",
    cores: 4,
    commandLine,
  };
}

function given(name: string, text: string, group = "DEFAULT"): CommandLineValue {
  const word = group === "DEFAULT" ? name.replace("_", "-") : `${group}-${name}`;
  return { group, name, text, spelling: `--${word}` };
}

/** Loads one file with this text. */
function load(text: string | Buffer): LoadedConfig {
  return loadConfig(request([given("config_file", write("nova.conf", text))]));
}

describe("loadConfig()", () => {
  it("has a value and a source for every option when there is nothing to read", () => {
    const { values, sources, warnings, files } = loadConfig(request());
    assert.equal(values.vnc.novncproxy_port, 6080);
    assert.equal(values.DEFAULT.web, null);
    assert.equal(values.DEFAULT.host, "node1");
    assert.equal(values.DEFAULT.my_ip, "192.0.2.1");
    assert.equal(values.console_proxy.buffer_limit, 1_048_576);
    assert.equal(sources["vnc.novncproxy_port"], "default");
    assert.deepEqual([warnings, files], [[], []]);
  });

  it("is deeply frozen", () => {
    const { values } = loadConfig(request());
    assert.ok(
      Object.isFrozen(values) &&
        Object.isFrozen(values.vnc) &&
        Object.isFrozen(values.vnc.auth_schemes),
    );
  });

  it("searches files and directories in RDO's order", () => {
    write("etc/nova/nova.conf.d/1.conf", "");
    write("etc/nova.conf", "[vnc]\nnovncproxy_port = 1\n");
    write("etc/nova/nova.conf", "[vnc]\nnovncproxy_port = 2\n");
    write("etc/nova-novncproxy.conf", "");
    write("home/nova.conf", "");
    write("home/.nova/nova.conf.d/2.conf", "");
    write("home/.nova/nova.conf.d/10.conf", "");
    write("home/.nova/nova.conf.d/.hidden.conf", "");
    write("home/.nova/nova.conf.d/readme", "");
    write("etc/nova-novncproxy.conf.d/3.conf", "");
    write("usr/share/nova/nova-dist.conf", "");
    write("usr/share/nova/nova-novncproxy-dist.conf", "");
    assert.deepEqual(
      loadConfig(request()).files.map((file) => file.slice(root.length + 1)),
      [
        "usr/share/nova/nova-dist.conf",
        "usr/share/nova/nova-novncproxy-dist.conf",
        "home/nova.conf",
        "etc/nova-novncproxy.conf",
        "home/.nova/nova.conf.d/10.conf",
        "home/.nova/nova.conf.d/2.conf",
        "etc/nova-novncproxy.conf.d/3.conf",
      ],
    );
  });

  it("reads the named files instead of those, and ~ as the home directory", () => {
    write("etc/nova/nova.conf", "");
    write("etc/nova/nova.conf.d/1.conf", "");
    const path = write("home/x.conf", "[DEFAULT]\nweb = /x\n");
    const { values, files } = loadConfig(request([given("config_file", "~/x.conf")]));
    assert.deepEqual([values.DEFAULT.web, files], ["/x", [path]]);
  });

  it("reads a named directory after the files that are found", () => {
    const found = write("etc/nova/nova.conf", "");
    write("etc/nova/nova.conf.d/1.conf", "");
    const named = write("d/1.conf", "");
    const { files } = loadConfig(request([given("config_dir", dirname(named))]));
    assert.deepEqual(files, [found, named]);
  });

  it("lets what stands later on the command line win, files included", () => {
    const path = write("x.conf", "[DEFAULT]\nweb = /file\n");
    const file = given("config_file", path);
    const web = given("web", "/option");
    assert.equal(loadConfig(request([file, web])).values.DEFAULT.web, "/option");
    assert.equal(loadConfig(request([web, file])).values.DEFAULT.web, "/file");
  });

  it("tells where each value comes from", () => {
    const path = write("x.conf", "[vnc]\n\nenabled = no\n");
    const { sources } = loadConfig(
      request([given("config_file", path), given("novncproxy_port", "1", "vnc")]),
    );
    assert.equal(sources["vnc.enabled"], `${path}:3`);
    assert.equal(sources["vnc.novncproxy_port"], "command line (--vnc-novncproxy_port)");
  });

  it("names every wrong value with file, line, group, option, what was found and what is allowed", () => {
    assert.throws(() => load("[vnc]\nnovncproxy_port = 60x80\nenabled = maybe\n"), {
      code: "CONFIG_ERR_INVALID_OPTION",
      message:
        `${join(root, "nova.conf")}:3: [vnc] enabled: found "maybe", must be true, yes, on or 1, or false, no, off or 0\n` +
        `${join(root, "nova.conf")}:2: [vnc] novncproxy_port: found "60x80", must be a port, 0 to 65535`,
    });
  });

  it("names the command line's wrong values as they were written", () => {
    assert.throws(() => loadConfig(request([given("novncproxy_port", "x", "vnc")])), {
      message:
        'command line (--vnc-novncproxy_port): [vnc] novncproxy_port: found "x", must be a port, 0 to 65535',
    });
  });

  const references = [
    {
      text: "[vnc]\nnovncproxy_host = $novncproxy_host\n",
      says: /novncproxy_host: refers to \$novncproxy_host, whose value/,
    },
    {
      text: "[DEFAULT]\nweb = $nosuch\n",
      says: /web: refers to \$nosuch, which is not set anywhere/,
    },
    { text: "[DEFAULT]\nweb = ${constructor.name}\n", says: /there is no group "constructor"/ },
    {
      text: "[DEFAULT]\nweb = ${vnc.constructor}\n",
      says: /refers to \$vnc.constructor, which is not set/,
    },
    { text: "[DEFAULT]\nweb = ${DEFAULT.key}\n", says: /write \$key/ },
    { text: "[DEFAULT]\nx = $y\ny = $x\nweb = $x\n", says: /web: refers by \$ to itself/ },
    {
      text: `[DEFAULT]\n${Array.from({ length: 40 }, (_none, i) => `x${i} = $x${i + 1}\n`).join("")}x40 = 1\nweb = $x0\n`,
      says: /web: refers by \$ through more than 32 options/,
    },
    {
      text: `[DEFAULT]\n${Array.from({ length: 30 }, (_none, i) => `x${i} = $x${i + 1}$x${i + 1}\n`).join("")}x30 = 0123456789\nweb = $x0\n`,
      says: /web: is longer than 65536 characters/,
    },
  ];
  for (const { text, says } of references) {
    it(`refuses ${JSON.stringify(text.slice(0, 50))}: ${says.source}`, { timeout: 10_000 }, () => {
      assert.throws(() => load(text), { code: "CONFIG_ERR_INVALID_OPTION", message: says });
    });
  }

  it("follows references to options of nova that it does not declare", () => {
    const { values } = load(
      "[DEFAULT]\npybasedir = /opt\nstate_path = $pybasedir/s\n[vnc]\nnovncproxy_host = $x.y\n[x]\ny = h\n",
    );
    assert.equal(values.DEFAULT.state_path, "/opt/s");
    assert.equal(values.vnc.novncproxy_host, "h");
  });

  it("does not show a secret in an error", () => {
    assert.throws(
      () => load("[database]\nconnection = mysql://u:pa$hunter2@h/d\n"),
      (error) => {
        assert.ok(error instanceof Error);
        assert.match(
          error.message,
          /nova\.conf:2: \[database\] connection: refers by \$ to an option .*write \$\$/,
        );
        assert.doesNotMatch(error.message, /hunter2/);
        return true;
      },
    );
  });

  it("says for a file that is missing, a directory, or no text which one and why", () => {
    const named =
      (path: string): (() => unknown) =>
      () =>
        loadConfig(request([given("config_file", path)]));
    assert.throws(named("/no/such"), {
      code: "CONFIG_ERR_FILE",
      message: "config file /no/such: not found",
    });
    assert.throws(named(root), {
      code: "CONFIG_ERR_FILE",
      message: /is a directory, must be a file/,
    });
    assert.throws(named("/dev/zero"), {
      code: "CONFIG_ERR_FILE",
      message: /larger than 16777216 bytes/,
    });
    assert.throws(() => load(Buffer.from("[a]\nx = \xff\n", "latin1")), {
      code: "CONFIG_ERR_PARSE",
      message: `${join(root, "nova.conf")}:2: is not UTF-8 text`,
    });
  });

  it("reads a file that is a whole number of chunks long", () => {
    const text = "[vnc]\nnovncproxy_port = 1\n";
    assert.equal(
      load(text + "#".repeat(2 * 64 * 1024 - text.length)).values.vnc.novncproxy_port,
      1,
    );
  });

  it("uses the default for an empty number and says so", () => {
    const { values, warnings } = load("[vnc]\nnovncproxy_port =\n");
    assert.equal(values.vnc.novncproxy_port, 6080);
    assert.match(
      warnings.join(),
      /nova\.conf:2: \[vnc\] novncproxy_port is empty: the default is used, 6080$/,
    );
  });

  const warned = [
    {
      text: "[DEFAULT]\nvnc_enabled = no\n",
      says: /:2: \[DEFAULT\] vnc_enabled is an old name: write \[vnc\] enabled$/,
    },
    {
      text: "[vnc]\nnovncproxy_prt = 1\n",
      says: /:2: \[vnc\] novncproxy_prt is not an option; did you mean novncproxy_port\?$/,
    },
    {
      text: "[VNC]\nnovncproxy-port = 1\n",
      says: /\[vnc\] novncproxy-port is not an option; did you mean novncproxy_port\?$/,
    },
    { text: "[console_proxy]\nidle_timout = 1\n", says: /did you mean idle_timeout\?$/ },
    { text: "[console]\nzzz = 1\n", says: /\[console\] zzz is not an option$/ },
    {
      text: "[ vnc ]\nenabled = no\n",
      says: /\[ vnc \] enabled is not read: the group's name must be \[vnc\]$/,
    },
    { text: "[default]\nweb = /x\n", says: /must be \[DEFAULT\]$/ },
    { text: "[vnc]\nkeymap = de\n", says: null },
    { text: "[vnc]\nvncserver_listen = h\nserver_listen = h\n", says: null },
    { text: "[libvirt]\nvnc = x\n[DEFAULT]\nnosuch = 1\n", says: null },
  ];
  for (const { text, says } of warned) {
    it(`${says === null ? "does not warn" : "warns"} of ${JSON.stringify(text)}`, () => {
      const { warnings } = load(text);
      assert.equal(warnings.length, says === null ? 0 : 1, warnings.join("\n"));
      assert.match(warnings.join("\n"), says ?? /^$/);
    });
  }
});
