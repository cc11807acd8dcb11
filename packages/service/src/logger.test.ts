import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createLog, type Log } from "./logger.ts";
import { SessionLog, type EndedSession } from "./session-log.ts";

function open(level: "info" | "debug"): { log: Log; lines: string[] } {
  const lines: string[] = [];
  const log = createLog({
    ...{ program: "nova-xvpvncproxy", pid: 1, format: "text", level, now: () => 0 },
    sink: {
      write: (line) => lines.push(line.slice(line.indexOf("1 ", 23))),
      reopen: () => undefined,
      close: () => undefined,
    },
  });
  return { log, lines };
}

describe("createLog()", () => {
  it("writes each line before the call returns", () => {
    const { log, lines } = open("info");
    for (let n = 0; n < 100; n++) log.logger.info("line", { n });
    assert.equal(lines.length, 100);
  });

  it("writes debug lines from when the level says so", () => {
    const { log, lines } = open("info");
    log.logger.debug("unseen");
    log.setLevel("debug");
    log.logger.debug("seen");
    assert.deepEqual(lines, ["1 DEBUG nova-xvpvncproxy [-] seen\n"]);
  });

  it("takes nothing in a message for a format", () => {
    const { log, lines } = open("info");
    log.logger.warn("100 %s %d", { message: "more", level: "x" });
    assert.deepEqual(lines, ["1 WARNING nova-xvpvncproxy [-] 100 %s %d message=more level=x\n"]);
  });
});

describe("SessionLog", () => {
  const session: EndedSession = {
    number: 17,
    front: "xvp-connect",
    viewerAddress: "192.0.2.7",
    tokenId: "0a1b2c3d",
    instanceUuid: "b1a9a2d8-0000-4000-8000-000000000001",
    backend: "192.0.2.9:5900",
    reason: "viewer-closed",
    detail: "viewer ended",
    bug: null,
    durationMs: 1200,
    bytesFromViewer: 10,
    bytesToViewer: 20,
  };

  it("writes one line per session", () => {
    const { log, lines } = open("info");
    new SessionLog({ log: log.logger, pid: 1 }).ended(session);
    assert.deepEqual(lines, [
      "1 INFO nova-xvpvncproxy [-] session closed front=xvp-connect viewerAddress=192.0.2.7 " +
        "tokenId=0a1b2c3d instanceUuid=b1a9a2d8-0000-4000-8000-000000000001 backend=192.0.2.9:5900 " +
        'reason=viewer-closed detail="viewer ended" durationMs=1200 bytesFromViewer=10 bytesToViewer=20 session=1-17\n',
    ]);
  });

  it("writes a line when the viewer has its screen", () => {
    const { log, lines } = open("info");
    new SessionLog({ log: log.logger, pid: 1 }).opened(session);
    assert.deepEqual(lines, [
      "1 INFO nova-xvpvncproxy [-] session opened front=xvp-connect viewerAddress=192.0.2.7 " +
        "tokenId=0a1b2c3d instanceUuid=b1a9a2d8-0000-4000-8000-000000000001 backend=192.0.2.9:5900 " +
        "openingMs=1200 session=1-17\n",
    ]);
  });

  it("writes the stack of a bug beside it", () => {
    const { log, lines } = open("info");
    new SessionLog({ log: log.logger, pid: 1 }).ended({ ...session, bug: new TypeError("oops") });
    assert.equal(lines.length, 2);
    assert.match(lines[1] ?? "", /ERROR .* this is a bug error=oops\n[^]*TypeError: oops/);
  });

  it("sums up sessions without an instance by address and reason", (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const { log, lines } = open("info");
    const sessions = new SessionLog({ log: log.logger, pid: 1 });
    const refused = { ...session, instanceUuid: null, backend: null, reason: "token-invalid" };
    for (let times = 0; times < 1_000; times++) {
      sessions.ended(refused);
      sessions.ended({ ...refused, viewerAddress: "192.0.2.8" });
      sessions.ended({ ...refused, reason: "token-missing" });
    }
    assert.equal(lines.length, 3);
    for (let times = 0; times < 10; times++) sessions.ended(session);
    assert.equal(lines.length, 13);
    sessions.close();
    assert.match(
      lines.slice(13).join(""),
      /^.* 999 more of the same from 192\.0\.2\.7 within 60 s line="session closed" reason=token-invalid\n.*192\.0\.2\.8.*\n.*=token-missing\n$/,
    );
  });
});
