/** A lock for each instance: what concerns the same one is done in the order in which it came. */
export class InstanceOrder {
  /** By UUID in lower case: ends with the last that came. */
  readonly #last = new Map<string, Promise<unknown>>();

  /** Runs a task after those of the same instance that came before, however they end. */
  async run<T>(instanceUuid: string, task: () => Promise<T>): Promise<T> {
    const key = instanceUuid.toLowerCase();
    const before = this.#last.get(key);
    const mine = before === undefined ? task() : before.then(task, task);
    const ended = mine.catch(() => undefined);
    this.#last.set(key, ended);
    try {
      return await mine;
    } finally {
      if (this.#last.get(key) === ended) this.#last.delete(key);
    }
  }
}
