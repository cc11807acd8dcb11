import { Worker } from "node:worker_threads";
import { TokenStoreError } from "./errors.ts";
import {
  type AnswerMessage,
  CLOSE,
  FILE_OPENED,
  monotonicMs,
  type QuestionMessage,
  type ThreadData,
} from "./sqlite-messages.ts";
import type { ArgumentsOf, QuestionName, Reads, Writes } from "./sqlite-questions.ts";

/** Beside this file, as `.ts` in the sources and `.js` in a build and in a bundle. */
const WORKER = new URL(
  import.meta.url.endsWith(".ts") ? "./sqlite-worker.ts" : "./sqlite-worker.js",
  import.meta.url,
);
/** The part of the limit after which the thread gives up by itself, so that its reason arrives in time. */
const OWN_PART_OF_LIMIT = 0.95;
/** Most questions that the thread has not answered, late ones included: about 1 KiB each. */
const MAX_QUESTIONS = 4_096;
/** How long the thread may take to end before it is ended. */
const CLOSE_LIMIT_MS = 1_000;
/** A thread that ends by itself is started again at most this often. */
const RESTART_PAUSE_MS = 1_000;
/** Rows are small, and live for one answer. */
const YOUNG_GENERATION_MIB = 4;

/** What {@link SqliteThread} needs. */
export interface SqliteThreadOptions {
  /** The database file, absolute. */
  readonly path: string;
  /** Within this each question is answered or refused. */
  readonly limitMs: number;
  /** The program of the thread, for tests. */
  readonly worker?: URL;
}

interface Question {
  readonly askedMs: number;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: TokenStoreError) => void;
  readonly deadline: NodeJS.Timeout;
  readonly writes: boolean;
}

/**
 * A thread that owns the database file, and the questions that it has not answered.
 *
 * `node:sqlite` is synchronous: a lock, a slow disk or a file system that hangs stops the thread
 * that calls it. Here that is never the thread that carries consoles. A late answer is discarded.
 */
export class SqliteThread {
  readonly #options: SqliteThreadOptions;
  readonly #questions = new Map<number, Question>();
  #worker: Worker | null = null;
  #startedMs = -Infinity;
  #lastId = 0;
  #closed: Promise<void> | null = null;
  #confirmedMs = -Infinity;
  #identity: string | null = null;

  constructor(options: SqliteThreadOptions) {
    this.#options = options;
  }

  /** When the last question was asked that the file answered; of {@link monotonicMs}. */
  get confirmedMs(): number {
    return this.#closed === null ? this.#confirmedMs : -Infinity;
  }

  /** The file that is open, as `identityOf`; null if there is none. */
  get identity(): string | null {
    return this.#identity;
  }

  /** Whether every question is answered. */
  get isIdle(): boolean {
    return this.#questions.size === 0;
  }

  /**
   * @param limitMs - another limit than the usual one
   * @throws {@link TokenStoreError} if there is no answer within the limit, or it is a failure
   */
  read<Name extends keyof Reads>(
    name: Name,
    given: ArgumentsOf<Reads[Name]>,
    limitMs = this.#options.limitMs,
  ): Promise<ReturnType<Reads[Name]>> {
    return this.#ask(name, given, { writes: false, limitMs }) as Promise<ReturnType<Reads[Name]>>;
  }

  /** @throws as {@link read}; the message says so where it is not known whether it was written */
  write<Name extends keyof Writes>(
    name: Name,
    given: ArgumentsOf<Writes[Name]>,
  ): Promise<ReturnType<Writes[Name]>> {
    const { limitMs } = this.#options;
    return this.#ask(name, given, { writes: true, limitMs }) as Promise<ReturnType<Writes[Name]>>;
  }

  /** Ends the thread: at once if it does nothing, and without its consent if it hangs. */
  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  #ask(
    name: QuestionName,
    given: readonly unknown[],
    { writes, limitMs }: { writes: boolean; limitMs: number },
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#closed !== null) throw this.#error("is closed");
      if (this.#questions.size >= MAX_QUESTIONS) {
        throw this.#error(`has not answered ${MAX_QUESTIONS} questions; its disk may hang`);
      }
      const worker = this.#worker ?? this.#start();
      const id = ++this.#lastId;
      const deadline = setTimeout(() => {
        const why = `did not answer within ${limitMs / 1_000} s; its disk or file system may hang`;
        reject(this.#error(writes ? `${why}; ${UNKNOWN_OUTCOME}` : why));
      }, limitMs);
      const askedMs = monotonicMs();
      this.#questions.set(id, { askedMs, resolve, reject, deadline, writes });
      const ownLimitMs = limitMs * OWN_PART_OF_LIMIT;
      const ownDeadlineMs = askedMs + ownLimitMs;
      const question: QuestionMessage = [id, ownDeadlineMs, ownLimitMs, name, ...given];
      worker.postMessage(question);
    });
  }

  #start(): Worker {
    const { path, worker: program = WORKER } = this.#options;
    const nowMs = monotonicMs();
    if (nowMs - this.#startedMs < RESTART_PAUSE_MS) {
      throw this.#error("its thread has just ended unexpectedly");
    }
    this.#startedMs = nowMs;
    const workerData: ThreadData = { path };
    const worker = new Worker(program, {
      name: "token store",
      workerData,
      // Flags of the process, such as --eval, are not the thread's.
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MIB },
    });
    this.#worker = worker;
    let reason = "";
    worker.on("message", (message: AnswerMessage) => {
      this.#settle(message);
    });
    worker.on("error", (error) => {
      reason = `: ${error instanceof Error ? error.message : String(error)}`;
    });
    worker.on("exit", () => {
      this.#worker = null;
      this.#rejectAll(`its thread ended unexpectedly${reason}`);
    });
    // The deadlines of questions keep the process alive, and nothing else here.
    worker.unref();
    return worker;
  }

  #settle([id, answer, failure]: AnswerMessage): void {
    if (id === FILE_OPENED) this.#identity = typeof answer === "string" ? answer : null;
    const question = this.#questions.get(id);
    if (question === undefined) return;
    this.#questions.delete(id);
    clearTimeout(question.deadline);
    if (failure === undefined) {
      this.#confirmedMs = question.askedMs;
      question.resolve(answer);
    } else {
      question.reject(new TokenStoreError(failure.message, { cause: failure.cause }));
    }
  }

  #rejectAll(why: string): void {
    for (const { deadline, reject, writes } of this.#questions.values()) {
      clearTimeout(deadline);
      reject(this.#error(writes ? `${why}; ${UNKNOWN_OUTCOME}` : why));
    }
    this.#questions.clear();
  }

  async #end(): Promise<void> {
    const worker = this.#worker;
    if (worker === null) return;
    const exited = new Promise<void>((resolve) => {
      worker.once("exit", () => {
        resolve();
      });
    });
    worker.postMessage(CLOSE);
    if (await isWithin(CLOSE_LIMIT_MS, exited)) return;
    void worker.terminate();
    // A thread that is stuck in the kernel ends when the kernel lets go of it.
    if (!(await isWithin(CLOSE_LIMIT_MS, exited))) this.#rejectAll("is closed");
  }

  #error(why: string): TokenStoreError {
    return new TokenStoreError(`token store ${this.#options.path}: ${why}`);
  }
}

const UNKNOWN_OUTCOME = "it is not known whether this was written";

async function isWithin(limitMs: number, event: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, limitMs, false);
  });
  try {
    return await Promise.race([event.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
