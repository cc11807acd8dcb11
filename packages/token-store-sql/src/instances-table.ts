import { SqlFailure } from "./sql-failure.ts";
import type { SqlResult, SqlValue } from "./sql-pool.ts";
import type { LiveStatement, Statements } from "./statements.ts";

/** How long a database without nova's tables is taken for one: a cell may be made of it. */
const ABSENT_MS = 5_000;
/** How often a warning is repeated. */
const WARNING_PAUSE_MS = 60_000;

/** Where the store's warnings go. */
export interface StoreLog {
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** What {@link InstancesTable} needs. */
export interface InstancesTableOptions {
  readonly read: (sql: string, values: readonly SqlValue[]) => Promise<SqlResult>;
  readonly statements: Statements;
  /** The database, for people. */
  readonly place: string;
  readonly now: () => number;
  readonly log?: StoreLog | undefined;
}

/**
 * nova's table `instances`: a token whose instance it does not have is not good.
 *
 * A database of our own has no such table. In nova's database its absence means that it is being
 * restored, and no token is good: which of the two a database is, nova's other tables tell.
 */
export class InstancesTable {
  readonly #options: InstancesTableOptions;
  #absentUntilMs = -Infinity;
  /** Whether it was there once. */
  #wasSeen = false;
  #warnedMs = -Infinity;

  constructor(options: InstancesTableOptions) {
    this.#options = options;
  }

  /** Asks about live tokens. @throws {@link SqlFailure}; of kind `no-instances` while nova's table is missing */
  async ask(statement: LiveStatement, values: readonly SqlValue[]): Promise<SqlResult> {
    const { read } = this.#options;
    const found = await this.#ifThere(() => read(statement.ofInstances, values));
    return found ?? read(statement.ofAny, values);
  }

  /** @returns whether there is an instance, or no table that could have it. @throws as {@link ask} */
  async mayHave(uuid: string): Promise<boolean> {
    const { read, statements } = this.#options;
    const found = await this.#ifThere(() => read(statements.findInstance, [uuid]));
    return found === null || found.rows.length > 0;
  }

  /** @returns null in a database that is not nova's */
  async #ifThere(question: () => Promise<SqlResult>): Promise<SqlResult | null> {
    if (this.#options.now() < this.#absentUntilMs) return null;
    try {
      const result = await question();
      this.#wasSeen = true;
      return result;
    } catch (error) {
      if (!isNoTable(error)) throw error;
      await this.#requireOwnDatabase(error);
      return null;
    }
  }

  /** @param missing - what the database said: it may be about the table of tokens */
  async #requireOwnDatabase(missing: SqlFailure): Promise<void> {
    const { statements, now, place } = this.#options;
    if (await this.#exists(statements.probeInstances)) throw missing;
    if (this.#wasSeen || (await this.#isNovas())) {
      this.#warn(`${place} has no table instances: no token is good until it is back`);
      throw new SqlFailure("no-instances", missing.message, { cause: missing });
    }
    this.#absentUntilMs = now() + ABSENT_MS;
    this.#warn(
      `${place} has none of nova's tables: whether a token's instance still exists is not checked`,
    );
  }

  async #isNovas(): Promise<boolean> {
    for (const statement of this.#options.statements.probeNova) {
      if (await this.#exists(statement)) return true;
    }
    return false;
  }

  /** A table that this user may not read is not taken for missing. */
  async #exists(statement: string): Promise<boolean> {
    try {
      await this.#options.read(statement, []);
      return true;
    } catch (error) {
      if (isNoTable(error)) return false;
      if (error instanceof SqlFailure && error.kind === "not-granted") return true;
      throw error;
    }
  }

  #warn(message: string): void {
    const { now, log } = this.#options;
    if (now() - this.#warnedMs < WARNING_PAUSE_MS) return;
    this.#warnedMs = now();
    log?.warn(message);
  }
}

function isNoTable(error: unknown): error is SqlFailure {
  return error instanceof SqlFailure && error.kind === "no-table";
}
