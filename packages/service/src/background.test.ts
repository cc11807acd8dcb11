import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isAwaitedBySystemd } from "./background.ts";

describe("isAwaitedBySystemd()", () => {
  const cases: { environment: NodeJS.ProcessEnv; is: boolean; why: string }[] = [
    { environment: {}, is: false, why: "of a shell or of Type=forking" },
    { environment: { NOTIFY_SOCKET: "" }, is: false, why: "with an empty NOTIFY_SOCKET" },
    { environment: { NOTIFY_SOCKET: "/run/notify" }, is: true, why: "of Type=notify" },
    { environment: { LISTEN_PID: "7", LISTEN_FDS: "1" }, is: true, why: "of a socket unit" },
    { environment: { LISTEN_PID: "8" }, is: false, why: "with another process' socket" },
  ];
  for (const { environment, is, why } of cases) {
    it(`says ${String(is)} in an environment ${why}`, () => {
      assert.equal(isAwaitedBySystemd(environment, 7), is);
    });
  }
});
