import { spawnSync } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { churn, live } from "./at-scale.ts";
import type { BulkResult, EchoResult } from "./load/commands.ts";
import type { Figures, Measurement, Scene } from "./measurement.ts";
import { cpuSecondsOf } from "./proc/cpu-time.ts";
import { memoryBytesOf } from "./proc/memory.ts";
import { processTree } from "./proc/process-tree.ts";
import type { Scale } from "./scale.ts";

const KIB = 1024;
const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
const OPENED_AT_A_TIME = 16;
const BULK_BESIDE = 4;
/** Of one console: a person types ten a second; a p99 needs some hundred. */
const KEYS_BESIDE_BULK = 200;

/** Everything that is measured, in order. */
export function allMeasurements(scale: Scale): Measurement[] {
  return [
    ...[64 * KIB, 4 * KIB, 256].flatMap((bytes) =>
      scale.bulkSessions.map((sessions) => bulk(scale, bytes, sessions)),
    ),
    echo(scale, "echo-1", 1, 0),
    oneCore(echo(scale, "echo-1-core", 1, 0)),
    ...scale.echoSessions.map((sessions) => echo(scale, `echo-${sessions}`, sessions, 1000)),
    echoBesideBulk(scale),
    opens(scale),
    ...scale.memorySessions.map((sessions) => memory(scale, sessions)),
    ...scale.liveSessions.map((sessions) => live(scale, sessions)),
    churn(scale),
  ];
}

function bulk(scale: Scale, pixelBytes: number, sessions: number): Measurement {
  const size = pixelBytes < KIB ? `${pixelBytes} B` : `${pixelBytes / KIB} KiB`;
  return {
    name: `bulk-${size.replace(/ |iB|B/g, "").toLowerCase()}-${sessions}`,
    title: `updates of ${size}, sessions: ${sessions}`,
    primary: "CPU s/GiB",
    sessions,
    tls: true,
    async run({ peer, load, backendPids }) {
      await load.ask("open", { target: peer.targets[0], count: sessions });
      const { durationMs, warmUpMs, verifyAll } = scale;
      const request = { pixelBytes, durationMs, warmUpMs, verifyAll, backendPids };
      return bulkFigures(await load.ask("bulk", { ...request, pids: peer.pids }));
    },
  };
}

function bulkFigures(result: BulkResult): Figures {
  const { bytes, updates, seconds, cpuSeconds } = result;
  if (updates === 0) throw new Error("no update came in the measured time");
  return {
    "CPU s/GiB": cpuSeconds / (bytes / GIB),
    "MiB/s": bytes / MIB / seconds,
    "us/update": (cpuSeconds / updates) * 1e6,
    cores: cpuSeconds / seconds,
    "load cores": result.loadCpuSeconds / seconds,
    "server cores": result.backendCpuSeconds / seconds,
  };
}

function echo(scale: Scale, name: string, sessions: number, perSecond: number): Measurement {
  return {
    name,
    title: `key echo, sessions: ${sessions}${perSecond > 0 ? `, ${perSecond} keys a second` : ""}`,
    primary: "p99 us",
    sessions,
    tls: sessions === 1,
    async run({ peer, load }) {
      await load.ask("open", { target: peer.targets[0], count: sessions });
      const { durationMs } = scale;
      return echoFigures(await load.ask("echo", { perSecond, durationMs }));
    },
  };
}

function echoFigures({ p50, p99, p999 }: EchoResult): Figures {
  return { "p50 us": p50, "p99 us": p99, "p99.9 us": p999 };
}

/** The same with the peer, the load and the VNC server on one core: no other does part of the work. */
function oneCore(measurement: Measurement): Measurement {
  return {
    ...measurement,
    title: `${measurement.title}, all on one core`,
    async run(scene) {
      const pids = [...scene.peer.pids, scene.load.pid, ...scene.backendPids];
      pin(pids, "0");
      try {
        return await measurement.run(scene);
      } finally {
        pin(pids, `0-${navigator.hardwareConcurrency - 1}`);
      }
    },
  };
}

function pin(pids: readonly number[], cores: string): void {
  for (const pid of pids.flatMap(processTree)) {
    spawnSync("taskset", ["--all-tasks", "--cpu-list", "--pid", cores, String(pid)]);
  }
}

/** One console's keys first alone, then while others of the same proxy draw as fast as they can. */
function echoBesideBulk({ durationMs }: Scale): Measurement {
  return {
    name: "echo-bulk",
    title: `key echo, one session, beside ${BULK_BESIDE} that draw 64 KiB updates`,
    primary: "p99 us",
    sessions: 1 + BULK_BESIDE,
    tls: true,
    async run({ peer, load, secondLoad }) {
      const keys = { perSecond: KEYS_BESIDE_BULK, durationMs: 2 * durationMs };
      await load.ask("open", { target: peer.targets[0], count: 1 });
      const alone = await load.ask("echo", keys);
      await secondLoad.ask("open", { target: peer.targets[1], count: BULK_BESIDE });
      await secondLoad.ask("startBulk", { pixelBytes: 64 * KIB });
      const beside = await load.ask("echo", keys);
      const { updates } = await secondLoad.ask("stopBulk", null);
      if (updates === 0) throw new Error("nothing was drawn beside");
      return {
        ...echoFigures(beside),
        "alone p50 us": alone.p50,
        "alone p99 us": alone.p99,
        "p99 more us": beside.p99 - alone.p99,
        "p99 x": beside.p99 / alone.p99,
      };
    },
  };
}

function opens({ durationMs, warmUpMs }: Scale): Measurement {
  return {
    name: "opens",
    title: `consoles opened, ${OPENED_AT_A_TIME} at a time`,
    primary: "opens/s",
    moreIsBetter: true,
    sessions: 1,
    tls: true,
    async run({ peer, load }) {
      const request = {
        target: peer.targets[0],
        parallel: OPENED_AT_A_TIME,
        count: OPENED_AT_A_TIME,
        pids: peer.pids,
      };
      // A service runs for months: its first thousand consoles are not what it costs.
      await load.ask("cycle", { ...request, durationMs: 2 * warmUpMs });
      const { opened, seconds, cpuSeconds } = await load.ask("cycle", { ...request, durationMs });
      return { "opens/s": opened / seconds, "CPU s/1000": (cpuSeconds / opened) * 1000 };
    },
  };
}

function memory(scale: Scale, sessions: number): Measurement {
  return {
    name: `memory-${sessions}`,
    title: `memory, sessions: ${sessions}`,
    primary: "idle KiB",
    sessions,
    tls: sessions <= 1000,
    fresh: true,
    run: (scene) => measureMemory(scene, scale, sessions),
  };
}

async function measureMemory(
  { peer, load }: Scene,
  { durationMs, warmUpMs }: Scale,
  sessions: number,
): Promise<Figures> {
  const settle = 4 * warmUpMs;
  await delay(settle);
  const before = memoryBytesOf(peer.pids);
  await load.ask("open", { target: peer.targets[0], count: sessions });
  await delay(settle);
  const idle = memoryBytesOf(peer.pids);
  const cpuBefore = cpuSecondsOf(peer.pids);
  const since = performance.now();
  await delay(3 * durationMs);
  const idleCpu = (cpuSecondsOf(peer.pids) - cpuBefore) / ((performance.now() - since) / 1000);
  await load.ask("startBulk", { pixelBytes: 4 * KIB });
  await delay(durationMs);
  const active = memoryBytesOf(peer.pids);
  await load.ask("stopBulk", null);
  return {
    "idle KiB": (idle - before) / KIB / sessions,
    "active KiB": (active - before) / KIB / sessions,
    "idle tree MiB": idle / MIB,
    "active tree MiB": active / MIB,
    "idle CPU %": idleCpu * 100,
  };
}
