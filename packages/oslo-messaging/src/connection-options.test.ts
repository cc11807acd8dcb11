import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Config, loadConfig } from "@nova-console/config";
import { rpcConnectionOptionsFrom } from "./connection-options.ts";
import { RpcSettingError } from "./errors.ts";

/** @param settings - `GROUP.NAME` and text */
function configOf(settings: Readonly<Record<string, string>>): Config {
  const commandLine = Object.entries(settings).map(([key, text]) => {
    const [group = "", name = ""] = key.split(".");
    return { group, name, text, spelling: `--${key}` };
  });
  return loadConfig({
    program: "nova-consoleauth",
    homeDirectory: "/nonexistent",
    rootDirectory: "/nonexistent",
    hostName: "host1",
    primaryAddress: "192.0.2.1",
    cores: 1,
    commandLine,
  }).values;
}

const connectionName = "test";

describe("rpcConnectionOptionsFrom()", () => {
  it("has none where no transport_url is set", () => {
    assert.equal(rpcConnectionOptionsFrom(configOf({}), { connectionName }), null);
    const empty = configOf({ "DEFAULT.transport_url": "" });
    assert.equal(rpcConnectionOptionsFrom(empty, { connectionName }), null);
  });

  it("has nova's defaults", () => {
    const config = configOf({ "DEFAULT.transport_url": "rabbit://u:p@h/" });
    const options = rpcConnectionOptionsFrom(config, { connectionName });
    assert.equal(options?.exchange, "nova");
    assert.equal(options.tls, null);
    assert.equal(options.heartbeatSeconds, 60);
    assert.equal(options.durableQueues, false);
    assert.equal(options.transientQueueTtlSeconds, 1800);
  });

  it("lets the URL's settings win over the group's", () => {
    const config = configOf({
      "DEFAULT.transport_url":
        "rabbit://u:p@h/?ssl=yes&ssl_ca_file=/ca&heartbeat_timeout_threshold=7",
      "oslo_messaging_rabbit.ssl": "false",
      "oslo_messaging_rabbit.ssl_ca_file": "/other",
      "oslo_messaging_rabbit.ssl_cert_file": "/cert",
    });
    const options = rpcConnectionOptionsFrom(config, { connectionName });
    assert.deepEqual(options?.tls, {
      caFile: "/ca",
      certFile: "/cert",
      keyFile: null,
      verifyHostName: true,
    });
    assert.equal(options.heartbeatSeconds, 7);
  });

  it("makes exchange and queues durable with quorum queues", () => {
    const config = configOf({
      "DEFAULT.transport_url": "rabbit://u:p@h/?rabbit_quorum_queue=true",
    });
    const options = rpcConnectionOptionsFrom(config, { connectionName });
    assert.equal(options?.quorumQueues, true);
    assert.equal(options.durableQueues, true);
  });

  it("refuses what cannot be", () => {
    for (const url of [
      "rabbit://h/?heartbeat_timeout_threshold=often",
      "rabbit://h/?rabbit_quorum_queue=1&rabbit_ha_queues=1",
      "zmq://h/",
    ]) {
      const config = configOf({ "DEFAULT.transport_url": url });
      assert.throws(() => rpcConnectionOptionsFrom(config, { connectionName }), RpcSettingError);
    }
  });
});
