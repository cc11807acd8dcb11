import { claimPort, formatAddress } from "@nova-console/listener";
import { openPortCheck } from "@nova-console/port-check";
import {
  asWorker,
  logSessionEnd,
  runningProxy,
  runProgram,
  sessionSlotCounts,
  sessionSlotsOf,
} from "@nova-console/service";
import { checkTokenStore, countTokenChecks } from "@nova-console/token";
import { openTokenStore } from "@nova-console/token-stores";
import { declaration } from "./declaration.ts";
import { startNovncProxy } from "./server.ts";
import { settingsOf, settingsWarnings } from "./settings.ts";

await runProgram({
  ...declaration,
  enabled: (config) => (config.vnc.enabled ? null : "[vnc] enabled is false: nothing to do"),
  workers: {
    address: (config) => ({ option: "novncproxy", ...settingsOf(config) }),
    claimPort: (config) => claimPort(settingsOf(config)),
    slots: (config) => sessionSlotCounts(settingsOf(config)),
  },
  start: async ({ config, log, place, socket, metrics }) => {
    for (const warning of settingsWarnings(config)) log.warn(warning);
    const store = await openTokenStore(config, { now: Date.now, log });
    const portCheck = await openPortCheck(config, { now: Date.now, log });
    const tokens = metrics === null ? store : countTokenChecks(store, metrics);
    const proxy = await startNovncProxy({
      settings: asWorker(settingsOf(config), place),
      reusePort: place?.reusePort ?? false,
      socket,
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
    return runningProxy({
      ...{ proxy, formatAddress, isPassed: socket !== null },
      check: () => checkTokenStore(store),
      reload: (next) => {
        proxy.reload(settingsOf(next));
      },
      close: () => Promise.all([store.close(), portCheck?.close()]),
    });
  },
});
