import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Cell } from "./cell.ts";
import type { CellMapping } from "@nova-console/token-store-sql";
import { MappedCells } from "./mapped-cells.ts";

/** Cells by name: the UUIDs of their instances, or the error of their database. */
type World = Record<string, Record<string, { hidden: boolean }> | Error>;

function cellsOf(world: World, clock = { nowMs: 0 }, api: { error?: Error } = {}) {
  const opened: string[] = [];
  const closed: string[] = [];
  const openCell = ({ connection }: CellMapping): Promise<Cell> => {
    opened.push(connection);
    const get = (uuid: string) => {
      const instances = world[connection];
      if (instances === undefined || instances instanceof Error) {
        return Promise.reject(instances ?? new Error("gone"));
      }
      const row = instances[uuid];
      const instance = { uuid, host: connection, hidden: row?.hidden ?? false };
      return Promise.resolve(row === undefined ? null : { instance, infoCache: null });
    };
    return Promise.resolve({
      rows: { get },
      version: () => Promise.resolve("6.0"),
      services: { call: () => Promise.resolve(true) },
      brokerPlace: `broker of ${connection}`,
      checkBroker: () =>
        world[connection] instanceof Error ? Promise.reject(world[connection]) : Promise.resolve(),
      computeHealth: () =>
        Promise.resolve({ problem: null, isEverywhere: false, isUnknown: false }),
      close: () => {
        closed.push(connection);
        return Promise.resolve();
      },
    });
  };
  const cells = new MappedCells({
    readMappings: () =>
      api.error === undefined
        ? Promise.resolve(
            Object.keys(world).map((connection) => ({
              ...{ connection, transportUrl: "rabbit://" },
              ...{ uuid: connection, identity: connection },
            })),
          )
        : Promise.reject(api.error),
    openCell,
    close: () => Promise.resolve(),
    ...{ listPlace: "the list", checkLimitMs: 5_000 },
    now: () => clock.nowMs,
  });
  const hostOf = async (uuid: string) => (await cells.find(uuid))?.row.instance["host"] ?? null;
  return { cells, hostOf, opened, closed };
}

const shown = { hidden: false };

describe("MappedCells", () => {
  it("finds an instance in whichever cell it is, and opens each once", async () => {
    const { hostOf, opened } = cellsOf({ one: { a: shown }, two: { b: shown } });
    assert.deepEqual(await Promise.all(["a", "b", "c"].map(hostOf)), ["one", "two", null]);
    assert.deepEqual(opened, ["one", "two"]);
  });

  it("takes of an instance that is on its way between cells the one that runs", async () => {
    const { hostOf } = cellsOf({ one: { a: { hidden: true } }, two: { a: shown } });
    assert.equal(await hostOf("a"), "two");
  });

  it("does not say that there is none while a cell cannot be asked", async () => {
    const { hostOf } = cellsOf({ one: { a: shown }, two: new Error("down") });
    assert.equal(await hostOf("a"), "one");
    await assert.rejects(hostOf("b"), { message: "down" });
  });

  it("reads again after a second what an unknown instance may be in, and closes what is gone", async () => {
    const world: World = { one: { a: shown } };
    const clock = { nowMs: 0 };
    const { hostOf, closed } = cellsOf(world, clock);
    assert.equal(await hostOf("a"), "one");
    delete world["one"];
    world["two"] = { b: shown };
    clock.nowMs = 999;
    await assert.rejects(hostOf("b"), { message: "gone" });
    clock.nowMs = 1_000;
    assert.equal(await hostOf("b"), "two");
    assert.deepEqual(closed, ["one"]);
  });

  it("says how each broker is, and whose consoles need it", async () => {
    const { cells } = cellsOf({ one: { a: shown }, two: new Error("broker away") });
    const [list, ...others] = await cells.dependencies();
    assert.deepEqual(list, { kind: "store", name: "the list", problem: null, neededBy: "none" });
    const broker = { kind: "broker", name: "one", problem: null, neededBy: { cell: "one" } };
    const compute = { ...broker, kind: "compute", neededBy: "none", isUnknown: false };
    const away = { ...broker, name: "two", problem: "broker away", neededBy: { cell: "two" } };
    assert.deepEqual(others, [broker, compute, away]);
  });

  it("goes on with the cells that it knows while the API database is away", async () => {
    const clock = { nowMs: 0 };
    const api: { error?: Error } = { error: new Error("api down") };
    const { cells, hostOf, closed } = cellsOf({ one: { a: shown } }, clock, api);
    await assert.rejects(hostOf("a"), { message: "api down" });
    delete api.error;
    assert.equal(await hostOf("a"), "one");
    api.error = new Error("api down");
    clock.nowMs = 120_000;
    assert.equal(await hostOf("a"), "one");
    await cells.close();
    assert.deepEqual(closed, ["one"]);
  });
});
