import { claimPort, formatAddress } from "@nova-console/listener";
import { openPortCheck } from "@nova-console/port-check";
import {
  runningProxy,
  runProgram,
  SessionLog,
  sessionSlotCounts,
  sessionSlotsOf,
} from "@nova-console/service";
import { countTokenChecks } from "@nova-console/token";
import { openTokenStore, watchStore } from "@nova-console/token-stores";
import { declaration } from "./declaration.ts";
import { startXvpVncProxy } from "./server.ts";
import { settingsOf, workerSettingsOf } from "./settings.ts";

await runProgram({
  ...declaration,
  enabled: (config) => (config.vnc.enabled ? null : "[vnc] enabled is false: nothing to do"),
  workers: {
    address: (config) => ({ option: "xvpvncproxy", ...settingsOf(config) }),
    claimPort: (config) => claimPort(settingsOf(config)),
    slots: (config) => sessionSlotCounts(settingsOf(config)),
  },
  start: async ({ config, log, place, socket, metrics }) => {
    const store = await openTokenStore(config, { now: Date.now, log });
    const checkStore = watchStore(store, config, Date.now);
    const portCheck = await openPortCheck(config, { now: Date.now, log });
    const tokens = metrics === null ? store : countTokenChecks(store, metrics);
    const sessionLog = new SessionLog(log);
    const proxy = await startXvpVncProxy({
      settings: workerSettingsOf(config, place),
      workers: place?.workers ?? 1,
      reusePort: place?.reusePort ?? false,
      socket,
      slots: place === null ? undefined : sessionSlotsOf(place),
      tokens,
      portCheck: portCheck ?? undefined,
      log,
      onSessionEnd: (record) => {
        sessionLog.ended(record);
        metrics?.sessionEnded(record);
      },
      onSessionOpen: metrics?.sessionOpened.bind(metrics),
      onConnectionRefused: metrics?.connectionRefused.bind(metrics),
      onThrottled: metrics?.attemptThrottled.bind(metrics),
      now: () => performance.now(),
      wallClock: Date.now,
    });
    return runningProxy({
      ...{ proxy, formatAddress, isPassed: socket !== null },
      check: async () =>
        (await Promise.all([checkStore(), portCheck?.dependencies() ?? []])).flat(),
      reload: (next) => {
        proxy.reload(settingsOf(next));
      },
      close: () => {
        sessionLog.close();
        return Promise.all([store.close(), portCheck?.close()]);
      },
    });
  },
});
