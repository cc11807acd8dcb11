import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ConnectInfo } from "@nova-console/token";
import { Admission } from "./admission.ts";
import { CountedSlots } from "./counted-slots.ts";

const settings = {
  handshakeTimeoutMs: 1,
  connectTimeoutMs: 1,
  idleTimeoutMs: 0,
  bufferLimitBytes: 1,
  maxSessions: 3,
  endsWithToken: false,
  maxSessionsPerToken: 2,
};

function infoOf(tokenDigest: string): ConnectInfo {
  return {
    ...{ tokenDigest, consoleType: "novnc", host: "192.0.2.1", port: 5900 },
    ...{ internalAccessPath: null, instanceUuid: "u", expires: 0, accessUrlBase: null },
  };
}

const tooMany = { reason: "too-many-sessions" };

describe("Admission", () => {
  it("lets in as many sessions of a token, and of all, as there may be", async () => {
    const admission = new Admission(settings);
    await admission.enter(infoOf("a"));
    await admission.enter(infoOf("a"));
    await assert.rejects(admission.enter(infoOf("a")), {
      ...tooMany,
      message: "max_sessions_per_token = 2 are open",
    });
    await admission.enter(infoOf("b"));
    await assert.rejects(admission.enter(infoOf("c")), {
      ...tooMany,
      message: "max_sessions = 3 are open",
    });
    admission.leave(infoOf("a"));
    await admission.enter(infoOf("a"));
  });

  it("asks where other processes' sessions count as well", async () => {
    const slots = { all: new CountedSlots(9), perToken: new CountedSlots(1) };
    const elsewhere = new Admission(settings, slots);
    await elsewhere.enter(infoOf("a"));
    const here = new Admission(settings, slots);
    await assert.rejects(here.enter(infoOf("a")), tooMany);
    elsewhere.leave(infoOf("a"));
    await here.enter(infoOf("a"));
  });
});
