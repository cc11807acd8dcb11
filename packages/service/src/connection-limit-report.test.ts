import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ConnectionLimitReport } from "./connection-limit-report.ts";

describe("ConnectionLimitReport", () => {
  it("tells of the first connection at once, and of all others of a minute in one line", (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const lines: { message: string; connections?: unknown; address?: unknown }[] = [];
    const counted: string[] = [];
    const report = new ConnectionLimitReport({
      log: {
        warn: (message, fields) => lines.push({ message, ...fields }),
      },
      settings: { maxConnectionsPerAddress: 256, maxConnectionsWithoutToken: 20_000 },
      count: (option) => counted.push(option),
    });
    const told = (): unknown[][] =>
      lines.splice(0).map(({ connections, address }) => [connections, address]);
    report.add("192.0.2.1", "per-address");
    assert.match(
      lines[0]?.message ?? "",
      /has 256 .* max_connections_per_address.* trusted_proxies.* X-Forwarded-For/,
    );
    assert.deepEqual(told(), [[1, "192.0.2.1"]]);
    for (let at = 0; at < 500; at++) report.add(`192.0.2.${at % 5}`, "per-address");
    report.add("192.0.2.9", "in-all");
    assert.match(lines[0]?.message ?? "", /more than 20000 .* max_connections_without_token/);
    assert.deepEqual(told(), [[1, "192.0.2.9"]]);
    t.mock.timers.tick(60_000);
    assert.deepEqual(told(), [[500, "192.0.2.4"]]);
    t.mock.timers.tick(60_000);
    assert.deepEqual(told(), []);
    report.add("192.0.2.7", "per-address");
    assert.deepEqual(told(), [[1, "192.0.2.7"]]);
    assert.equal(counted.length, 503);
    assert.deepEqual(
      new Set(counted),
      new Set(["max_connections_per_address", "max_connections_without_token"]),
    );
  });
});
