import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { connectionsOfWorker } from "./proxy-settings.ts";

describe("connectionsOfWorker()", () => {
  it("is the limit for one worker", () => {
    assert.equal(connectionsOfWorker(256, 1), 256);
    assert.equal(connectionsOfWorker(1, 8), 1);
  });

  it("is never less than a share, nor more than the limit", () => {
    for (const workers of [1, 2, 3, 16, 64, 1024]) {
      for (const limit of [1, 2, 100, 256]) {
        const connections = connectionsOfWorker(limit, workers);
        assert.ok(connections * workers >= limit && connections <= limit);
      }
    }
  });

  it("has room for as many connections as the limit, spread by chance", () => {
    let seed = 1;
    const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
    for (const workers of [2, 16, 64]) {
      const most = connectionsOfWorker(256, workers);
      for (let times = 0; times < 100; times++) {
        const held = new Array<number>(workers).fill(0);
        for (let at = 0; at < 256; at++) {
          const worker = Math.floor(random() * workers);
          held[worker] = (held[worker] ?? 0) + 1;
        }
        assert.ok(Math.max(...held) <= most, `${workers} workers: ${Math.max(...held)} > ${most}`);
      }
    }
  });
});
