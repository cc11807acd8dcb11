import type { ChildProcess } from "node:child_process";
import { WorkerError } from "../errors.ts";
import { Deferred } from "./deferred.ts";
import { decodeFromWorker, type FromWorker, type Question, type ToWorker } from "./messages.ts";
import type { OpenedSession } from "../session-log.ts";
import type { SlotOwner, SlotPool } from "./slot-pool.ts";

/** Longest that a worker may take from its start to its first client. */
const READY_LIMIT_MS = 60_000;
/** Longest that it may take for an answer. */
const ANSWER_LIMIT_MS = 30_000;
/** Longest from the wish that it stops listening to its answer. */
const LEAVE_LIMIT_MS = 10_000;

/** How a process ended. */
export interface ProcessEnd {
  readonly status: number | null;
  readonly signal: string | null;
}

/** A worker, as the primary process sees it. */
export class WorkerProcess implements SlotOwner {
  /** When it takes clients: what it says of itself. Rejects with a {@link WorkerError} if it cannot. */
  readonly ready: Promise<string>;
  readonly ended: Promise<ProcessEnd>;
  readonly #worker: ChildProcess;
  readonly seat: number;
  readonly #slots: ReadonlyMap<string, SlotPool>;
  readonly #readiness = new Deferred<string>();
  readonly #ending = new Deferred<ProcessEnd>();
  readonly #asked = new Map<number, Deferred<unknown>>();
  readonly #readyTimer: NodeJS.Timeout;
  readonly #leaving = new Deferred<number>();
  /** Those that it has open, with the time at which it said so: `Date.now`. */
  readonly #sessions = new Map<
    number,
    { readonly session: OpenedSession; readonly atMs: number }
  >();
  #lastId = 0;
  /** Times in a row that it was asked for a sign of life and gave none. */
  #unanswered = 0;
  #isKnocked = false;
  #isReady = false;
  #hasLeft = false;
  #isOver = false;

  /**
   * @param worker - just forked
   * @param slots - what it shares with others, by name
   */
  constructor(worker: ChildProcess, seat: number, slots: ReadonlyMap<string, SlotPool>) {
    this.#worker = worker;
    this.seat = seat;
    this.#slots = slots;
    this.ready = this.#readiness.promise;
    this.ended = this.#ending.promise;
    // Whoever is interested in it hears of it all the same.
    this.ready.catch(() => undefined);
    this.#readyTimer = setTimeout(() => {
      this.#fail(new WorkerError(`${this.name} was not ready within ${READY_LIMIT_MS} ms`));
      this.kill();
    }, READY_LIMIT_MS);
    worker.on("message", (message: unknown) => {
      const decoded = decodeFromWorker(message);
      if (decoded !== null) this.#receive(decoded);
    });
    worker.on("exit", (status: number | null, signal: string | null) => {
      this.#end({ status, signal });
    });
    worker.on("error", (error) => {
      // If it never ran there is no "exit".
      if (worker.pid === undefined) this.#end({ status: null, signal: error.message });
    });
  }

  get pid(): number {
    return this.#worker.pid ?? 0;
  }

  /** Whether it takes clients. */
  get isServing(): boolean {
    return this.#isReady && !this.#isOver;
  }

  /** Whether it has stopped listening, and carries on what is open. */
  get hasLeft(): boolean {
    return this.#hasLeft;
  }

  /** For messages. */
  get name(): string {
    return `worker ${this.pid}`;
  }

  send(message: ToWorker): void {
    if (this.#isOver || !this.#worker.connected) return;
    this.#worker.send(message, () => {
      // What did not reach it is of no use to it any more: its end is heard of.
    });
  }

  /**
   * @returns what it answers
   * @throws {@link WorkerError} if it could not do it, does not answer, or ends
   */
  async ask(question: Question): Promise<unknown> {
    if (this.#isOver) throw new WorkerError(`${this.name} has ended`);
    const id = ++this.#lastId;
    const asked = new Deferred<unknown>();
    this.#asked.set(id, asked);
    const timer = setTimeout(() => {
      asked.reject(new WorkerError(`${this.name} did not answer within ${ANSWER_LIMIT_MS} ms`));
    }, ANSWER_LIMIT_MS);
    this.send({ kind: "ask", id, question });
    try {
      return await asked.promise;
    } finally {
      clearTimeout(timer);
      this.#asked.delete(id);
    }
  }

  /** Asks it for a sign of life. @returns how many times in a row it has not given one */
  knock(): number {
    if (this.#isKnocked) this.#unanswered += 1;
    else {
      this.#isKnocked = true;
      this.send({ kind: "knock" });
    }
    return this.#unanswered;
  }

  /**
   * Has it stop listening, and carry on what is open without this process.
   *
   * @returns how many consoles it has; 0 for one that has ended
   * @throws {@link WorkerError} if it does not answer in time; it is killed then, as it may still listen
   */
  async leave(): Promise<number> {
    this.send({ kind: "leave" });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        this.kill();
        const why = `did not stop listening within ${LEAVE_LIMIT_MS} ms and was killed`;
        reject(new WorkerError(`${this.name} ${why}: its consoles are lost`));
      }, LEAVE_LIMIT_MS);
    });
    try {
      return await Promise.race([this.#leaving.promise, this.ended.then(() => 0), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** The sessions that it had open when it last said so; each is given once. */
  takeSessions(): OpenedSession[] {
    const nowMs = Date.now();
    const taken = Array.from(this.#sessions.values(), ({ session, atMs }) => {
      return { ...session, durationMs: session.durationMs + nowMs - atMs };
    });
    this.#sessions.clear();
    return taken;
  }

  kill(): void {
    this.#worker.kill("SIGKILL");
  }

  #receive(message: FromWorker): void {
    switch (message.kind) {
      case "ready":
        clearTimeout(this.#readyTimer);
        this.#isReady = true;
        this.#readiness.resolve(message.describe);
        break;
      case "left":
        this.#hasLeft = true;
        this.#leaving.resolve(message.consoles);
        break;
      case "alive":
        this.#isKnocked = false;
        this.#unanswered = 0;
        break;
      case "failed":
        this.#fail(new WorkerError(message.message, message.status));
        break;
      case "answer": {
        const asked = this.#asked.get(message.id);
        if (message.error === null) asked?.resolve(message.value);
        else asked?.reject(new WorkerError(message.error));
        break;
      }
      case "sessions": {
        const atMs = Date.now();
        for (const session of message.opened) this.#sessions.set(session.number, { session, atMs });
        for (const number of message.ended) this.#sessions.delete(number);
        break;
      }
      case "take":
        this.#slots.get(message.slots)?.take(this, message.id, message.key);
        break;
      case "give-back":
        this.#slots.get(message.slots)?.giveBack(this, message.key);
        break;
      case "counted":
        this.#slots.get(message.slots)?.counted(this, message.key, message.used);
        break;
    }
  }

  #fail(error: WorkerError): void {
    clearTimeout(this.#readyTimer);
    this.#readiness.reject(error);
  }

  #end(end: ProcessEnd): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const how = end.signal ?? `status ${end.status ?? "unknown"}`;
    const error = new WorkerError(`${this.name} ended with ${how}`);
    this.#fail(error);
    for (const asked of this.#asked.values()) asked.reject(error);
    for (const pool of this.#slots.values()) pool.leave(this);
    // What it sent before its end may not be read yet.
    if (!this.#worker.connected) this.#ending.resolve(end);
    else
      this.#worker.once("disconnect", () => {
        this.#ending.resolve(end);
      });
  }
}
