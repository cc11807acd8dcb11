import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { ByteReader } from "@nova-console/byte-stream";
import { hex } from "@nova-console/byte-stream/testing";
import { createVncResponder } from "@nova-console/rfb";
import { deriveViewerPassword, openViewerPasswordSecret, Token } from "@nova-console/token";
import { Bench, expectText, readAll, startBackend, timeout } from "./testing/bench.ts";

const RFB = "RFB 003.008\n";
const WRONG = "token is unknown or expired: open the console again from the dashboard";
const TOO_MANY = "too many wrong tokens or passwords: wait a minute and try again";

const directory = mkdtempSync(join(tmpdir(), "throttled-viewers-"));
const secretFile = join(directory, "secret");
after(() => {
  rmSync(directory, { recursive: true });
});
const RIGHT = deriveViewerPassword(openViewerPasswordSecret(secretFile), new Token("good").digest);

/** Nothing is let in by chance: a password is tried in one step after the other. */
async function openVncAuth(bench: Bench, address: string): Promise<[Socket, Buffer]> {
  const viewer = bench.connect(address);
  viewer.write(RFB);
  await expectText(viewer, RFB);
  await expectText(viewer, hex("01 02").toString("latin1"));
  viewer.write(hex("02"));
  const reader = new ByteReader(viewer, AbortSignal.timeout(timeout));
  const challenge = await reader.readExact(16);
  reader.release();
  return [viewer, challenge];
}

/** @returns what SecurityResult said; null for OK */
async function tryPassword(
  bench: Bench,
  password: string,
  address: string,
): Promise<string | null> {
  const [viewer, challenge] = await openVncAuth(bench, address);
  viewer.write(createVncResponder(Buffer.from(password))(challenge));
  const reader = new ByteReader(viewer, AbortSignal.timeout(timeout));
  try {
    if ((await reader.readU32()) === 0) return null;
    return (await reader.readExact(await reader.readU32())).toString();
  } finally {
    reader.release();
  }
}

/** A delay that a test waits for. */
const SHORT = { delayMs: 300, failuresPerNetwork: 5 };

/** A delay that is not over before the test is, and few enough failures to cause it at once. */
const LONG = { delayMs: 60_000, failuresPerNetwork: 5 };

const connectWith = (token: string): string => `CONNECT /console?token=${token} HTTP/1.0\r\n\r\n`;

/** Uses up the free failures of an address, of which a new one comes after 12 s. */
async function showWrongTokens(bench: Bench, address?: string): Promise<void> {
  const asked = Array.from({ length: 5 }, () => bench.ask(connectWith("wrong"), address));
  for (const answer of await Promise.all(asked)) assert.match(answer, /^HTTP\/1\.1 401 /);
}

/** Resolves when so many attempts have been delayed. */
async function untilThrottled(bench: Bench, count: number): Promise<void> {
  while (bench.throttled.length < count) await new Promise((resolve) => setImmediate(resolve));
}

describe("a viewer whose address has shown what is wrong", { timeout: 60_000 }, () => {
  describe("passwords", () => {
    const options = { viewerSecurity: ["VncAuth"], viewerPasswordSecretFile: secretFile } as const;

    it("gets in with the right one, though 13 addresses have tried 10 wrong ones each", async () => {
      const bench = await Bench.open(await startBackend(), options, {}, { delayMs: 300 });
      const tries: Promise<string | null>[] = [];
      for (let address = 1; address <= 13; address++) {
        for (let times = 0; times < 10; times++) {
          tries.push(tryPassword(bench, "wrong", `127.0.1.${address}`));
        }
        // The last address has those whose attempts are over the 120 of all.
        if (address < 13) await Promise.all(tries);
      }
      await untilThrottled(bench, 1);
      const rights = ["127.0.2.1", "127.0.1.1"].map((from) => tryPassword(bench, RIGHT, from));
      assert.deepEqual(await Promise.all(rights), [null, null]);
      assert.equal(bench.throttled.at(-1), "password delayed");
      for (const answer of await Promise.all(tries)) assert.match(answer ?? "", /^(token|too) /);
    });

    it("may have four of them wait, and is told to come again with more", async () => {
      const bench = await Bench.open(await startBackend(), options, {}, { delayMs: 1_000 });
      const from = "127.0.1.1";
      const free = Array.from({ length: 10 }, () => tryPassword(bench, "wrong", from));
      await Promise.all(free);
      const delayed = Array.from({ length: 4 }, () => tryPassword(bench, RIGHT, from));
      await untilThrottled(bench, 4);
      assert.equal(await tryPassword(bench, RIGHT, from), TOO_MANY);
      assert.deepEqual(await Promise.all(delayed), [null, null, null, null]);
      const warnings = bench.log.filter((line) => line.startsWith("too many wrong passwords"));
      assert.equal(warnings.length, 2);
    });

    it("is not searched for, and not waited for, once it has left", async () => {
      const bench = await Bench.open(await startBackend(), options);
      const from = "127.0.1.1";
      await Promise.all(Array.from({ length: 10 }, () => tryPassword(bench, "wrong", from)));
      const left = Array.from({ length: 4 }, async () => {
        const [viewer, challenge] = await openVncAuth(bench, from);
        viewer.write(createVncResponder(Buffer.from("wrong"))(challenge));
        return viewer;
      });
      const viewers = await Promise.all(left);
      await untilThrottled(bench, 4);
      for (const viewer of viewers.slice(0, 2)) viewer.end();
      for (const viewer of viewers.slice(2)) viewer.resetAndDestroy();
      // Their places are free before their time is over.
      const [viewer, challenge] = await openVncAuth(bench, from);
      await Promise.all(viewers.slice(0, 2).map((gone) => readAll(gone)));
      const ended = bench.records.length;
      viewer.write(createVncResponder(Buffer.from(RIGHT))(challenge));
      await untilThrottled(bench, 5);
      assert.equal(bench.throttled.at(-1), "password delayed");
      assert.equal(ended, 10);
    });
  });

  describe("tokens", () => {
    it("opens its console with a good one, after its delay", async () => {
      const bench = await Bench.open(
        await startBackend(),
        { viewerSecurity: ["Plain"] },
        {},
        SHORT,
      );
      await showWrongTokens(bench);
      const viewer = bench.connect();
      viewer.write(connectWith("good"));
      await expectText(viewer, "HTTP/1.1 200 OK\r\n\r\n");
      assert.ok(bench.throttled.length >= 1 && bench.throttled.every((e) => e === "token delayed"));
      assert.equal(bench.log.filter((line) => line.startsWith("too many wrong tokens")).length, 1);
    });

    it("delays no attempt of another address", async () => {
      const bench = await Bench.open(await startBackend(), {}, {}, LONG);
      await showWrongTokens(bench);
      const before = bench.throttled.length;
      const viewer = bench.connect("127.0.0.2");
      viewer.write(connectWith("good"));
      await expectText(viewer, "HTTP/1.1 200 OK\r\n\r\n");
      assert.equal(bench.throttled.length, before);
    });

    it("is delayed as a stock viewer as well, and as one that asks for a file", async () => {
      const bench = await Bench.open(await startBackend(), {}, {}, SHORT);
      await showWrongTokens(bench);
      const stock = bench.connect();
      await expectText(stock, RFB);
      const before = bench.throttled.length;
      stock.write(Buffer.concat([Buffer.from(RFB), hex("13 0002 00000100 00000000 00000003")]));
      stock.write("bad");
      const file = bench.ask("GET /console.vv?token=bad HTTP/1.1\r\n\r\n");
      await untilThrottled(bench, before + 2);
      const ownFile = bench.ask("GET /console.vv?token=good HTTP/1.1\r\n\r\n");
      const told = await readAll(stock);
      assert.ok(told.endsWith(WRONG), told);
      assert.match(await file, /^HTTP\/1\.1 429 Too Many Requests\r\n[^]*\r\nRetry-After: \d+\r\n/);
      assert.match(await ownFile, /^HTTP\/1\.1 200 /);
    });

    it("is let go at once when the proxy stops", async () => {
      const bench = await Bench.open(await startBackend(), {}, {}, LONG);
      await showWrongTokens(bench);
      const before = bench.throttled.length;
      const waiting = bench.connect();
      waiting.write(connectWith("good"));
      await untilThrottled(bench, before + 1);
      await bench.proxy.stop();
      assert.equal(await readAll(waiting), "");
      assert.equal(bench.records.filter(({ reason }) => reason !== "token-invalid").length, 0);
    });

    it("opens its console although the proxy leaves its port while it waits", async () => {
      const bench = await Bench.open(await startBackend(), {}, {}, SHORT);
      await showWrongTokens(bench);
      const before = bench.throttled.length;
      const waiting = bench.connect();
      waiting.write(connectWith("good"));
      await untilThrottled(bench, before + 1);
      const left = bench.proxy.leave(() => undefined);
      await expectText(waiting, "HTTP/1.1 200 OK\r\n\r\n");
      waiting.destroy();
      await left;
    });
  });
});
