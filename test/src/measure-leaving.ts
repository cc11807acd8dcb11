/**
 * Measures what viewers leave behind that leave at a random byte of handshake or session by FIN, RST,
 * close frame or silence: `node test/src/measure-leaving.ts [CONVERSATIONS] [SEED]` after a build. Fails
 * if a session, a connection or a slot is left.
 */
import { LeavingStage } from "./support/leaving-stage.ts";

const count = Number(process.argv[2] ?? 10_000);
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000);

/** Seconds; a silent viewer on 6081 is told from one that watches by `idle_timeout` only. */
const SILENCE_LIMITS = { ping_interval: 3, idle_timeout: 6 };
/** The rest of a connection that the viewer has half-closed, and the lingering after it. */
const HALF_CLOSED_MS = 13_000;
const SOON_MS = 5_000;

async function measure(
  stage: LeavingStage,
  what: string,
  limits: Record<"6080" | "6081", number>,
): Promise<void> {
  for (const port of ["6080", "6081"] as const) {
    const emptyMs = await stage.emptied(port, limits[port]);
    const areFree = await stage.allSlotsAreFree(port);
    process.stdout.write(
      `${what}, ${port}: empty ${Math.round(emptyMs)} ms after the last; slots ${areFree ? "all free" : "TAKEN"}\n`,
    );
    if (!areFree) process.exitCode = 1;
  }
}

process.stdout.write(`seed ${seed}\n`);
{
  await using stage = await LeavingStage.start(seed);
  const part = Math.floor(count / 4);
  await stage.converse(part, ["RST"]);
  await measure(stage, `${part} by RST`, { "6080": SOON_MS, "6081": SOON_MS });
  await stage.converse(part, ["close frame", "FIN"]);
  await measure(stage, `${part} by close frame or FIN`, {
    "6080": SOON_MS,
    "6081": HALF_CLOSED_MS,
  });
  await stage.converse(part, ["FIN", "RST", "close frame"]);
  await measure(stage, `${part} in any of these ways`, { "6080": SOON_MS, "6081": HALF_CLOSED_MS });
}
{
  const part = Math.floor(count / 4);
  await using stage = await LeavingStage.start(seed, SILENCE_LIMITS);
  await stage.converse(part, ["silence", "RST"]);
  await measure(stage, `${part} by silence or RST`, {
    "6080": 2 * HALF_CLOSED_MS,
    "6081": 2 * HALF_CLOSED_MS,
  });
}
