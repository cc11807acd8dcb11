import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { ConnectInfo } from "@nova-console/token";
import { type Cell, OneCell, type RpcCaller } from "./cell.ts";
import type { InstanceRow } from "./instance-row.ts";
import { RpcPortCheck, type RpcPortCheckOptions } from "./rpc-port-check.ts";
import { encodeInstance } from "./serialized-instance.ts";

/** A call of nova-novncproxy (Zed), recorded at the broker, and the rows that it was made from. */
const recorded = JSON.parse(
  readFileSync(join(import.meta.dirname, "testdata/validate-console-port.json"), "utf8"),
) as { row: InstanceRow; serialized: object };

const INSTANCE_UUID = "6b5731a8-b39f-4dbb-a39e-046007d32b0b";

const info: ConnectInfo = {
  tokenDigest: "0".repeat(64),
  consoleType: "novnc",
  host: "192.0.2.7",
  port: 5977,
  internalAccessPath: null,
  instanceUuid: INSTANCE_UUID,
  expires: 4_000_000_000,
  accessUrlBase: null,
};

const signal = new AbortController().signal;

function checkOf(cell: Partial<Cell>, options: Partial<RpcPortCheckOptions> = {}): RpcPortCheck {
  const one: Cell = {
    rows: { get: () => Promise.resolve(recorded.row) },
    version: () => Promise.resolve("6.0"),
    services: { call: () => Promise.resolve(true) },
    brokerPlace: "a broker",
    checkBroker: () => Promise.resolve(),
    computeHealth: () => Promise.resolve({ problem: null, isEverywhere: false, isUnknown: false }),
    close: () => Promise.resolve(),
    ...cell,
  };
  const cells = new OneCell(one, { limitMs: 5_000, now: () => 0 });
  return new RpcPortCheck({ cells, timeoutMs: 5_000, now: () => 0, ...options });
}

describe("RpcPortCheck", () => {
  it("asks what nova-novncproxy asks, of the nova-compute that runs the instance", async () => {
    const calls: unknown[] = [];
    const call: RpcCaller["call"] = (...parts) => {
      calls.push(parts);
      return Promise.resolve(true);
    };
    const uuids: string[] = [];
    const get = (uuid: string): Promise<InstanceRow> => {
      uuids.push(uuid);
      return Promise.resolve(recorded.row);
    };
    await checkOf({ services: { call }, rows: { get } }).check(info, signal);
    assert.deepEqual(uuids, [INSTANCE_UUID]);
    assert.deepEqual(calls, [
      [
        { topic: "compute", server: "compute1", version: "6.0" },
        "validate_console_port",
        { instance: recorded.serialized, port: "5977", console_type: "novnc" },
        { timeoutMs: 5_000, signal },
      ],
    ]);
  });

  it("takes nothing but true for a yes", async () => {
    for (const answer of [false, null, undefined, 1, "true", {}, [true]]) {
      const services = { call: () => Promise.resolve(answer) };
      await assert.rejects(checkOf({ services }).check(info, signal), {
        code: "SESSION_ERR_PORT_NOT_INSTANCES",
        message:
          "nova-compute on compute1 does not confirm that port 5977 is instance " +
          `${INSTANCE_UUID}'s novnc console`,
      });
    }
  });

  it("refuses without asking when the instance is gone or runs nowhere", async () => {
    const call = (): never => assert.fail("nova-compute was asked");
    const { instance, infoCache } = recorded.row;
    for (const row of [null, { instance: { ...instance, host: null }, infoCache }]) {
      const rows = { get: () => Promise.resolve(row) };
      await assert.rejects(checkOf({ rows, services: { call } }).check(info, signal), {
        code: "SESSION_ERR_PORT_NOT_INSTANCES",
      });
    }
  });

  it("tells an instance that nova-compute does not have from a nova-compute that failed", async () => {
    for (const [remoteClass, code] of [
      ["InstanceNotFound", "SESSION_ERR_PORT_NOT_INSTANCES"],
      ["InstanceNotReady", "SESSION_ERR_PORT_NOT_INSTANCES"],
      ["RuntimeError", "SESSION_ERR_PORT_CHECK_UNAVAILABLE"],
    ] as const) {
      const failure = Object.assign(new Error("boom"), { remoteClass });
      const call = (): Promise<never> => Promise.reject(failure);
      await assert.rejects(checkOf({ services: { call } }).check(info, signal), {
        code,
        cause: failure,
      });
    }
  });

  it("cannot say when the database, the version or the broker cannot", async () => {
    const down = (): Promise<never> => Promise.reject(new Error("connection refused"));
    for (const broken of [
      { rows: { get: down } },
      { version: down },
      { services: { call: down } },
    ]) {
      await assert.rejects(checkOf(broken).check(info, signal), {
        code: "SESSION_ERR_PORT_CHECK_UNAVAILABLE",
        message: /: connection refused$/,
      });
    }
  });
});

describe("RpcPortCheck, its time", () => {
  it("gives nova-compute what the database has left", async () => {
    let nowMs = 1_000;
    const limits: number[] = [];
    const get = (): Promise<InstanceRow> => {
      nowMs += 1_500;
      return Promise.resolve(recorded.row);
    };
    const call: RpcCaller["call"] = (_target, _method, _args, { timeoutMs }) => {
      limits.push(timeoutMs);
      return Promise.resolve(true);
    };
    await checkOf({ rows: { get }, services: { call } }, { now: () => nowMs }).check(info, signal);
    assert.deepEqual(limits, [3_500]);
  });

  it("says that it was the database that did not answer", async () => {
    const rows = { get: () => new Promise<never>(() => undefined) };
    await assert.rejects(checkOf({ rows }, { timeoutMs: 20 }).check(info, signal), {
      code: "SESSION_ERR_PORT_CHECK_UNAVAILABLE",
      message: "the instance cannot be looked up: nova's database did not answer within 20 ms",
    });
  });
});

describe("encodeInstance()", () => {
  it("takes what PostgreSQL's driver gives for what MariaDB's does", () => {
    const { instance, infoCache } = recorded.row;
    const dates = { created_at: "2026-11-22 05:57:20.999", updated_at: "", deleted_at: "" };
    const asPostgres = { ...instance, ...dates, locked: false, hidden: false };
    assert.deepEqual(encodeInstance({ instance: asPostgres, infoCache }), recorded.serialized);
  });

  it("has no info cache where there is no row of one", () => {
    const { "nova_object.data": data } = encodeInstance({ ...recorded.row, infoCache: null });
    assert.equal((data as { info_cache: unknown }).info_cache, null);
  });

  it("tells true booleans and dates with fractions as nova does", () => {
    const instance = {
      id: 7,
      deleted: 7,
      locked: 1,
      hidden: true,
      launched_at: "2026-01-02 03:04:05.678901",
    };
    const { "nova_object.data": data } = encodeInstance({ instance, infoCache: null });
    const { deleted, locked, hidden, launched_at, cleaned } = data as Record<string, unknown>;
    assert.deepEqual(
      [deleted, locked, hidden, launched_at, cleaned],
      [...[true, true, true], ...["2026-01-02T03:04:05Z", false]],
    );
  });
});
