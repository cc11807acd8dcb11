import type { QuestionName } from "./sqlite-questions.ts";

/** What the store's thread is started with. */
export interface ThreadData {
  /** The database file, absolute. */
  readonly path: string;
}

/** A question on its way to the thread. Arrays, as they are the cheapest to copy. */
export type QuestionMessage = readonly [
  id: number,
  /** Milliseconds of {@link monotonicMs}; the question is refused then, and not begun later. */
  deadlineMs: number,
  /** How long that was when it was asked, for the refusal. */
  limitMs: number,
  name: QuestionName,
  ...given: readonly unknown[],
];

/** An answer on its way back. A failure is one of which nothing was written. */
export type AnswerMessage =
  readonly [id: number, answer: unknown] | readonly [id: number, answer: null, failure: Failure];

/** In place of a question's id: the file was opened, and the answer is its `identity`. */
export const FILE_OPENED = 0;

/** A `TokenStoreError`, as it passes between threads. */
interface Failure {
  readonly message: string;
  readonly cause: unknown;
}

/** Asks the thread to answer what it has, and to end. */
export const CLOSE = "close";

/** Milliseconds of a clock that all threads of this process share, and nobody sets. */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000 + nanoseconds / 1_000_000;
}
