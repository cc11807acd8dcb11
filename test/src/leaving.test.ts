import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LeavingStage } from "./support/leaving-stage.ts";

const TIMEOUT_MS = 120_000;
const CONVERSATIONS = 240;
const SEED = 12;
/** Of a machine with other work: the limits themselves are shorter. */
const LATE_MS = 10_000;
/** `handshake_timeout` and the lingering of a refused viewer. */
const LIMIT_MS = 5_000;

describe("viewers that leave at any byte", { timeout: 2 * TIMEOUT_MS }, () => {
  it("leave no session, connection or slot behind", { timeout: TIMEOUT_MS }, async () => {
    await using stage = await LeavingStage.start(SEED);
    // The limit of half-closed sessions is the relay's, and tested there.
    await stage.converse(CONVERSATIONS, ["FIN", "RST", "close frame"], false);
    await Promise.all(
      (["6080", "6081"] as const).map(async (port) => {
        await stage.emptied(port, LIMIT_MS + LATE_MS);
        assert.ok(await stage.allSlotsAreFree(port), `slots are taken on ${port}`);
      }),
    );
  });
});
