interface Line {
  /** Ends with the last that ran alone; null if there is none, or it has ended. */
  alone: Promise<unknown> | null;
  /** End with those that came after it and have not ended. */
  readonly together: Set<Promise<unknown>>;
}

/** A readers-writer lock for each instance, which is given in the order in which it was asked for. */
export class InstanceOrder {
  /** By UUID in lower case. */
  readonly #lines = new Map<string, Line>();

  /** Runs a task after all of the same instance that came before, however they end. */
  runAlone<T>(instanceUuid: string, task: () => Promise<T>): Promise<T> {
    return this.#run(instanceUuid, task, true);
  }

  /** Runs a task after those of the same instance that came before and run alone. */
  runTogether<T>(instanceUuid: string, task: () => Promise<T>): Promise<T> {
    return this.#run(instanceUuid, task, false);
  }

  async #run<T>(instanceUuid: string, task: () => Promise<T>, isAlone: boolean): Promise<T> {
    const key = instanceUuid.toLowerCase();
    const line = this.#lines.get(key) ?? { alone: null, together: new Set() };
    this.#lines.set(key, line);
    const before = [
      ...(line.alone === null ? [] : [line.alone]),
      ...(isAlone ? line.together : []),
    ];
    const mine = before.length === 0 ? task() : Promise.all(before).then(task);
    const ended = mine.catch(() => undefined);
    if (isAlone) {
      line.alone = ended;
      line.together.clear();
    } else {
      line.together.add(ended);
    }
    try {
      return await mine;
    } finally {
      line.together.delete(ended);
      if (line.alone === ended) line.alone = null;
      if (line.alone === null && line.together.size === 0) this.#lines.delete(key);
    }
  }
}
