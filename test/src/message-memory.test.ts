import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { floodWithMessages } from "./support/message-flood.ts";

const TIMEOUT_MS = 90_000;
const MIB = 2 ** 20;
/** For two workers, of which each may have 64 MiB for reads that are not collected yet. */
const MOST_BYTES = 128 * MIB;

describe("eight sessions that send messages of one byte", { timeout: 3 * TIMEOUT_MS }, () => {
  for (const backendReads of [true, false]) {
    const reads = backendReads ? "reads" : "does not read";
    it(
      `are held in little memory while the backend ${reads}`,
      { timeout: TIMEOUT_MS },
      async () => {
        const flood = { messageBytes: 1, backendReads, floodMs: 1_000, restMs: 0 };
        const { most } = await floodWithMessages(flood);
        assert.ok(most < MOST_BYTES, `the workers grew by ${(most / MIB).toFixed(1)} MiB`);
      },
    );
  }
});
