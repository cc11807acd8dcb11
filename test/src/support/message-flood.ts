import { once } from "node:events";
import type { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { clientFrame, upgradeRequest } from "./client-frames.ts";
import { Installation } from "./installation.ts";
import { memoryOf } from "./memory.ts";
import { endedByProxy, ScriptedBackend } from "./scripted-backend.ts";
import { dial } from "./tcp.ts";
import { until } from "./until.ts";
import { webSocketUrl } from "./web-socket-viewer.ts";

const SESSIONS = 8;
const WORKERS = 2;
const WARM_UP_MS = 1_000;
/** At least this much is written at once. */
const BATCH_BYTES = 65_536;
const SAMPLE_INTERVAL_MS = 50;

/** What eight sessions of one token send, and for how long. */
export interface Flood {
  readonly messageBytes: number;
  readonly backendReads: boolean;
  readonly floodMs: number;
  /** How long memory is watched after the sessions have ended. */
  readonly restMs: number;
}

/** What a flood did to the proxy's memory, in bytes above what it was before. */
export interface FloodMemory {
  readonly most: number;
  /** The least in the time after the sessions had ended. */
  readonly after: number;
  /** What all sessions together brought to the backend. */
  readonly carriedBytes: number;
}

/** Sends messages of one size at full speed through nova-novncproxy, and watches its memory. */
export async function floodWithMessages(flood: Flood): Promise<FloodMemory> {
  let carriedBytes = 0;
  await using backend = await ScriptedBackend.start({
    run: (socket) => {
      if (flood.backendReads) socket.on("data", (chunk) => (carriedBytes += chunk.length));
      else socket.pause();
      return endedByProxy(socket);
    },
  });
  // As on every machine of several cores: a worker has V8's young generation limited.
  await using installation = await Installation.create({
    conf: { console_proxy: { workers: WORKERS } },
  });
  const { pid } = await installation.startNovncproxy();
  // A token for each round: sessions that were reset while they waited end a moment later.
  const [warmUpUrl, url] = [
    webSocketUrl(await installation.authorize(backend.endpoint)),
    webSocketUrl(await installation.authorize(backend.endpoint)),
  ];
  // A round before, so that what is measured is not the first use of the code.
  await round(warmUpUrl, flood, WARM_UP_MS, () => Promise.resolve());
  const before = await memoryOf(pid);
  let most = 0;
  const grown = async (): Promise<number> => (await memoryOf(pid)) - before;
  await round(url, flood, flood.floodMs, async () => {
    most = Math.max(most, await grown());
  });
  let after = Number.POSITIVE_INFINITY;
  const end = performance.now() + flood.restMs;
  await until("the time after the sessions", async () => {
    after = Math.min(after, await grown());
    return performance.now() >= end;
  });
  return { most, after, carriedBytes };
}

async function round(
  url: URL,
  { messageBytes }: Flood,
  floodMs: number,
  sample: () => Promise<void>,
): Promise<void> {
  const sockets = await Promise.all(Array.from({ length: SESSIONS }, () => openSession(url)));
  const message = clientFrame(Buffer.alloc(messageBytes, 7));
  const count = Math.ceil(BATCH_BYTES / message.length);
  const batch = Buffer.concat(Array.from({ length: count }, () => message));
  for (const socket of sockets) {
    const send = (): void => {
      while (socket.writable && socket.write(batch));
    };
    socket.on("drain", send);
    send();
  }
  const end = performance.now() + floodMs;
  while (performance.now() < end) {
    await sample();
    await delay(SAMPLE_INTERVAL_MS);
  }
  for (const socket of sockets) socket.resetAndDestroy();
}

/** Opens a console with bare bytes: what the proxy answers is not looked at. */
async function openSession(url: URL): Promise<Socket> {
  const socket = await dial({ host: url.hostname, port: Number(url.port) });
  let received = Buffer.alloc(0);
  const collect = (chunk: Buffer): void => {
    received = Buffer.concat([received, chunk]);
  };
  socket.on("data", collect);
  const handshake = [Buffer.from("RFB 003.008\n"), Buffer.of(1), Buffer.of(1)];
  socket.write(
    Buffer.concat([upgradeRequest(url), ...handshake.map((bytes) => clientFrame(bytes))]),
  );
  // The end of ServerInit: the desktop's name.
  while (!received.includes("scripted")) await once(socket, "data");
  socket.off("data", collect);
  socket.resume();
  return socket;
}
