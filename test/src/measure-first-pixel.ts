/**
 * Measures how long a viewer waits from its TCP connection to the first pixel, without and with the
 * proxy, and prints the medians: `node test/src/measure-first-pixel.ts` after a build.
 */
import { once } from "node:events";
import { performance } from "node:perf_hooks";
import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { makeCertificate } from "./support/certificate.ts";
import { Installation } from "./support/installation.ts";
import { QemuServer } from "./support/qemu.ts";
import { logIn, type Login } from "./support/rfb-login.ts";
import { RfbViewer } from "./support/rfb-viewer.ts";
import { dial } from "./support/tcp.ts";
import { TempDir } from "./support/temp-dir.ts";
import type { VncServer } from "./support/vnc-server.ts";
import { openXvp } from "./support/xvp-viewer.ts";
import { XVncServer } from "./support/x-vnc-server.ts";

const ROUNDS = 11;
/** QEMU looks at its screen more seldom when nobody watches it: each way must find it as idle. */
const PAUSE_MS = 500;
const LIMIT_MS = 30_000;
const FIRST_WORD_TIMEOUT_MS = 300;
const ALLOWED_FACTOR = 1.2;

type Open = (signal: AbortSignal) => Promise<RfbViewer>;

/** @returns milliseconds */
async function timeToFirstPixel(open: Open): Promise<number> {
  const signal = AbortSignal.timeout(LIMIT_MS);
  const start = performance.now();
  const viewer = await open(signal);
  const channel = viewer.release();
  await firstPixel(channel, viewer, signal);
  const elapsed = performance.now() - start;
  channel.destroy();
  return elapsed;
}

/** Asks for the whole screen, and waits for the head of the answer and one byte of a pixel. */
async function firstPixel(channel: Duplex, viewer: RfbViewer, signal: AbortSignal): Promise<void> {
  const request = Buffer.of(3, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  request.writeUInt16BE(viewer.width, 6);
  request.writeUInt16BE(viewer.height, 8);
  channel.write(request);
  for (let missing = 4 + 12 + 1; missing > 0;) {
    const bytes: Buffer | null = channel.read() as Buffer | null;
    if (bytes === null) await once(channel, "readable", { signal });
    else missing -= bytes.length;
  }
}

function median(values: readonly number[]): number {
  return (
    values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? Number.NaN
  );
}

await using directory = await TempDir.create();
const { certPath, keyPath, ca } = await makeCertificate(directory);
await using installation = await Installation.create({
  conf: {
    DEFAULT: { cert: certPath, key: keyPath, debug: "false" },
    console_proxy: {
      viewer_security: "X509Plain,TLSPlain,Plain,xvp,VncAuth",
      first_word_timeout_ms: FIRST_WORD_TIMEOUT_MS,
    },
  },
});
await installation.startXvpvncproxy();
await using tigervnc = await XVncServer.tigervnc();
await using qemu = await QemuServer.start();

for (const server of [tigervnc, qemu]) await measure(server);

async function measure(server: VncServer): Promise<void> {
  const { host, port } = server.endpoint;
  const { token } = await installation.ticket(server.endpoint);
  const url = await installation.authorize(server.endpoint, { type: "xvpvnc" });
  const shown = (way: Login["way"]): Open => {
    return async (signal) => {
      const socket = await dial({ host, port: installation.xvpPort });
      const { channel, refusal } = await logIn(socket, { way, token, ca }, signal);
      if (refusal !== null) throw new Error(refusal);
      return RfbViewer.admitted(channel, signal);
    };
  };
  const ways: Readonly<Record<string, Open>> = {
    direct: async (signal) => RfbViewer.open(await dial({ host, port }), signal),
    "XVP CONNECT": async (signal) =>
      RfbViewer.open((await openXvp({ method: "CONNECT", url }, signal)).channel, signal),
    Plain: shown("Plain"),
    xvp: shown("xvp"),
    X509Plain: shown("X509Plain"),
  };
  const times = new Map(Object.keys(ways).map((name): [string, number[]] => [name, []]));
  // One round first that does not count; the ways take turns, so that all see the same machine.
  for (let round = -1; round < ROUNDS; round++) {
    for (const [name, open] of Object.entries(ways)) {
      await delay(PAUSE_MS);
      const elapsed = await timeToFirstPixel(open);
      if (round >= 0) times.get(name)?.push(elapsed);
    }
  }
  const direct = median(times.get("direct") ?? []);
  const bound = ALLOWED_FACTOR * direct + FIRST_WORD_TIMEOUT_MS;
  for (const [name, values] of times) {
    const middle = median(values);
    const spread = `${Math.min(...values).toFixed(1)} to ${Math.max(...values).toFixed(1)}`;
    const verdict = middle <= bound ? "within" : "beyond";
    console.log(
      `${server.name} ${name}: median ${middle.toFixed(1)} ms (${spread}), ${verdict} ${bound.toFixed(1)} ms`,
    );
  }
}
