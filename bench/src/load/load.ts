// The viewers of every measurement, in a process of their own. Commands come by IPC, one at a time.
import { cpuSecondsOf } from "../proc/cpu-time.ts";
import { percentile } from "../stats/percentile.ts";
import { setTimeout as delay } from "node:timers/promises";
import { Bulk } from "./bulk.ts";
import type {
  BulkRequest,
  BulkResult,
  CommandName,
  Commands,
  CycleRequest,
  CycleResult,
  EchoRequest,
  EchoResult,
  OpenRequest,
} from "./commands.ts";
import { measureEcho } from "./echo.ts";
import { Viewer } from "./viewer.ts";

/** As many consoles as are opened at a time, to hold them. */
const OPEN_PARALLEL = 32;

const viewers: Viewer[] = [];
let background: Bulk | null = null;
let failed = Promise.withResolvers<never>();

async function open({ target, count }: OpenRequest): Promise<null> {
  let next = 0;
  const openSome = async (): Promise<void> => {
    while (next < count) {
      const viewer = await Viewer.open(target, tokenAt(target.tokens, next++));
      viewer.onLost = (error) => {
        failed.reject(error);
      };
      viewers.push(viewer);
    }
  };
  await Promise.all(Array.from({ length: OPEN_PARALLEL }, openSome));
  return null;
}

function closeAll(): null {
  for (const viewer of viewers.splice(0)) viewer.close();
  failed = newFailure();
  return null;
}

async function bulk(request: BulkRequest): Promise<BulkResult> {
  const { pixelBytes, verifyAll, warmUpMs, durationMs } = request;
  const drawing = new Bulk(viewers, pixelBytes, verifyAll);
  const look = (): Omit<BulkResult, "seconds"> & { now: number } => ({
    cpuSeconds: cpuSecondsOf(request.pids),
    loadCpuSeconds: cpuSecondsOf([process.pid]),
    backendCpuSeconds: cpuSecondsOf(request.backendPids),
    bytes: drawing.bytes,
    updates: drawing.updates,
    now: performance.now(),
  });
  drawing.start();
  await delay(warmUpMs);
  const before = look();
  await delay(durationMs);
  const after = look();
  await drawing.stop();
  return {
    bytes: after.bytes - before.bytes,
    updates: after.updates - before.updates,
    seconds: (after.now - before.now) / 1000,
    cpuSeconds: after.cpuSeconds - before.cpuSeconds,
    loadCpuSeconds: after.loadCpuSeconds - before.loadCpuSeconds,
    backendCpuSeconds: after.backendCpuSeconds - before.backendCpuSeconds,
  };
}

function startBulk({ pixelBytes }: { readonly pixelBytes: number }): null {
  background = new Bulk(viewers, pixelBytes, false);
  background.start();
  return null;
}

async function stopBulk(): Promise<{ updates: number }> {
  await background?.stop();
  return { updates: background?.updates ?? 0 };
}

async function echo({ perSecond, durationMs }: EchoRequest): Promise<EchoResult> {
  const samples = await measureEcho(viewers, perSecond, durationMs);
  return {
    samples: samples.length,
    p50: percentile(samples, 0.5),
    p99: percentile(samples, 0.99),
    p999: percentile(samples, 0.999),
  };
}

async function cycle(request: CycleRequest): Promise<CycleResult> {
  const { target, parallel, durationMs, count, pids } = request;
  let [begun, opened] = [0, 0];
  const cpuBefore = cpuSecondsOf(pids);
  const start = performance.now();
  const end = start + durationMs;
  const openSome = async (): Promise<void> => {
    while (begun < count || performance.now() < end) {
      const viewer = await Viewer.open(target, tokenAt(target.tokens, begun++));
      viewer.close();
      opened++;
    }
  };
  await Promise.all(Array.from({ length: parallel }, openSome));
  const seconds = (performance.now() - start) / 1000;
  return { opened, seconds, cpuSeconds: cpuSecondsOf(pids) - cpuBefore };
}

function tokenAt(tokens: readonly string[], index: number): string {
  return tokens[index % tokens.length] ?? "";
}

function newFailure(): typeof failed {
  const failure = Promise.withResolvers<never>();
  // Told to the next command; between two there is nobody to hear of it.
  failure.promise.catch(() => undefined);
  return failure;
}

const commands = { open, closeAll, bulk, startBulk, stopBulk, echo, cycle };

/** A command as it comes from {@link Load}: typed there, so not checked again here. */
interface Message {
  readonly name: CommandName;
  readonly request: Parameters<Commands[CommandName]>[0];
}

failed = newFailure();
process.on("message", (message: Message) => {
  const run = commands[message.name] as (request: Message["request"]) => unknown;
  Promise.race([Promise.resolve().then(() => run(message.request)), failed.promise]).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: `${message.name}: ${String(error)}` }),
  );
});
process.on("disconnect", () => process.exit());
