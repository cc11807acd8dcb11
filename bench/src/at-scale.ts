import { setTimeout as delay } from "node:timers/promises";
import type { Figures, Measurement, Scene } from "./measurement.ts";
import { cpuSecondsOf } from "./proc/cpu-time.ts";
import { memoryBytesOf } from "./proc/memory.ts";
import type { Scale } from "./scale.ts";
import { fitLine, type Point } from "./stats/line.ts";

const MIB = 1024 ** 2;
const OPENED_AT_A_TIME = 16;
const CHURN_STEPS = 40;
const MILLION = 1_000_000;

/** As many consoles as the machine's limits allow: first nobody does anything, then all type now and then. */
export function live(scale: Scale, sessions: number): Measurement {
  const keys = `a key each in ${scale.keyPeriodMs / 1000} s`;
  return {
    name: `live-${sessions}`,
    title: `${sessions} sessions, ${scale.idleMs / 1000} s idle, then ${keys}; none may be lost`,
    primary: "live tree MiB",
    sessions,
    tls: false,
    fresh: true,
    onRequest: true,
    async run(scene) {
      const { peer, load } = scene;
      const alone = await cpuOfOpening(scene, scale);
      await load.ask("open", { target: peer.targets[0], count: sessions });
      // What opening them left to do is not what idle ones cost.
      await delay(4 * scale.warmUpMs);
      const idle = await observed(peer.pids, () => delay(scale.idleMs));
      const request = {
        perSecond: (sessions * 1000) / scale.keyPeriodMs,
        durationMs: scale.keysMs,
      };
      const typing = await observed(peer.pids, () => load.ask("echo", request));
      const beside = await cpuOfOpening(scene, scale);
      return {
        "idle tree MiB": idle.treeMiB,
        "idle CPU %": idle.cpuPercent,
        "live tree MiB": typing.treeMiB,
        "live CPU %": typing.cpuPercent,
        echoes: typing.result.samples,
        "p50 us": typing.result.p50,
        "p99 us": typing.result.p99,
        "open alone CPU s/1000": alone,
        "open beside": beside,
      };
    },
  };
}

/** CPU seconds that opening a thousand more consoles takes, each closed at once. */
async function cpuOfOpening({ peer, load }: Scene, { opensBeside }: Scale): Promise<number> {
  const many = { parallel: OPENED_AT_A_TIME, count: opensBeside, durationMs: 0 };
  const request = { ...many, target: peer.targets[0], pids: peer.pids };
  // The first ones run code that is not compiled yet.
  await load.ask("cycle", request);
  const { opened, cpuSeconds } = await load.ask("cycle", request);
  return (cpuSeconds / opened) * 1000;
}

/** Lets something happen, and says what the processes took meanwhile; 100 % is one core. */
async function observed<T>(
  pids: readonly number[],
  happen: () => Promise<T>,
): Promise<{ result: T; treeMiB: number; cpuPercent: number }> {
  const [since, cpuBefore] = [performance.now(), cpuSecondsOf(pids)];
  const result = await happen();
  const seconds = (performance.now() - since) / 1000;
  return {
    result,
    treeMiB: memoryBytesOf(pids) / MIB,
    cpuPercent: ((cpuSecondsOf(pids) - cpuBefore) / seconds) * 100,
  };
}

/** Consoles opened and closed by the ten thousand: does memory grow with them? */
export function churn(scale: Scale): Measurement {
  return {
    name: "churn",
    title: `memory while ${scale.churn} consoles are opened and closed`,
    primary: "B/open",
    sessions: OPENED_AT_A_TIME,
    tls: false,
    fresh: true,
    onRequest: true,
    run: (scene) => measureChurn(scene, scale),
  };
}

async function measureChurn({ peer, load }: Scene, { churn, warmUpMs }: Scale): Promise<Figures> {
  const points: Point[] = [];
  const step = Math.ceil(churn / CHURN_STEPS);
  for (let opened = 0; opened < churn;) {
    const request = { target: peer.targets[0], parallel: OPENED_AT_A_TIME, count: step };
    opened += (await load.ask("cycle", { ...request, durationMs: 0, pids: [] })).opened;
    // The last ones' ends are still under way.
    await delay(warmUpMs);
    points.push({ x: opened, y: memoryBytesOf(peer.pids) });
  }
  // The first half fills heaps, caches and pools, which then stay as they are.
  const settled = points.slice(points.length / 2);
  const { slope, error } = fitLine(settled);
  const [first, last] = [points[0], points.at(-1)];
  return {
    "B/open": slope,
    "+- B/open": 2 * error,
    "MiB after 1,000,000": (slope * MILLION) / MIB,
    "+- MiB": (2 * error * MILLION) / MIB,
    "first tree MiB": (first?.y ?? 0) / MIB,
    "last tree MiB": (last?.y ?? 0) / MIB,
  };
}
