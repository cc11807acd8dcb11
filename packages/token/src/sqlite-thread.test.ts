import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { SqliteThread } from "./sqlite-thread.ts";

const TIMEOUT = { timeout: 30_000 };
const PATH = "/nowhere/consoles.sqlite";

/** A thread that does something else than the store's: what a real one cannot be made to do. */
function threadOf(program: string, limitMs = 20_000): SqliteThread {
  const source = `import { parentPort as port } from "node:worker_threads"; ${program}`;
  const worker = new URL(`data:text/javascript,${encodeURIComponent(source)}`);
  return new SqliteThread({ path: PATH, limitMs, worker });
}

const ANSWERS = `port.on("message", (m) => m === "close" ? port.close() : port.postMessage([m[0], []]));`;
const HANGS = `port.on("message", () => { for (;;); });`;
const DIES = `port.on("message", () => { throw new Error("out of something"); });`;

describe("SqliteThread", () => {
  let thread: SqliteThread;
  afterEach(() => thread.close());

  it("refuses a question that is not answered within its limit", TIMEOUT, async () => {
    thread = threadOf(HANGS, 200);
    await assert.rejects(thread.read("list", [0]), {
      code: "TOKEN_ERR_STORE_UNAVAILABLE",
      message: `token store ${PATH}: did not answer within 0.2 s; its disk or file system may hang`,
    });
  });

  it("says that the outcome of a write is not known", TIMEOUT, async () => {
    thread = threadOf(HANGS, 200);
    await assert.rejects(thread.write("purge", [0]), {
      message: /may hang; it is not known whether this was written$/,
    });
  });

  it("ends a thread that hangs when it is closed", TIMEOUT, async () => {
    thread = threadOf(HANGS);
    const reading = assert.rejects(thread.read("list", [0]), { message: /ended unexpectedly/ });
    await thread.close();
    await reading;
    await assert.rejects(thread.read("list", [0]), { message: /: is closed$/ });
  });

  it("discards an answer that is late", TIMEOUT, async () => {
    thread = threadOf(
      `let late = null; port.on("message", (m) => {
         if (m === "close") return port.close();
         if (late === null) { late = m[0]; return; }
         port.postMessage([late, ["late"]]); port.postMessage([m[0], []]); });`,
      1_000,
    );
    await assert.rejects(thread.read("list", [0]), { message: /did not answer/ });
    assert.deepEqual(await thread.read("list", [0]), []);
    assert.ok(thread.isIdle);
  });

  it("refuses more questions than it can keep", TIMEOUT, async () => {
    thread = threadOf(HANGS, 1_000);
    const asked = Array.from({ length: 5_000 }, () => thread.read("list", [0]));
    const outcomes = await Promise.allSettled(asked);
    const reasons = outcomes.map((each) => String(each.status === "rejected" && each.reason));
    assert.equal(reasons.filter((each) => each.includes("did not answer")).length, 4_096);
    assert.equal(reasons.filter((each) => each.includes("has not answered 4096")).length, 904);
  });

  it("refuses what a thread that died did not answer, and starts another", TIMEOUT, async () => {
    thread = threadOf(DIES);
    const [read, write] = await Promise.allSettled([
      thread.read("list", [0]),
      thread.write("purge", [0]),
    ]);
    assert.match(
      String(read.status === "rejected" && read.reason),
      /unexpectedly: out of something$/,
    );
    assert.match(String(write.status === "rejected" && write.reason), /not known whether/);
    // Not at once: it may die each time.
    let reason: string;
    do {
      const [again] = await Promise.allSettled([thread.read("list", [0])]);
      reason = String(again.status === "rejected" && again.reason);
    } while (reason.includes("its thread has just ended unexpectedly"));
    assert.match(reason, /unexpectedly: out of something$/);
  });

  it("is confirmed by an answer, and by no failure", TIMEOUT, async () => {
    thread = threadOf(ANSWERS);
    assert.equal(thread.confirmedMs, -Infinity);
    await thread.read("list", [0]);
    assert.ok(thread.confirmedMs > 0);
    await thread.close();
    assert.equal(thread.confirmedMs, -Infinity);
  });
});
