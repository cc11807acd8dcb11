import cluster from "node:cluster";
import { deepFreeze, type Config } from "@nova-console/config";
import { createMetrics } from "../admin/create-metrics.ts";
import type { ServiceMetrics } from "../admin/service-metrics.ts";
import { sessionEntry } from "../admin/service-view.ts";
import { messageOf } from "../errors.ts";
import { ExitStatus, exitStatusOf } from "../exit-status.ts";
import { catchBugs, openLog, type ProgramLog } from "../program-log.ts";
import { titleLeftWorker } from "../process-name.ts";
import type { ProgramSpec, RunningService } from "../program-spec.ts";
import { warnOfMissing } from "../warn-of-missing.ts";
import { watchDescriptors } from "../watch-descriptors.ts";
import { leftDirectoryOf } from "../left/left-directory.ts";
import { startLeftServer } from "../left/left-server.ts";
import type { TlsFiles } from "../read-tls-files.ts";
import { decodeToWorker, type FromWorker, type Question, type ToWorker } from "./messages.ts";
import { SessionLog } from "../session-log.ts";
import { SessionReport } from "./session-report.ts";
import { SharedSlots } from "./shared-slots.ts";

type Start = Extract<ToWorker, { kind: "start" }>;

/** Is a worker of a program: does what the primary process says, and ends when that is gone. */
export function runWorker(spec: ProgramSpec): void {
  new WorkerLife(spec).begin();
}

class WorkerLife {
  readonly #spec: ProgramSpec;
  readonly #slots = new Map<string, SharedSlots>();
  readonly #stopping = new AbortController();
  readonly #sessions = new SessionReport((message) => {
    this.#tell(message);
  });
  #log: ProgramLog | null = null;
  #metrics: ServiceMetrics | null = null;
  #running: RunningService | null = null;
  #config: Config | null = null;
  #leftServer: Promise<void> | null = null;
  /** Whether its consoles were told to end. */
  #isCut = false;

  constructor(spec: ProgramSpec) {
    this.#spec = spec;
  }

  begin(): void {
    process.on("message", (message: unknown) => {
      const decoded = decodeToWorker(message);
      if (decoded !== null) this.#receive(decoded);
    });
    // Whoever signals a whole process group or unit means the program: the primary process decides.
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
      process.on(signal, () => {
        if (!process.connected) this.#signalledAlone(signal);
      });
    }
    // node:cluster, where it is used, has its own word for it, and ends the process after it.
    (cluster.worker ?? process).on("disconnect", () => {
      this.#primaryIsGone();
    });
  }

  #receive(message: ToWorker): void {
    switch (message.kind) {
      case "start":
        this.#shareSlots(message);
        void this.#start(message);
        break;
      case "stop":
        this.#askToStop();
        break;
      case "leave":
        this.#leave();
        break;
      case "knock":
        this.#tell({ kind: "alive" });
        break;
      case "reopen-log":
        this.#log?.sink.reopen();
        break;
      case "taken":
      case "pool":
      case "share-out":
        this.#slots.get(message.slots)?.receive(message);
        break;
      case "ask":
        void this.#answer(message.id, message.question);
        break;
    }
  }

  #shareSlots({ slots, seat: { workers, seat } }: Start): void {
    const send = (message: FromWorker): void => {
      this.#tell(message);
    };
    for (const { name, most, pooled } of slots) {
      this.#slots.set(name, new SharedSlots({ name, most, pooled, workers, seat, send }));
    }
  }

  async #start({ config: received, seat, quiet, tlsFiles }: Start): Promise<void> {
    const config = deepFreeze(received);
    this.#config = config;
    try {
      const log = openLog(this.#spec, config);
      this.#log = log;
      catchBugs(this.#spec, log);
      watchDescriptors(log.logger);
      if (quiet) log.setLevel("error");
      const { signal } = this.#stopping;
      const place = {
        ...seat,
        tlsFiles,
        slots: (name: string): SharedSlots => this.#slotsOf(name),
      };
      const follower = this.#sessions;
      const sessionLog = new SessionLog({ log: log.logger, pid: process.pid, follower });
      const metrics = await createMetrics(config, seat.seat);
      this.#metrics = metrics;
      this.#running = await this.#spec.start({
        ...{ config, log: log.logger, sessionLog, signal, place, metrics },
        socket: seat.socket,
      });
      const { view } = this.#running;
      if (view !== undefined) {
        metrics?.watch(view);
        if (!quiet) void warnOfMissing(view.check.bind(view), log.logger);
      }
      log.setLevel(config.DEFAULT.debug ? "debug" : "info");
    } catch (error) {
      const failure = { message: messageOf(error), status: exitStatusOf(error) };
      this.#tell({ kind: "failed", ...failure }, () => process.exit(failure.status));
      return;
    }
    this.#tell({ kind: "ready", describe: this.#running.describe });
    if (this.#stopping.signal.aborted) await this.#stop(this.#running);
  }

  async #answer(id: number, question: Question): Promise<void> {
    // A session that the operator has seen is known to the primary process.
    this.#sessions.flush();
    try {
      const value = await this.#do(question);
      this.#tell({ kind: "answer", id, error: null, value });
    } catch (error) {
      this.#tell({ kind: "answer", id, error: messageOf(error), value: null });
    }
  }

  async #do(question: Question): Promise<unknown> {
    const view = this.#running?.view;
    switch (question.name) {
      case "reload":
        await this.#reload(deepFreeze(question.config), question.tlsFiles ?? undefined);
        return null;
      case "dependencies":
        return (await view?.check()) ?? [];
      case "metrics":
        return (await this.#metrics?.snapshot()) ?? [];
      case "sessions":
        return view?.list().map((session) => sessionEntry(session, process.pid, Date.now())) ?? [];
      case "end":
        return view?.end(question.number) ?? false;
    }
  }

  async #reload(config: Config, tlsFiles?: TlsFiles): Promise<void> {
    await this.#running?.reload?.(config, tlsFiles);
    this.#log?.setLevel(config.DEFAULT.debug ? "debug" : "info");
  }

  #slotsOf(name: string): SharedSlots {
    const slots = this.#slots.get(name);
    if (slots === undefined) throw new RangeError(`workers share no ${name}`);
    return slots;
  }

  #askToStop(): void {
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort();
    // Before it serves, its start goes on and stops it then.
    if (this.#running !== null) void this.#stop(this.#running);
  }

  /** As a stop, but that nobody waits for its end. */
  #leave(): void {
    const running = this.#running;
    // One that does not serve yet has nothing to carry on.
    if (running?.leave === undefined) process.exit(ExitStatus.Ok);
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort();
    const consoles = running.view?.list().length ?? 0;
    void this.#end(async () => {
      // A socket that closes resets those whom the kernel let in, and who were not accepted. This turn of the event
      // loop may have begun long before they came: the next one accepts them.
      for (let turn = 0; turn < 2; turn++) await new Promise(setImmediate);
      // Before the primary process goes: whoever asks the next one sees these consoles.
      await this.#answerAsLeft();
      await running.leave?.(() => {
        this.#tell({ kind: "left", consoles });
      });
      if (consoles > 0)
        this.#log?.logger.info("the open consoles have ended, and this worker with them");
    });
    titleLeftWorker(this.#spec.program, "leave");
  }

  /** Lets the next primary process and `end-left` see and end its consoles. Never rejects. */
  #answerAsLeft(): Promise<void> {
    this.#leftServer ??= this.#startLeftServer();
    return this.#leftServer;
  }

  async #startLeftServer(): Promise<void> {
    const view = this.#running?.view;
    if (view === undefined || this.#config === null) return;
    // Its stores are closed soon: that they cannot be used is no fault any more.
    this.#metrics?.watch({ ...view, check: () => Promise.resolve([]) });
    try {
      await startLeftServer({
        ...{ view, pid: process.pid, metrics: this.#metrics },
        directory: leftDirectoryOf(this.#spec.program, this.#config),
        endAll: () => {
          this.#cut("end-left", "the operator ended the consoles of earlier starts");
        },
      });
    } catch (error) {
      const why = messageOf(error);
      this.#log?.logger.warn("the consoles of this worker are not seen at admin_listen", { why });
    }
  }

  /** Nobody else decides any more: it is meant. */
  #signalledAlone(signal: NodeJS.Signals): void {
    if (signal === "SIGHUP") this.#log?.sink.reopen();
    else if (this.#running?.cut === undefined || this.#isCut) process.exit(ExitStatus.Failure);
    else this.#cut(signal, `the worker was told to end by ${signal}`);
  }

  /** Ends its consoles in order, and the worker with them. @param asked - what asked for it */
  #cut(asked: string, why: string): void {
    if (this.#isCut) return;
    this.#isCut = true;
    const consoles = this.#running?.view?.list().length;
    this.#log?.logger.info(`${asked}: ending open consoles`, { consoles });
    this.#running?.cut?.(why);
  }

  #stop(running: RunningService): Promise<void> {
    return this.#end(() => running.stop());
  }

  async #end(stop: () => Promise<void>): Promise<void> {
    try {
      await stop();
      process.exit(ExitStatus.Ok);
    } catch (error) {
      this.#log?.logger.error("the stop failed", { error });
      process.exit(ExitStatus.Failure);
    }
  }

  /** Nobody would replace it, or tell it to stop: it lets its consoles end, and is gone with them. */
  #primaryIsGone(): void {
    // Else node:cluster would end the process here and now.
    if (cluster.worker !== undefined) cluster.worker.exitedAfterDisconnect = true;
    for (const slots of this.#slots.values()) slots.primaryIsGone();
    void this.#answerAsLeft();
    if (this.#stopping.signal.aborted) return;
    this.#log?.logger.error("the primary process is gone: letting open consoles end");
    titleLeftWorker(this.#spec.program, "orphan");
    this.#askToStop();
    if (this.#log === null) process.exit(ExitStatus.Failure);
  }

  #tell(message: FromWorker, sent: () => void = ignore): void {
    if (process.connected) process.send?.(message, undefined, undefined, sent);
    else sent();
  }
}

function ignore(): void {
  // That the primary process is gone is told by "disconnect".
}
