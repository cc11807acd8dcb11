import { unlink } from "node:fs/promises";
import { codeOf, messageOf, WorkerError } from "../errors.ts";
import type { Logger } from "../logger.ts";
import { askLeftWorker } from "./ask-left-worker.ts";
import type { LeftDirectory, LeftSocket } from "./left-directory.ts";
import { type LeftReport, parseLeftReport } from "./left-report.ts";
import { settlesWithin } from "./settles-within.ts";

/** How long an answer at the admin address waits for a left worker that has answered before. */
const PATIENCE_MS = 500;
/** How long a request to a left worker may take; meanwhile no second one is sent. */
const REPORT_LIMIT_MS = 10_000;
const END_LIMIT_MS = 2_000;

/** A left worker as it was seen last. */
export interface SeenWorker {
  readonly pid: number;
  /** Its latest report; null if it has not answered yet. */
  readonly report: LeftReport | null;
  /** Its first report to this process; null as above. */
  readonly firstReport: LeftReport | null;
  /** Whether it lets requests wait: `report` may be old. */
  readonly isSilent: boolean;
}

/** What {@link LeftWorkers} needs. */
export interface LeftWorkersOptions {
  readonly directory: LeftDirectory;
  /** Whether a process is a worker of this program, not of an earlier one. */
  readonly isOwn: (pid: number) => boolean;
  readonly log: Logger;
}

/**
 * The workers that earlier primary processes left, as the next one sees them.
 *
 * One that hangs delays one request, by half a second: from then on nobody waits for it, and its last report is
 * shown until it answers again.
 */
export class LeftWorkers {
  readonly #options: LeftWorkersOptions;
  readonly #seen = new Map<number, LeftWorker>();
  #listing: Promise<void> | null = null;
  #hasComplained = false;

  constructor(options: LeftWorkersOptions) {
    this.#options = options;
  }

  /** Asks all of them how they are. Takes half a second at most; never rejects. */
  async look(): Promise<readonly SeenWorker[]> {
    await this.#list();
    await Promise.all([...this.#seen.values()].map((worker) => worker.refresh()));
    for (const [pid, { isGone }] of this.#seen) if (isGone) this.#seen.delete(pid);
    return this.#others();
  }

  /**
   * Ends a session of one of them.
   *
   * @returns false if there is none
   * @throws {@link WorkerError} if the worker does not answer
   */
  async end(pid: number, session: number): Promise<boolean> {
    await this.#list();
    const worker = this.#others().find((each) => each.pid === pid);
    return (await worker?.end(session)) ?? false;
  }

  #others(): readonly LeftWorker[] {
    return [...this.#seen.values()].filter(({ pid }) => !this.#options.isOwn(pid));
  }

  /** Reads the folder. One that does not answer (a network file system) is waited for as a worker is. */
  #list(): Promise<unknown> {
    this.#listing ??= this.#read().finally(() => (this.#listing = null));
    return settlesWithin(PATIENCE_MS, this.#listing);
  }

  async #read(): Promise<void> {
    const { directory, log, isOwn } = this.#options;
    try {
      const sockets = (await directory.list()).filter(({ pid }) => !isOwn(pid));
      const pids = new Set(sockets.map(({ pid }) => pid));
      for (const pid of this.#seen.keys()) if (!pids.has(pid)) this.#seen.delete(pid);
      for (const socket of sockets) {
        if (!this.#seen.has(socket.pid)) this.#seen.set(socket.pid, new LeftWorker(socket));
      }
    } catch (error) {
      if (this.#hasComplained) return;
      this.#hasComplained = true;
      log.warn("workers that were left before cannot be seen", { why: messageOf(error) });
    }
  }
}

class LeftWorker implements SeenWorker {
  readonly pid: number;
  readonly #path: string;
  report: LeftReport | null = null;
  firstReport: LeftReport | null = null;
  isSilent = false;
  isGone = false;
  #asking: Promise<void> | null = null;

  constructor({ path, pid }: LeftSocket) {
    this.#path = path;
    this.pid = pid;
  }

  /** Asks it again, unless a request is under way, and waits for the answer if it is not silent. */
  async refresh(): Promise<void> {
    this.#asking ??= this.#ask().finally(() => (this.#asking = null));
    if (this.isSilent) return;
    if (!(await settlesWithin(PATIENCE_MS, this.#asking))) this.isSilent = true;
  }

  async end(session: number): Promise<boolean> {
    try {
      const path = `/v1/sessions/${session}`;
      return (await askLeftWorker(this.#path, "DELETE", path, END_LIMIT_MS)).status === 204;
    } catch (error) {
      if (isNobody(error)) return false;
      const why = `does not answer (${messageOf(error)}); end-left ends all of its consoles`;
      throw new WorkerError(`left worker ${this.pid} ${why}`);
    }
  }

  async #ask(): Promise<void> {
    try {
      const { body } = await askLeftWorker(this.#path, "GET", "/v1/report", REPORT_LIMIT_MS);
      this.report = parseLeftReport(body);
      this.firstReport ??= this.report;
      this.isSilent = false;
    } catch (error) {
      if (isNobody(error)) await this.#remove();
      else this.isSilent = true;
    }
  }

  /** Removes the file of a process that was killed. One whose pid lives may be about to listen. */
  async #remove(): Promise<void> {
    this.isGone = true;
    if (!isAlive(this.pid)) await unlink(this.#path).catch(() => undefined);
  }
}

/** Whether an error says that no process has the socket. */
function isNobody(error: unknown): boolean {
  return ["ECONNREFUSED", "ENOENT"].includes(codeOf(error));
}

/** Whether there is such a process, whoever's it is. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== "ESRCH";
  }
}
