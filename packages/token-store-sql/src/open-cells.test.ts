import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { OpenCells } from "./open-cells.ts";

/** Cells by their names; a flawed one cannot be opened. */
function cellsOf(names: string[], flawed = new Set<string>()) {
  const clock = { nowMs: 0 };
  const seen = { reads: 0, opened: [] as string[], closed: [] as string[], failure: false };
  const cells = new OpenCells<string>({
    readMappings: async () => {
      seen.reads += 1;
      await Promise.resolve();
      if (seen.failure) throw new Error("list away");
      return names.map((uuid) => ({ uuid, identity: uuid, connection: uuid, transportUrl: "" }));
    },
    keyOf: ({ connection }) => connection,
    open: ({ uuid }) => {
      seen.opened.push(uuid);
      if (flawed.has(uuid)) throw new Error(`no file for ${uuid}`);
      return uuid;
    },
    check: () => Promise.resolve(),
    close: (cell) => {
      seen.closed.push(cell);
      return Promise.resolve();
    },
    checkLimitMs: 5_000,
    now: () => clock.nowMs,
  });
  return { cells, clock, seen, names, flawed };
}

describe("OpenCells", () => {
  it("opens a cell once for all who ask", async () => {
    const { cells, seen } = cellsOf(["one"]);
    const [one] = await cells.current();
    assert.deepEqual(await Promise.all([one?.get(), one?.get()]), ["one", "one"]);
    assert.deepEqual(seen.opened, ["one"]);
  });

  it("remembers no failed opening", async () => {
    const { cells, flawed } = cellsOf(["one"], new Set(["one"]));
    const [one] = await cells.current();
    await assert.rejects(async () => one?.get(), /no file for one/);
    flawed.clear();
    assert.equal(await one?.get(), "one");
  });

  it("reads the list once for a flood, and again after the pause, whether it can or not", async () => {
    const { cells, clock, seen, names } = cellsOf(["one"]);
    await cells.current();
    for (const isAway of [false, true]) {
      seen.failure = isAway;
      const { reads } = seen;
      clock.nowMs += 4_999;
      assert.equal(await cells.readAgain(5_000), false);
      assert.equal(seen.reads, reads);
      clock.nowMs += 1;
      const flood = Array.from({ length: 1_000 }, () => cells.readAgain(5_000));
      assert.deepEqual(new Set(await Promise.all(flood)), new Set([false]));
      for (let again = 0; again < 1_000; again++) await cells.readAgain(5_000);
      assert.equal(seen.reads, reads + 1);
    }
    seen.failure = false;
    names.push("two");
    clock.nowMs += 5_000;
    assert.equal(await cells.readAgain(5_000), true);
    assert.equal(cells.known().length, 2);
  });

  it("reads an old list in the background, once a second while that fails, and closes what is gone", async () => {
    const { cells, clock, seen, names } = cellsOf(["one", "two"]);
    for (const each of await cells.current()) await each.get();
    clock.nowMs = 60_000;
    seen.failure = true;
    for (let asked = 0; asked < 100; asked++) assert.equal((await cells.current()).length, 2);
    assert.equal(seen.reads, 2);
    seen.failure = false;
    names.shift();
    clock.nowMs += 1_000;
    await cells.current();
    await new Promise(setImmediate);
    assert.deepEqual([cells.known().length, seen.closed], [1, ["one"]]);
  });
});
