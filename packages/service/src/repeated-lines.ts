import { networkOf } from "@nova-console/throttle";
import type { Logger } from "./logger.ts";

const PERIOD_MS = 60_000;

/** Addresses and reasons that are told apart at a time. */
const MOST_KEYS = 500;

/** Stands for those that are not. */
const OTHERS = "other addresses";

/** A line that one address can cause again and again. */
export interface RepeatedLine {
  readonly level: "info" | "warn";
  readonly message: string;
  readonly address: string;
  /** One of few: lines of one address, message and reason are summed up. */
  readonly reason: string;
  readonly fields: object;
}

/** A line that was written, and how often it would have been written again. */
interface Repetition {
  readonly line: RepeatedLine;
  readonly network: string;
  more: number;
  timer: NodeJS.Timeout;
}

/**
 * Writes lines that an address can cause again and again: the first as it is, and those of the next 60 s
 * as one line with their number. So a flood costs a line a minute for each address and reason, and one
 * from many addresses 500 and one for the rest.
 */
export class RepeatedLines {
  readonly #log: Pick<Logger, "info" | "warn">;
  readonly #repetitions = new Map<string, Repetition>();

  constructor(log: Pick<Logger, "info" | "warn">) {
    this.#log = log;
  }

  /** Writes a line, or counts it. */
  write(line: RepeatedLine): void {
    const network = networkOf(line.address);
    const key = keyOf(line, network);
    const repetition = this.#repetitions.get(key);
    if (repetition !== undefined) repetition.more += 1;
    else if (this.#repetitions.size < MOST_KEYS) {
      this.#log[line.level](line.message, line.fields);
      this.#remember(key, line, network);
    } else this.#countAmongOthers(line);
  }

  /** Writes the sums of what was counted so far. */
  flush(): void {
    for (const { line, network, more, timer } of this.#repetitions.values()) {
      clearTimeout(timer);
      this.#writeSum(line, network, more);
    }
    this.#repetitions.clear();
  }

  #countAmongOthers(line: RepeatedLine): void {
    const key = keyOf(line, OTHERS);
    const others = this.#repetitions.get(key) ?? this.#remember(key, line, OTHERS);
    others.more += 1;
  }

  #remember(key: string, line: RepeatedLine, network: string): Repetition {
    // The fields are written by now: they are not kept.
    const kept = { ...line, fields: {} };
    const repetition = { line: kept, network, more: 0, timer: this.#startPeriod(key) };
    this.#repetitions.set(key, repetition);
    return repetition;
  }

  #startPeriod(key: string): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.#sumUp(key);
    }, PERIOD_MS);
    return timer.unref();
  }

  /** Ends a period; the next one begins if there was anything to sum up. */
  #sumUp(key: string): void {
    const repetition = this.#repetitions.get(key);
    if (repetition === undefined) return;
    const { line, network, more } = repetition;
    if (more === 0) {
      this.#repetitions.delete(key);
      return;
    }
    this.#writeSum(line, network, more);
    repetition.more = 0;
    repetition.timer = this.#startPeriod(key);
  }

  #writeSum({ level, message, reason }: RepeatedLine, network: string, more: number): void {
    if (more === 0) return;
    this.#log[level](`${more} more of the same from ${network} within 60 s`, {
      line: message,
      reason,
    });
  }
}

function keyOf({ message, reason }: RepeatedLine, network: string): string {
  return `${network}\n${message}\n${reason}`;
}
