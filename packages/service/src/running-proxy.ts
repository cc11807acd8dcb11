import type { Config } from "@nova-console/config";
import type { ServiceView } from "./admin/service-view.ts";
import type { ListeningProxy } from "./listening-proxy.ts";
import type { RunningService } from "./program-spec.ts";
import type { TlsFiles } from "./read-tls-files.ts";

/** Longest that stores and brokers may take to be closed: nothing of them is lost by an end without. */
const CLOSE_LIMIT_MS = 3_000;

/** What {@link runningProxy} needs. */
export interface RunningProxyOptions {
  readonly proxy: Omit<ListeningProxy<never>, "sessions" | "reload">;
  /** Whether it listens on a socket that systemd passed. */
  readonly isPassed: boolean;
  /** Writes an address for people. */
  readonly formatAddress: (host: string, port: number) => string;
  readonly reload: (config: Config, tlsFiles?: TlsFiles) => void;
  /** As {@link ServiceView.check}. */
  readonly check: ServiceView["check"];
  /** Ends what the proxy asks: stores and brokers. */
  readonly close: () => Promise<unknown>;
}

/** A proxy as a service: what is the same for both. */
export function runningProxy(options: RunningProxyOptions): RunningService {
  const { proxy, isPassed, formatAddress, reload, check, close } = options;
  const { host, port } = proxy.address();
  let closing: Promise<void> | undefined;
  const closeOnce = (): Promise<void> => (closing ??= atMost(CLOSE_LIMIT_MS, close()));
  return {
    describe: `listening on ${formatAddress(host, port)}${isPassed ? " (systemd's socket)" : ""}`,
    stop: async () => {
      await proxy.stop();
      await closeOnce();
    },
    leave: async (portIsFree) => {
      const left = proxy.leave(() => {
        // Open consoles may go on for days. If it fails that is told below, when they have ended.
        closeOnce().catch(() => undefined);
      });
      portIsFree();
      await left;
      await closeOnce();
    },
    cut: (why) => {
      proxy.live.cut(why);
    },
    view: {
      list: () => proxy.live.list(),
      end: (number) => proxy.live.end(number),
      check,
    },
    reload: (config, tlsFiles) => {
      reload(config, tlsFiles);
      return Promise.resolve();
    },
  };
}

async function atMost(limitMs: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  try {
    await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
