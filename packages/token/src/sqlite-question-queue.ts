import { TokenStoreError } from "./errors.ts";
import { isBusy, lockedError, storeErrorFrom } from "./sqlite-errors.ts";
import type { SqliteFile } from "./sqlite-file.ts";
import {
  type AnswerMessage,
  FILE_OPENED,
  monotonicMs,
  type QuestionMessage,
} from "./sqlite-messages.ts";
import { answerQuestion, isWrite } from "./sqlite-questions.ts";

/** Pauses between attempts while another process holds a lock, the last one repeated; as SQLite's own. */
const PAUSES_MS = [1, 2, 5, 10, 15, 20, 25] as const;

/** What the lock of another process keeps from being answered. */
type Held = "nothing" | "writes" | "everything";

/**
 * Answers questions in their order, and asks again while another process holds the lock.
 *
 * No call waits within SQLite: a write that waits for a lock lets reads pass, and other writes wait
 * behind it. A question whose deadline has come is refused, and never begun later.
 */
export class QuestionQueue {
  readonly #file: SqliteFile;
  readonly #answer: (message: AnswerMessage) => void;
  #waiting: QuestionMessage[] = [];
  #identity: string | null = null;
  #held: Held = "nothing";
  #retry: NodeJS.Timeout | undefined;
  /** Attempts since the last that succeeded. */
  #attempts = 0;

  constructor(file: SqliteFile, answer: (message: AnswerMessage) => void) {
    this.#file = file;
    this.#answer = answer;
  }

  take(question: QuestionMessage): void {
    if (this.#settle(question)) return;
    this.#waiting.push(question);
    this.#retry ??= setTimeout(this.#askAgain, this.#pauseMs());
  }

  /** Refuses what waits, and closes the file. */
  close(): void {
    clearTimeout(this.#retry);
    for (const [id] of this.#waiting) {
      this.#refuse(id, new TokenStoreError(`token store ${this.#file.path}: is closed`));
    }
    this.#waiting = [];
    this.#file.close();
  }

  readonly #askAgain = (): void => {
    this.#retry = undefined;
    this.#held = "nothing";
    const before = this.#waiting.length;
    this.#waiting = this.#waiting.filter((question) => !this.#settle(question));
    this.#attempts = this.#waiting.length < before ? 0 : this.#attempts + 1;
    if (this.#waiting.length > 0) this.#retry = setTimeout(this.#askAgain, this.#pauseMs());
    else this.#held = "nothing";
  };

  /** Not beyond the first deadline: all questions have the same limit, so the first is the oldest. */
  #pauseMs(): number {
    const pause = PAUSES_MS[Math.min(this.#attempts, PAUSES_MS.length - 1)] ?? 0;
    const [, deadlineMs = 0] = this.#waiting[0] ?? [];
    return Math.max(1, Math.min(pause, deadlineMs - monotonicMs()));
  }

  /** @returns whether it is answered; if not, it must wait for a lock */
  #settle([id, deadlineMs, limitMs, name, ...given]: QuestionMessage): boolean {
    if (monotonicMs() >= deadlineMs) {
      this.#refuse(id, lockedError(this.#file.path, limitMs));
      return true;
    }
    if (this.#held === "everything" || (this.#held === "writes" && isWrite(name))) return false;
    let isOpen = false;
    try {
      const file = this.#file.opened();
      isOpen = true;
      if (file.identity !== this.#identity) {
        this.#identity = file.identity;
        this.#answer([FILE_OPENED, file.identity]);
      }
      this.#answer([id, answerQuestion(file, name, given)]);
      return true;
    } catch (error) {
      if (isBusy(error)) {
        this.#held = isOpen && isWrite(name) ? "writes" : "everything";
        return false;
      }
      this.#refuse(id, storeErrorFrom(error, this.#file.path));
      return true;
    }
  }

  #refuse(id: number, { message, cause }: TokenStoreError): void {
    this.#answer([id, null, { message, cause }]);
  }
}
