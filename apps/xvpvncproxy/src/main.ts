import { formatAddress } from "@nova-console/listener";
import { logSessionEnd, runProgram } from "@nova-console/service";
import { openTokenStore } from "@nova-console/token";
import { startXvpVncProxy } from "./server.ts";
import { settingsOf } from "./settings.ts";

await runProgram({
  program: "nova-xvpvncproxy",
  summary: "Carry consoles to desktop viewers that come by the XVP handshake.",
  enabled: (config) => (config.vnc.enabled ? null : "[vnc] enabled is false: nothing to do"),
  start: async ({ config, log }) => {
    const tokens = openTokenStore({
      connection: config.database.connection,
      statePath: config.DEFAULT.state_path,
      now: Date.now,
    });
    const proxy = await startXvpVncProxy({
      settings: settingsOf(config),
      tokens,
      log,
      onSessionEnd: (record) => {
        logSessionEnd(log, record);
      },
      now: () => performance.now(),
    });
    const { host, port } = proxy.address();
    return {
      describe: `listening on ${formatAddress(host, port)}`,
      stop: async () => {
        await proxy.stop();
        await tokens.close();
      },
      reload: (next) => {
        proxy.reload(settingsOf(next));
        return Promise.resolve();
      },
    };
  },
});
