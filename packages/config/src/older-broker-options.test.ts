import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";

import { loadConfig, type LoadedConfig } from "./load-config.ts";

const directory = mkdtempSync(join(tmpdir(), "nova-config-"));
const path = join(directory, "nova.conf");
after(() => {
  rmSync(directory, { recursive: true });
});

function load(text: string): LoadedConfig {
  writeFileSync(path, text);
  return loadConfig({
    program: "nova-consoleauth",
    homeDirectory: "/nonexistent",
    rootDirectory: "/nonexistent",
    ...{ hostName: "host1", primaryAddress: "192.0.2.1", cores: 1 },
    commandLine: [{ group: "DEFAULT", name: "config_file", text: path, spelling: "--config-file" }],
  });
}

const KILO = "[oslo_messaging_rabbit]\n";

describe("options before transport_url", () => {
  const cases: [title: string, text: string, url: string | null][] = [
    ["nothing", "", null],
    [
      "one broker of Grizzly to Juno",
      "rabbit_host = mq\nrabbit_port = 5673\nrabbit_userid = nova\nrabbit_password = s3cret\nrabbit_virtual_host = nova\n",
      "rabbit://nova:s3cret@mq:5673/nova",
    ],
    ["a password only", "rabbit_password = s3cret\n", "rabbit://guest:s3cret@localhost:5672/"],
    [
      "a virtual host only",
      "rabbit_virtual_host = /nova\n",
      "rabbit://guest:guest@localhost:5672/%2Fnova",
    ],
    [
      "several brokers of Kilo to Queens",
      `${KILO}rabbit_hosts = mq1:5673, mq2\nrabbit_port = 5674\nrabbit_userid = nova\n`,
      "rabbit://nova:guest@mq1:5673,nova:guest@mq2:5674/",
    ],
    [
      "IPv6 addresses",
      `${KILO}rabbit_hosts = [fd00::1]:5673,[fd00::2],fd00::3\n`,
      "rabbit://guest:guest@[fd00::1]:5673,guest:guest@[fd00::2]:5672,guest:guest@[fd00::3]:5672/",
    ],
    ["an IPv6 address alone", "rabbit_host = fd00::1\n", "rabbit://guest:guest@[fd00::1]:5672/"],
    [
      "signs that mean something in a URL",
      "rabbit_userid = a:b\nrabbit_password = p@/#?%$$x\n",
      "rabbit://a%3Ab:p%40%2F%23%3F%25%24x@localhost:5672/",
    ],
    [
      "hosts that refer to a port that is not written",
      "rabbit_host = mq\nrabbit_hosts = $rabbit_host:$rabbit_port\n",
      "rabbit://guest:guest@mq:5672/",
    ],
    [
      "a group above DEFAULT",
      `rabbit_host = old\n${KILO}rabbit_host = new\n`,
      "rabbit://guest:guest@new:5672/",
    ],
    ["a kind only", "rpc_backend = rabbit\n", "rabbit://guest:guest@localhost:5672/"],
    [
      "the module of Grizzly",
      "rpc_backend = nova.openstack.common.rpc.impl_kombu\n",
      "rabbit://guest:guest@localhost:5672/",
    ],
    ["qpid", "rpc_backend = nova.openstack.common.rpc.impl_qpid\nrabbit_host = mq\n", "qpid://"],
    ["zmq", "rpc_backend = zmq\n", "zmq://"],
    [
      "an empty transport_url",
      "transport_url =\nrabbit_host = mq\n",
      "rabbit://guest:guest@mq:5672/",
    ],
    [
      "transport_url above all of them",
      "rabbit_host = mq\ntransport_url = rabbit://h/\n",
      "rabbit://h/",
    ],
    ["options that name no broker", `${KILO}rabbit_ha_queues = true\nssl = true\n`, null],
  ];
  for (const [title, text, url] of cases) {
    it(`make ${url ?? "none"} of ${title}`, () => {
      assert.equal(load(`[DEFAULT]\n${text}`).values.DEFAULT.transport_url, url);
    });
  }

  it("are named in a warning, with the line of the first, and without a value", () => {
    const { warnings, sources } = load("[DEFAULT]\nrabbit_host = mq\nrabbit_password = s3cret\n");
    assert.deepEqual(warnings, [
      `${path}:2: [DEFAULT] rabbit_host, [DEFAULT] rabbit_password: old options that are read as nova did: write [DEFAULT] transport_url`,
    ]);
    assert.equal(sources["DEFAULT.transport_url"], `${path}:2`);
    assert.deepEqual(
      load("[DEFAULT]\nrabbit_host = mq\ntransport_url = rabbit://h/\n").warnings,
      [],
    );
  });

  it("are refused by their own name and line, and without a value", () => {
    assert.throws(() => load("[DEFAULT]\nrabbit_host = mq\nrabbit_port = s3cret\n"), {
      code: "CONFIG_ERR_INVALID_OPTION",
      message: `${path}:3: [DEFAULT] transport_url: [DEFAULT] rabbit_port must be a port, 0 to 65535`,
    });
    assert.throws(() => load("[DEFAULT]\nrabbit_password = a$b\n"), {
      message: /:2: \[DEFAULT\] transport_url: \[DEFAULT\] rabbit_password refers by \$ to/,
    });
  });
});
