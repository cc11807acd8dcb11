import { claimPort, formatAddress } from "@nova-console/listener";
import { openPortCheck } from "@nova-console/port-check";
import {
  asWorker,
  logSessionEnd,
  runProgram,
  sessionSlotCounts,
  sessionSlotsOf,
} from "@nova-console/service";
import { checkTokenStore, countTokenChecks } from "@nova-console/token";
import { openTokenStore } from "@nova-console/token-stores";
import { startNovncProxy } from "./server.ts";
import { settingsOf, settingsWarnings } from "./settings.ts";

await runProgram({
  program: "nova-novncproxy",
  summary: "Serve the noVNC page and carry consoles to browsers in WebSockets.",
  enabled: (config) => (config.vnc.enabled ? null : "[vnc] enabled is false: nothing to do"),
  workers: {
    claimPort: (config) => claimPort(settingsOf(config)),
    slots: (config) => sessionSlotCounts(settingsOf(config)),
  },
  start: async ({ config, log, place, metrics }) => {
    for (const warning of settingsWarnings(config)) log.warn(warning);
    const store = await openTokenStore(config, { now: Date.now });
    const portCheck = await openPortCheck(config, { now: Date.now, log });
    const tokens = metrics === null ? store : countTokenChecks(store, metrics);
    const proxy = await startNovncProxy({
      settings: asWorker(settingsOf(config), place),
      reusePort: place?.reusePort ?? false,
      slots: place === null ? undefined : sessionSlotsOf(place),
      tokens,
      portCheck: portCheck ?? undefined,
      log,
      onSessionEnd: (record) => {
        logSessionEnd(log, record);
        metrics?.sessionEnded(record);
      },
      onSessionOpen: metrics?.sessionOpened.bind(metrics),
      now: () => performance.now(),
      wallClock: Date.now,
    });
    const { host, port } = proxy.address();
    return {
      describe: `listening on ${formatAddress(host, port)}`,
      stop: async () => {
        await proxy.stop();
        await Promise.all([store.close(), portCheck?.close()]);
      },
      view: {
        list: () => proxy.live.list(),
        end: (number) => proxy.live.end(number),
        check: () => checkTokenStore(store),
      },
      reload: (next) => {
        proxy.reload(settingsOf(next));
        return Promise.resolve();
      },
    };
  },
});
