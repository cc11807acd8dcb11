import { claimPort, formatAddress, loadTlsSettings } from "@nova-console/listener";
import { openPortCheck } from "@nova-console/port-check";
import {
  checkConfigCommand,
  endLeftCommand,
  nothingToServe,
  runningProxy,
  runProgram,
  sessionSlotCounts,
  sessionSlotsOf,
  withTlsFiles,
} from "@nova-console/service";
import { loadBackendSecurity } from "@nova-console/session";
import { countTokenChecks } from "@nova-console/token";
import { openTokenStore, watchStore } from "@nova-console/token-stores";
import { declaration } from "./declaration.ts";
import { startXvpVncProxy } from "./server.ts";
import { settingsOf, workerSettingsOf } from "./settings.ts";

await runProgram({
  ...declaration,
  commands: [
    checkConfigCommand((config) => {
      const { tls, backendSecurity } = settingsOf(config);
      loadTlsSettings(tls);
      loadBackendSecurity(backendSecurity);
    }),
    endLeftCommand(declaration.program),
  ],
  enabled: nothingToServe,
  workers: {
    address: (config) => ({ option: "xvpvncproxy", ...settingsOf(config) }),
    claimPort: (config) => claimPort(settingsOf(config)),
    slots: (config) => sessionSlotCounts(settingsOf(config)),
  },
  start: async ({ config, log, sessionLog, place, socket, metrics }) => {
    const store = await openTokenStore(config, { now: Date.now, log });
    const checkStore = watchStore(store, config, Date.now);
    const portCheck = await openPortCheck(config, { now: Date.now, log });
    const tokens = metrics === null ? store : countTokenChecks(store, metrics);
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
      onSessionOpen: (session) => {
        sessionLog.opened(session);
        metrics?.sessionOpened(session);
      },
      onConnectionRefused: metrics?.connectionRefused.bind(metrics),
      onThrottled: metrics?.attemptThrottled.bind(metrics),
      now: () => performance.now(),
      wallClock: Date.now,
    });
    return runningProxy({
      ...{ proxy, formatAddress, isPassed: socket !== null },
      check: async () =>
        (await Promise.all([checkStore(), portCheck?.dependencies() ?? []])).flat(),
      reload: (next, tlsFiles) => {
        proxy.reload(withTlsFiles(settingsOf(next), tlsFiles));
      },
      close: () => {
        sessionLog.close();
        return Promise.all([store.close(), portCheck?.close()]);
      },
    });
  },
});
