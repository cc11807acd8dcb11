import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Child } from "./support/child.ts";
import { flood } from "./support/fill.ts";
import { Installation } from "./support/installation.ts";
import { memoryOf } from "./support/memory.ts";
import { ScriptedBackend } from "./support/scripted-backend.ts";
import { until } from "./support/until.ts";
import { openConsole, viewerPorts, type ViewerPort } from "./support/viewer-ports.ts";

const TIMEOUT_MS = 120_000;
const MIB = 2 ** 20;
const FLOOD_BYTES = 100 * MIB;
const WARM_UP_BYTES = 2 * MIB;
/** How long the viewer does not read. */
const HOLD_MS = 20_000;
const MOST_GROWTH_BYTES = 8 * MIB;

describe("memory", () => {
  it("stays bounded when a viewer does not read 100 MiB", { timeout: TIMEOUT_MS }, async () => {
    await using installation = await Installation.create();
    const [novncproxy, xvpvncproxy] = await Promise.all([
      installation.startNovncproxy(),
      installation.startXvpvncproxy(),
    ]);
    const proxies = new Map([
      ["novnc", novncproxy],
      ["xvpvnc", xvpvncproxy],
    ]);
    await Promise.all(
      viewerPorts.map(async (port) => {
        const proxy = proxies.get(port.type);
        assert.ok(proxy);
        const grown = await growth(port, installation, proxy);
        assert.ok(grown < MOST_GROWTH_BYTES, `on ${port.name} it grew by ${grown / MIB} MiB`);
      }),
    );
  });
});

/** @returns how far the proxy's memory rose above what it was while its viewer did not read, in bytes */
async function growth(port: ViewerPort, installation: Installation, proxy: Child): Promise<number> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  // A session before, so that what is measured is one more session and not the first use of the code.
  await session(port, installation, signal, WARM_UP_BYTES);
  const before = await memoryOf(proxy.pid);
  let most = before;
  await session(port, installation, signal, FLOOD_BYTES, async (isFlooded) => {
    const end = Date.now() + HOLD_MS;
    const watch = async (): Promise<boolean> => {
      most = Math.max(most, await memoryOf(proxy.pid));
      return Date.now() >= end;
    };
    await until("the time that the viewer does not read", watch, 2 * HOLD_MS);
    assert.equal(isFlooded(), false, "somebody took all that the backend had");
  });
  return most - before;
}

/** Opens a console whose backend sends `byteCount` bytes, holds it, and reads them all. */
async function session(
  port: ViewerPort,
  installation: Installation,
  signal: AbortSignal,
  byteCount: number,
  hold?: (isFlooded: () => boolean) => Promise<void>,
): Promise<void> {
  let flooded = false;
  await using backend = await ScriptedBackend.start({
    run: async (socket) => {
      await flood(socket, byteCount);
      flooded = true;
    },
  });
  const viewer = await openConsole(port, installation, backend.endpoint, signal);
  await hold?.(() => flooded);
  for (let read = 0; read < byteCount; read += MIB) await viewer.readExact(MIB);
  viewer.channel.destroy();
}
