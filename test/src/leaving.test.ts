import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LeavingStage } from "./support/leaving-stage.ts";

const TIMEOUT_MS = 120_000;
const CONVERSATIONS = 240;
const SEED = 12;
/** Of a machine with other work: the limits themselves are shorter. */
const LATE_MS = 10_000;
/** `handshake_timeout` and the lingering of a refused viewer, or the rest of a half-closed connection. */
const LIMITS_MS = { "6080": 5_000, "6081": 12_000 } as const;

describe("viewers that leave at any byte", { timeout: 2 * TIMEOUT_MS }, () => {
  it("leave no session, connection or slot behind", { timeout: TIMEOUT_MS }, async () => {
    await using stage = await LeavingStage.start(SEED);
    await stage.converse(CONVERSATIONS, ["FIN", "RST", "close frame"]);
    for (const port of ["6080", "6081"] as const) {
      await stage.emptied(port, LIMITS_MS[port] + LATE_MS);
      assert.ok(await stage.allSlotsAreFree(port), `slots are taken on ${port}`);
    }
  });
});
