import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig, type Config } from "@nova-console/config";
import {
  type AuthorizedConsole,
  type ConsoleRequest,
  openTokenStore,
  type SqliteTokenStore,
} from "@nova-console/token";

/** The instance of most tests. */
export const INSTANCE = "11111111-2222-3333-4444-555555555555";
/** Every test that could wait ends by itself. */
export const TIMEOUT = { timeout: 30_000 };

/** A state directory with its store and configuration; gone after `remove`. */
export interface Workplace {
  readonly directory: string;
  readonly store: SqliteTokenStore;
  /** The configuration with these options of `[consoleauth]`. */
  config(consoleauth?: Readonly<Record<string, string>>): Config;
  /** A token for {@link INSTANCE}. */
  authorize(change?: Partial<ConsoleRequest>): Promise<AuthorizedConsole>;
  remove(): Promise<void>;
}

/** Makes a workplace in a directory of its own. */
export async function createWorkplace(now: () => number = Date.now): Promise<Workplace> {
  const directory = mkdtempSync(join(tmpdir(), "consoleauth-"));
  const store = await openTokenStore({
    ...{ connection: null, statePath: directory, now },
    connectTimeoutMs: 5_000,
  });
  return {
    directory,
    store,
    config: (consoleauth = {}) => {
      const commandLine = [
        { group: "DEFAULT", name: "state_path", text: directory, spelling: "--state_path" },
        ...Object.entries(consoleauth).map(([name, text]) => {
          return { group: "consoleauth", name, text, spelling: `--consoleauth-${name}` };
        }),
      ];
      return loadConfig({
        program: "nova-consoleauth",
        homeDirectory: directory,
        rootDirectory: directory,
        hostName: "host1",
        primaryAddress: "192.0.2.1",
        cores: 4,
        commandLine,
      }).values;
    },
    authorize: (change = {}) =>
      store.authorize({
        consoleType: "novnc",
        host: "compute1",
        port: 5900,
        internalAccessPath: null,
        instanceUuid: INSTANCE,
        accessUrlBase: "http://127.0.0.1:6080/vnc_auto.html",
        ttlSeconds: 600,
        ...change,
      }),
    remove: async () => {
      await store.close();
      rmSync(directory, { recursive: true });
    },
  };
}
