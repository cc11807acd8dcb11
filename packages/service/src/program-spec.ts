import type { Config, LoadedConfig } from "@nova-console/config";
import type { CommandArguments, CommandDeclaration } from "./command-line.ts";
import type { Logger } from "./logger.ts";
import type { SessionLog } from "./session-log.ts";
import type { ServiceMetrics } from "./admin/service-metrics.ts";
import type { ServiceView } from "./admin/service-view.ts";
import type { TlsFiles } from "./read-tls-files.ts";
import type { Seat } from "./workers/messages.ts";

/** One of the programs that have a configuration. */
export type ProgramName = "nova-novncproxy" | "nova-xvpvncproxy" | "nova-consoleauth";

/** What a program is called, says of itself and can be told: its help and its manual page come from this. */
export interface ProgramDeclaration {
  readonly program: ProgramName;
  /** One line for `--help`. */
  readonly summary: string;
  /** What it can do instead of serving. */
  readonly commands?: readonly CommandDeclaration[];
}

/** What a program is: its declaration and what it does when it is started. */
export interface ProgramSpec extends ProgramDeclaration {
  /** Why there is nothing to do with this configuration, which ends the program with status 0; null otherwise. */
  readonly enabled?: (loaded: LoadedConfig) => string | null;
  readonly commands?: readonly ProgramCommand[];
  /** Lets several processes serve at one port, as `[console_proxy] workers` says; absent: one does. */
  readonly workers?: WorkersSpec;
  /**
   * Starts serving; it resolves when clients can come.
   *
   * What it throws ends the program with one line on standard error: status 2 for a
   * `ConfigError`, a `SettingError` or a bad certificate, 1 for anything else.
   */
  readonly start: (context: StartContext) => Promise<RunningService>;
}

/** What workers have in common. */
export interface WorkersSpec {
  /** Where the configuration has them listen: options `${option}_host` and `${option}_port` of `[vnc]`. */
  readonly address: (config: Config) => {
    readonly option: string;
    readonly host: string;
    readonly port: number;
  };
  /**
   * Makes sure that nobody else has the port, and finds out what the configuration leaves open: a
   * host name's address, the number for port 0.
   *
   * @throws as {@link ProgramSpec.start}
   */
  readonly claimPort: (config: Config) => Promise<{ readonly host: string; readonly port: number }>;
  /** What workers share, by name: how many of each key there may be at a time. */
  readonly slots: (config: Config) => Readonly<Record<string, number>>;
}

/** What may be taken and given back, so many of each key at a time. */
export interface Slots {
  /** @returns whether there was one */
  take(key: string): boolean | Promise<boolean>;
  giveBack(key: string): void;
}

/** A worker's place among the others. */
export interface WorkerPlace extends Seat {
  /** @param name - one of those that {@link WorkersSpec.slots} has */
  readonly slots: (name: string) => Slots;
  /** Certificate and key as other workers have them; null: none has read them yet. */
  readonly tlsFiles: TlsFiles | null;
}

/** What a service is started with. */
export interface StartContext {
  /** Deeply frozen. */
  readonly config: Config;
  readonly log: Logger;
  /** Where the sessions of a proxy are written. */
  readonly sessionLog: SessionLog;
  /** Aborted when a stop is asked for, before {@link RunningService.stop} is called. */
  readonly signal: AbortSignal;
  /** null for the only process: it listens where the configuration says, but for `socket`. */
  readonly place: WorkerPlace | null;
  /** File descriptor of a socket that listens already, which systemd passed; null: bind one. */
  readonly socket: number | null;
  /** Where to count what happens; null if nobody asks: `[console_proxy] admin_listen` is not set. */
  readonly metrics: ServiceMetrics | null;
}

/** A service that serves. */
export interface RunningService {
  /** For log and systemd: `listening on 0.0.0.0:6080`. */
  readonly describe: string;
  /** Takes no more clients, lets those there are end as the configuration says, closes. */
  readonly stop: () => Promise<void>;
  /**
   * The same for a worker whose primary process goes at once, so that another program can listen on
   * the port: stops listening, and still serves who has connected.
   *
   * @param portIsFree - called when it does not listen any more
   */
  readonly leave?: (portIsFree: () => void) => Promise<void>;
  /** Ends in order, with a close reason, whatever `stop` or `leave` would wait for. @param why - for the log */
  readonly cut?: (why: string) => void;
  /** What systemd shows while it stops, if not that open consoles may end. */
  readonly stopping?: string;
  /**
   * Takes over what can change without a restart. If it rejects, the old configuration goes on.
   *
   * @param tlsFiles - certificate and key as other workers have them; absent: as on the disk
   */
  readonly reload?: (config: Config, tlsFiles?: TlsFiles) => Promise<void>;
  /** What the operator sees of it at `[console_proxy] admin_listen`. */
  readonly view?: ServiceView;
  /** Settles when the service ended by itself; a rejection ends the program with status 1. */
  readonly done?: Promise<void>;
}

/** A subcommand and what it does. */
export interface ProgramCommand extends CommandDeclaration {
  /**
   * @returns the exit status
   * @throws as {@link ProgramSpec.start}
   */
  readonly run: (context: CommandContext) => Promise<number>;
}

/** What a subcommand is run with. */
export interface CommandContext {
  readonly config: Config;
  /** Standard error, whatever the configuration says; warnings and errors only, unless `debug` is set. */
  readonly log: Logger;
  /** What was written behind the command. */
  readonly args: CommandArguments;
  /** Writes to standard output. */
  readonly print: (text: string) => void;
}
