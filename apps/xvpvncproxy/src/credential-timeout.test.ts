import assert from "node:assert/strict";
import { once } from "node:events";
import type { Socket } from "node:net";
import { after, describe, it } from "node:test";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import { ByteReader } from "@nova-console/byte-stream";
import { hex } from "@nova-console/byte-stream/testing";
import { makeTestCertificate } from "@nova-console/listener/testing";
import type { SessionRecord } from "@nova-console/session";
import { Bench, expectText, startBackend, timeout } from "./testing/bench.ts";
import type { XvpVncProxySettings } from "./settings.ts";

const RFB = "RFB 003.008\n";
const WORDS = "the token was not given in time: connect again";

const certificate = makeTestCertificate();
after(() => {
  certificate.remove();
});
const tls = {
  cert: certificate.certFile,
  key: certificate.keyFile,
  sslOnly: false,
  ciphers: null,
  minimumVersion: "default",
} as const;

type Way = XvpVncProxySettings["viewerSecurity"][number];

/** What a viewer of each way says until its person is asked, and how many bytes it gets until then. */
const ways: readonly {
  readonly way: Way;
  readonly choice: string;
  readonly answerBytes: number;
  readonly tls?: ConnectionOptions;
}[] = [
  { way: "Plain", choice: "13 0002 00000100", answerBytes: 10 },
  { way: "VncAuth", choice: "02", answerBytes: 18 },
  {
    way: "X509Plain",
    choice: "13 0002 00000106",
    answerBytes: 11,
    tls: { rejectUnauthorized: false },
  },
  {
    way: "TLSPlain",
    choice: "13 0002 00000103",
    answerBytes: 11,
    tls: { ciphers: "aNULL:@SECLEVEL=0", maxVersion: "TLSv1.2", rejectUnauthorized: false },
  },
];

/** Goes as far as a viewer goes alone. @returns the stream that the person's answer goes to */
async function untilAsked(
  viewer: Socket,
  { choice, answerBytes, tls: options }: (typeof ways)[number],
): Promise<Socket> {
  await expectText(viewer, RFB);
  viewer.write(Buffer.concat([Buffer.from(RFB), hex(choice)]));
  const reader = new ByteReader(viewer, AbortSignal.timeout(timeout));
  await reader.readExact(answerBytes);
  reader.release();
  if (options === undefined) return viewer;
  const secured = connectTls({ ...options, socket: viewer });
  secured.on("error", () => undefined);
  await once(secured, "secureConnect");
  return secured;
}

function plain(password: string): Buffer {
  return Buffer.concat([hex("00000000 000000"), Buffer.of(password.length), Buffer.from(password)]);
}

async function readReason(stream: Socket): Promise<string> {
  const reader = new ByteReader(stream, AbortSignal.timeout(timeout));
  assert.equal(await reader.readU32(), 1);
  return (await reader.readExact(await reader.readU32())).toString();
}

function ends(bench: Bench): Pick<SessionRecord, "front" | "reason" | "detail">[] {
  return bench.records.map(({ front, reason, detail }) => ({ front, reason, detail }));
}

const [byPlain = assert.fail()] = ways;

describe("a stock viewer whose person is asked for a token", { timeout }, () => {
  for (const each of ways) {
    const { way } = each;
    const settings = { tls, viewerSecurity: [way], viewerPasswordSecretFile: secretPath() };

    it(`by ${way} is told in words that it took too long, and the log has one line`, async () => {
      const bench = await Bench.open(1, { ...settings, credentialTimeoutMs: 100 });
      const stream = await untilAsked(bench.connect(), each);
      assert.equal(await readReason(stream), WORDS);
      assert.deepEqual(ends(bench), [
        {
          front: `rfb-${way}`,
          reason: "credential-timeout",
          detail: "no token was shown within 100 ms (credential_timeout)",
        },
      ]);
    });

    if (way === "VncAuth") continue;
    it(`by ${way} gets its console though the rest of the handshake has less time`, async () => {
      let clock = 0;
      const bench = await Bench.open(await startBackend(), settings, {}, {}, () => clock);
      const stream = await untilAsked(bench.connect(), each);
      clock = 60_000;
      stream.write(plain("good"));
      const reader = new ByteReader(stream, AbortSignal.timeout(timeout));
      assert.equal(await reader.readU32(), 0);
      reader.release();
    });
  }

  it("is told of a stop, and the log has one line", async () => {
    const bench = await Bench.open(1);
    const stream = await untilAsked(bench.connect(), byPlain);
    const reason = readReason(stream);
    await bench.proxy.stop();
    assert.equal(await reason, "the console proxy is being stopped");
    assert.deepEqual(
      bench.records.map(({ reason: why }) => why),
      ["proxy-shutdown"],
    );
  });

  it("leaves no line and no wait behind when it goes", async () => {
    const bench = await Bench.open(1, { maxWaitingForCredential: 1 });
    const first = await untilAsked(bench.connect(), byPlain);
    first.destroy();
    const refused = (): boolean => bench.log.some((line) => line.startsWith("viewer refused"));
    while (!refused()) await new Promise(setImmediate);
    await untilAsked(bench.connect(), byPlain);
    assert.deepEqual(bench.records, []);
  });

  it("loses its turn when there are too many, the oldest of the largest crowd first", async () => {
    const bench = await Bench.open(1, { maxWaitingForCredential: 3 });
    const lonely = await untilAsked(bench.connect("127.0.0.2"), byPlain);
    const oldest = await untilAsked(bench.connect(), byPlain);
    const younger = await untilAsked(bench.connect(), byPlain);
    await untilAsked(bench.connect("127.0.0.3"), byPlain);
    assert.equal(await readReason(oldest), WORDS);
    assert.deepEqual(ends(bench), [
      {
        front: "rfb-Plain",
        reason: "credential-timeout",
        detail: "more than 3 viewers wait (max_waiting_for_credential)",
      },
    ]);
    assert.ok(!lonely.readableEnded && !younger.readableEnded);
  });
});

describe("the handshake on the port of XVP", { timeout }, () => {
  const silent = (): Promise<number> => startBackend(() => undefined);

  /** A proxy by whose clock every step after the accept comes 9 s late. */
  async function lateBench(backendPort: number): Promise<Bench> {
    let isOpen = false;
    let isAccepted = false;
    const now = (): number => {
      const ms = isAccepted ? 9_000 : 0;
      isAccepted = isOpen;
      return ms;
    };
    const bench = await Bench.open(backendPort, {}, {}, {}, now);
    isOpen = true;
    return bench;
  }

  it("has one time for all of its steps with a stock viewer", async () => {
    const bench = await lateBench(await silent());
    const stream = await untilAsked(bench.connect(), byPlain);
    stream.write(plain("good"));
    assert.equal(await readReason(stream), "the viewer did not finish its handshake in time");
    assert.deepEqual(ends(bench), [
      { front: "rfb-Plain", reason: "viewer-timeout", detail: "no progress within 1000 ms" },
    ]);
  });

  it("has one time for all of its steps by CONNECT", async () => {
    const bench = await lateBench(await silent());
    assert.match(
      await bench.ask("CONNECT /console?token=good HTTP/1.0\r\n\r\n"),
      /^HTTP\/1\.1 408 /,
    );
    assert.equal(bench.records[0]?.reason, "viewer-timeout");
  });

  it("gives a request's head what is left of that time", async () => {
    const bench = await lateBench(1);
    const startedMs = performance.now();
    assert.match(await bench.ask("CONNECT /console"), /^HTTP\/1\.1 408 /);
    assert.ok(performance.now() - startedMs < 9_000);
  });
});

function secretPath(): string {
  return `${certificate.directory}/secret`;
}
