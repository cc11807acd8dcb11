import type { Config } from "@nova-console/config";
import { messageOf } from "./errors.ts";
import { ExitStatus, exitStatusOf, logFieldsOf } from "./exit-status.ts";
import type { Log } from "./logger.ts";
import type { RunningService } from "./program-spec.ts";
import type { ServiceNotifier } from "./service-notifier.ts";

/** What {@link serve} needs. */
export interface ServeOptions {
  /** As `ProgramSpec.start`. @param signal - aborted when a stop is asked for */
  readonly start: (signal: AbortSignal) => Promise<RunningService>;
  readonly log: Log;
  /** Goes on in a new file after the old one was renamed. */
  readonly reopenLog: () => void;
  readonly notifier: ServiceNotifier;
  /** Reads the configuration once more. @throws ConfigError if it is not good */
  readonly readConfig: () => { readonly config: Config; readonly warnings: readonly string[] };
  /** Hears, once, that clients can come. */
  readonly onReady: () => void;
  /** Hears why it did not start, in one line. */
  readonly onStartFailed: (line: string) => void;
  /** Ends the process at once. */
  readonly exit: (status: ExitStatus) => void;
  /** Where SIGTERM, SIGINT and SIGHUP are heard: `process`. */
  readonly signals: Pick<NodeJS.EventEmitter, "on" | "off">;
}

/**
 * Runs a service from its start to its end.
 *
 * SIGTERM and SIGINT stop it, a second one ends the process at once; SIGHUP reopens the log file
 * and reads the configuration again.
 *
 * @returns the exit status; never rejects
 */
export async function serve(options: ServeOptions): Promise<ExitStatus> {
  return new ServiceLife(options).run();
}

class ServiceLife {
  readonly #options: ServeOptions;
  readonly #stopping = new AbortController();
  #running: RunningService | null = null;
  /** Reloads run one after the other, and none beside a stop. */
  #reloaded: Promise<void> = Promise.resolve();

  constructor(options: ServeOptions) {
    this.#options = options;
  }

  async run(): Promise<ExitStatus> {
    const { signals } = this.#options;
    const onStop = (signal: NodeJS.Signals): void => {
      this.#askToStop(signal);
    };
    const onHangUp = (): void => {
      this.#reloaded = this.#reloaded.then(() => this.#reload());
    };
    signals.on("SIGTERM", onStop).on("SIGINT", onStop).on("SIGHUP", onHangUp);
    try {
      return await this.#startAndServe();
    } finally {
      signals.off("SIGTERM", onStop).off("SIGINT", onStop).off("SIGHUP", onHangUp);
    }
  }

  async #startAndServe(): Promise<ExitStatus> {
    const { start, log, notifier, onReady, onStartFailed } = this.#options;
    let running: RunningService;
    try {
      running = await start(this.#stopping.signal);
    } catch (error) {
      if (this.#stopping.signal.aborted) return ExitStatus.Ok;
      log.logger.debug("start failed", { error, stack: stackOf(error) });
      onStartFailed(messageOf(error));
      return exitStatusOf(error);
    }
    this.#running = running;
    log.logger.info(`ready: ${running.describe}`);
    onReady();
    void notifier.ready(running.describe);
    const ended = await this.#untilEnd(running);
    const stopped = await this.#stop(running);
    return ended === ExitStatus.Ok ? stopped : ended;
  }

  async #untilEnd(running: RunningService): Promise<ExitStatus> {
    const { signal } = this.#stopping;
    const asked = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => {
        resolve();
      });
    });
    try {
      await (running.done === undefined ? asked : Promise.race([asked, running.done]));
      return ExitStatus.Ok;
    } catch (error) {
      this.#options.log.logger.error("the service failed", logFieldsOf(error));
      return ExitStatus.Failure;
    }
  }

  async #stop(running: RunningService): Promise<ExitStatus> {
    const { log, notifier } = this.#options;
    await this.#reloaded;
    const told = notifier.stopping(running.stopping ?? "letting open consoles end");
    try {
      await running.stop();
      await told;
      log.logger.info("stopped");
      return ExitStatus.Ok;
    } catch (error) {
      log.logger.error("the stop failed", logFieldsOf(error));
      return ExitStatus.Failure;
    }
  }

  #askToStop(signal: NodeJS.Signals): void {
    const { logger } = this.#options.log;
    if (this.#stopping.signal.aborted) {
      logger.warn(`${signal} once more: ending at once`);
      this.#options.exit(ExitStatus.Failure);
      return;
    }
    logger.info(`${signal}: stopping`);
    this.#stopping.abort();
  }

  async #reload(): Promise<void> {
    const { log, reopenLog, notifier, readConfig } = this.#options;
    const running = this.#running;
    if (running === null || this.#stopping.signal.aborted) return;
    // Nobody waits for systemd: the messages keep their order by themselves.
    void notifier.reloading();
    reopenLog();
    try {
      const { config, warnings } = readConfig();
      for (const warning of warnings) log.logger.warn(warning);
      await running.reload?.(config);
      log.setLevel(config.DEFAULT.debug ? "debug" : "info");
      log.logger.info("SIGHUP: log reopened, configuration reloaded");
    } catch (error) {
      log.logger.error(
        "SIGHUP: the new configuration is not good, the old one is kept",
        logFieldsOf(error),
      );
    }
    void notifier.ready(running.describe);
  }
}

function stackOf(error: unknown): string | undefined {
  return error instanceof Error ? error.stack : undefined;
}
