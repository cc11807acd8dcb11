/** Look-ups that run at once. */
const MAX_RUNNING = 16;

/** Threads that libuv must have for {@link MAX_RUNNING} look-ups: it gives them half of its pool. */
export const THREAD_POOL_SIZE = 2 * MAX_RUNNING;

/** Names that wait for a thread, at most. */
const MAX_QUEUED = 4_096;

/**
 * What is known of a name: it has answered, nothing, or its last look-up was slow. Each lane leaves
 * threads to the others, so that names of one kind that all hang cannot hold up those of another. New
 * names get most: they alone have no earlier answer to go on with.
 */
export type Lane = "known" | "new" | "slow";

/** Order of preference. */
const LANES: readonly Lane[] = ["known", "new", "slow"];
const MAX_RUNNING_IN: Readonly<Record<Lane, number>> = { known: 8, new: 14, slow: 4 };

/** Queues of jobs that each hold a thread, with a bound on how many run at once. */
export class Lanes<Job> {
  readonly #queues: Readonly<Record<Lane, Set<Job>>> = {
    known: new Set(),
    new: new Set(),
    slow: new Set(),
  };
  readonly #running: Record<Lane, number> = { known: 0, new: 0, slow: 0 };
  readonly #run: (job: Job, done: () => void) => void;

  /** @param run - starts a job; calls `done` once, never before it returns */
  constructor(run: (job: Job, done: () => void) => void) {
    this.#run = run;
  }

  /** Whether no more jobs can wait. */
  get isFull(): boolean {
    return LANES.reduce((sum, lane) => sum + this.#queues[lane].size, 0) >= MAX_QUEUED;
  }

  /** Runs the job as soon as its lane has a thread. */
  add(job: Job, lane: Lane): void {
    this.#queues[lane].add(job);
    this.#startNext();
  }

  /** Removes a job that has not begun. */
  remove(job: Job): void {
    for (const lane of LANES) this.#queues[lane].delete(job);
  }

  #startNext(): void {
    for (const lane of LANES) {
      for (const job of this.#queues[lane]) {
        if (!this.#hasRoom(lane)) break;
        this.#queues[lane].delete(job);
        this.#running[lane]++;
        this.#run(job, () => {
          this.#running[lane]--;
          this.#startNext();
        });
      }
    }
  }

  #hasRoom(lane: Lane): boolean {
    const running = LANES.reduce((sum, each) => sum + this.#running[each], 0);
    return running < MAX_RUNNING && this.#running[lane] < MAX_RUNNING_IN[lane];
  }
}
