import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { describe, it } from "node:test";
import v8 from "node:v8";
import vm from "node:vm";
import { hex } from "@nova-console/byte-stream/testing";
import fc from "fast-check";
import { Bench, startBackend } from "./testing/bench.ts";

/** For a longer storm: HANDSHAKES=100000 npm test -- apps/xvpvncproxy/src/handshake-storm.test.ts */
const HANDSHAKES = Number(process.env["HANDSHAKES"] ?? 2_000);
const AT_A_TIME = 400;
const HANDSHAKE_TIMEOUT_MS = 200;

/** Longest that anybody may be kept: first byte, handshake, and the last words to who does not close. */
const LONGEST_MS = 2 * HANDSHAKE_TIMEOUT_MS + 2_000 + 5_000;

/** What is left of a handshake, in what the collector cannot free: nothing. */
const LEFT_BYTES_PER_HANDSHAKE = 200;
const NOISE_BYTES = 4 * 1024 * 1024;

v8.setFlagsFromString("--expose-gc");
const collect = vm.runInNewContext("gc") as () => void;

function heldBytes(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const RFB = "RFB 003.008\n";
const wrong = "no such token";

/** Whole handshakes of every kind, all with a token that is no good. */
const handshakes = [
  Buffer.from(`CONNECT /console?token=${wrong} HTTP/1.0\r\n\r\n`),
  Buffer.from(`GET /console.vv?token=${wrong} HTTP/1.1\r\nHost: a\r\n\r\n`),
  Buffer.from(`POST /?token=${wrong} HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc${RFB}`),
  Buffer.concat([
    Buffer.from(RFB),
    hex("13 0002 00000100 00000001 0000000d"),
    Buffer.from(`u${wrong}`),
  ]),
  Buffer.concat([Buffer.from(RFB), hex("13 0002 00000103 16030100")]),
  Buffer.concat([Buffer.from(RFB), hex("16 01 0d"), Buffer.from(`u${wrong}`), Buffer.alloc(16)]),
  Buffer.from("RFB 003.003\n"),
  Buffer.from("RFB 003.007\n\u0013"),
  hex("16 0301 0200 01 0001fc 0303"),
  Buffer.alloc(0),
];

const mutation = fc.record({
  from: fc.constantFrom(...handshakes),
  flips: fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
  keep: fc.option(fc.nat()),
  more: fc.uint8Array({ maxLength: 24 }),
  cuts: fc.array(fc.nat(), { maxLength: 3 }),
  ends: fc.constantFrom("fin", "reset", "stays"),
});
type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never;

function bytesOf({ from, flips, keep, more }: Mutation): Buffer {
  const bytes = Buffer.from(from);
  for (const [at, value] of flips) if (bytes.length > 0) bytes[at % bytes.length] = value;
  const kept = keep === null ? bytes : bytes.subarray(0, keep % (bytes.length + 1));
  return Buffer.concat([kept, more]);
}

/** @returns how long the proxy kept the connection */
async function storm(port: number, mutated: Mutation): Promise<number> {
  const began = performance.now();
  const viewer = connect({ port, host: "127.0.0.1", noDelay: true });
  viewer.on("error", () => undefined);
  const gone = new Promise<void>((resolve) =>
    viewer.on("close", () => {
      resolve();
    }),
  );
  await once(viewer, "connect");
  viewer.resume();
  const bytes = bytesOf(mutated);
  const cuts = mutated.cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b);
  let start = 0;
  for (const cut of [...cuts, bytes.length]) {
    if (cut > start) viewer.write(bytes.subarray(start, cut));
    start = cut;
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (mutated.ends === "fin") viewer.end();
  if (mutated.ends === "reset") viewer.resetAndDestroy();
  await gone;
  return performance.now() - began;
}

describe("any handshake on the port of XVP", () => {
  it("ends in time, dials nothing, and leaves nothing behind", { timeout: 3_600_000 }, async () => {
    let dialled = 0;
    const bench = await Bench.open(
      await startBackend(() => dialled++),
      {
        firstWordTimeoutMs: 5,
        viewerSecurity: ["TLSPlain", "Plain", "xvp"],
        credentialTimeoutMs: HANDSHAKE_TIMEOUT_MS,
        maxConnectionsPerAddress: 10 * AT_A_TIME,
      },
      { handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS, maxSessions: 10 * AT_A_TIME },
    );
    const { port } = bench.proxy.address();
    const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));
    let longestMs = 0;
    let early = 0;
    const bugs: string[] = [];
    for (let done = 0; done < HANDSHAKES; done += AT_A_TIME) {
      const batch = fc.sample(mutation, { seed: seed + done, numRuns: AT_A_TIME });
      const kept = await Promise.all(batch.map((mutated) => storm(port, mutated)));
      longestMs = Math.max(longestMs, ...kept);
      bugs.push(...bench.log.filter((line) => line.includes("bug")));
      bench.records.length = 0;
      bench.log.length = 0;
      if (early === 0 && done >= HANDSHAKES / 5) early = heldBytes();
    }
    const growth = heldBytes() - early;
    const told = `seed ${seed}: longest ${Math.round(longestMs)} ms, grown by ${growth >> 10} KiB`;
    assert.equal(dialled, 0, told);
    assert.ok(longestMs < LONGEST_MS, told);
    assert.ok(growth < NOISE_BYTES + LEFT_BYTES_PER_HANDSHAKE * HANDSHAKES, told);
    assert.deepEqual(bugs, [], told);
    assert.equal(bench.proxy.sessions, 0, told);
    if (HANDSHAKES > 2_000) console.log(`${HANDSHAKES} handshakes, ${told}`);
  });
});
