import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { RepeatedLines } from "./repeated-lines.ts";

interface Stage {
  readonly written: string[];
  readonly lines: RepeatedLines;
  readonly write: (address: string, reason?: string, level?: "info" | "warn") => void;
}

function stageOf(t: TestContext): Stage {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const written: string[] = [];
  const log = (message: string, fields?: object): void => {
    written.push(`${message} ${JSON.stringify(fields)}`);
  };
  const warn = (message: string, fields?: object): void => {
    log(`! ${message}`, fields);
  };
  const lines = new RepeatedLines({ info: log, warn });
  return {
    written,
    lines,
    write: (address, reason = "bad", level = "info") => {
      lines.write({ level, message: "refused", address, reason, fields: { address } });
    },
  };
}

const sum = (more: number, from: string, reason = "bad"): string =>
  `${more} more of the same from ${from} within 60 s {"line":"refused","reason":"${reason}"}`;

describe("RepeatedLines", () => {
  it("writes a line once a minute, and then how many more there were", (t) => {
    const { written, write } = stageOf(t);
    for (let times = 0; times < 10_000; times++) write("192.0.2.1");
    assert.deepEqual(written.splice(0), ['refused {"address":"192.0.2.1"}']);
    t.mock.timers.tick(60_000);
    assert.deepEqual(written.splice(0), [sum(9_999, "192.0.2.1")]);
    for (let times = 0; times < 5; times++) write("192.0.2.1");
    t.mock.timers.tick(59_999);
    assert.deepEqual(written, []);
    t.mock.timers.tick(1);
    assert.deepEqual(written.splice(0), [sum(5, "192.0.2.1")]);
  });

  it("writes nothing more when there was nothing more, and the next one at once", (t) => {
    const { written, write } = stageOf(t);
    write("192.0.2.1");
    t.mock.timers.tick(60_000);
    write("192.0.2.1");
    assert.equal(written.length, 2);
    assert.equal(written[1], 'refused {"address":"192.0.2.1"}');
  });

  it("tells addresses, reasons and messages apart, and takes a /64 for one", (t) => {
    const { written, write, lines } = stageOf(t);
    write("192.0.2.1");
    write("192.0.2.2");
    write("192.0.2.1", "worse", "warn");
    write("2001:db8::1");
    write("2001:db8::2");
    lines.write({
      ...{ level: "info", message: "closed", address: "192.0.2.1", reason: "bad", fields: {} },
    });
    assert.equal(written.length, 5);
    assert.match(written[2] ?? "", /^! refused/);
    lines.flush();
    assert.deepEqual(written.slice(5), [sum(1, "2001:db8:0:0::/64")]);
  });

  it("bounds what it remembers and writes of a flood from many addresses", (t) => {
    const { written, write } = stageOf(t);
    for (let number = 0; number < 100_000; number++) {
      write(`10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`);
    }
    assert.equal(written.length, 500);
    t.mock.timers.tick(60_000);
    assert.deepEqual(written.slice(500), [sum(99_500, "other addresses")]);
  });

  it("writes the sums at the end, and forgets them", (t) => {
    const { written, write, lines } = stageOf(t);
    write("192.0.2.1");
    write("192.0.2.1");
    lines.flush();
    lines.flush();
    t.mock.timers.tick(120_000);
    assert.deepEqual(written.slice(1), [sum(1, "192.0.2.1")]);
  });
});
