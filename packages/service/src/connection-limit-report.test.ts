import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ConnectionLimitReport } from "./connection-limit-report.ts";

describe("ConnectionLimitReport", () => {
  it("tells of the first connection at once, and of all others of a minute in one line", (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const lines: string[] = [];
    const counted: string[] = [];
    const write = (message: string, fields?: object): void => {
      lines.push(`${message} ${JSON.stringify(fields)}`);
    };
    const report = new ConnectionLimitReport({
      log: { info: write, warn: write },
      settings: { maxConnectionsPerAddress: 256, maxConnectionsWithoutToken: 20_000 },
      count: (option) => counted.push(option),
    });
    const first =
      /has 256 .* max_connections_per_address.* trusted_proxies.* X-Forwarded-For.*"192.0.2.1"/;
    report.add("192.0.2.1", "per-address");
    assert.match(lines.splice(0).join("\n"), first);
    for (let at = 0; at < 500; at++) report.add(`192.0.2.${at % 5}`, "per-address");
    report.add("192.0.2.9", "in-all");
    assert.match(lines.join("\n"), /^[^\n]*more than 20000 .* max_connections_without_token.*$/);
    lines.splice(0);
    t.mock.timers.tick(60_000);
    assert.match(
      lines.splice(0).join("\n"),
      /^500 more .*from any address.*connections refused:.*$/,
    );
    t.mock.timers.tick(60_000);
    assert.deepEqual(lines, []);
    report.add("192.0.2.1", "per-address");
    assert.match(lines.splice(0).join("\n"), first);
    report.add("192.0.2.1", "per-address");
    report.close();
    assert.match(lines.splice(0).join("\n"), /^1 more .*connections refused:.*$/);
    assert.equal(counted.length, 504);
    assert.deepEqual(
      new Set(counted),
      new Set(["max_connections_per_address", "max_connections_without_token"]),
    );
  });
});
