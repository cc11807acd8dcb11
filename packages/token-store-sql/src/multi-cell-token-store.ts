import {
  type ConnectInfo,
  InvalidTokenError,
  type Token,
  type TokenDirectory,
  type TokenStore,
  TokenStoreError,
  TokenStoreSettingError,
} from "@nova-console/token";
import { type CellMapping, CellMappings } from "./cell-mappings.ts";
import { SqlTokenStore } from "./sql-token-store.ts";

/** How old what is known of the cells may get. */
const MAPPINGS_MAX_AGE_MS = 60_000;
/** How often at most they are read because a cell does not answer. */
const MAPPINGS_MIN_AGE_MS = 1_000;

/** Where the cells of a {@link MultiCellTokenStore} are found. */
export interface MultiCellTokenStoreOptions {
  /** `[api_database] connection` */
  readonly apiConnection: string;
  /** `[database] connection`, whose parts go into templates; null when unset. */
  readonly ownConnection: string | null;
  /** Most connections to a server. */
  readonly maxPoolSize: number;
  /** The clock: milliseconds since the epoch, as `Date.now`. */
  readonly now: () => number;
}

/** A cell's store, or why it has none. */
interface Cell {
  readonly mapping: CellMapping;
  readonly store: SqlTokenStore | TokenStoreError;
}

/**
 * The tokens of every cell: all are asked at the same time, and the first that knows a token answers.
 *
 * Which cells there are is read from nova's API database. While that is away, those that were known
 * are asked.
 */
export class MultiCellTokenStore implements TokenStore, TokenDirectory {
  readonly #mappings: CellMappings;
  readonly #options: MultiCellTokenStoreOptions;
  /** By expanded URL. */
  #cells: ReadonlyMap<string, Cell> = new Map();
  #readAtMs = -Infinity;
  #reading: Promise<void> | null = null;

  private constructor(options: MultiCellTokenStoreOptions) {
    this.#options = options;
    this.#mappings = CellMappings.open(options);
  }

  /** Connects to nothing yet. @throws {@link TokenStoreSettingError} if a URL is none */
  static open(options: MultiCellTokenStoreOptions): MultiCellTokenStore {
    return new MultiCellTokenStore(options);
  }

  async validate(token: Token): Promise<ConnectInfo> {
    const cells = await this.#current();
    try {
      return await askEach(cells, token);
    } catch (error) {
      if (!(error instanceof TokenStoreError)) throw error;
      // A cell may have moved, and where it was nobody answers.
      const known = await this.#readAgain();
      if (known === cells) throw error;
      return await askEach(known, token);
    }
  }

  async liveDigests(limit: number): Promise<readonly string[]> {
    const cells = await this.#current();
    const answers = await Promise.allSettled(
      [...cells.values()].map(async ({ store }) => storeOf(store).liveDigests(limit)),
    );
    const lists = answers.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
    const failed = answers.find((each) => each.status === "rejected");
    if (lists.length === 0 && failed !== undefined) throw failed.reason;
    return takeTurns(lists, limit);
  }

  async close(): Promise<void> {
    await this.#reading?.catch(() => undefined);
    await Promise.all([this.#mappings.close(), ...[...this.#cells.values()].map(closeCell)]);
  }

  /** What is known, read anew in the background when it is old; waited for only where nothing is known. */
  async #current(): Promise<ReadonlyMap<string, Cell>> {
    if (this.#options.now() - this.#readAtMs >= MAPPINGS_MAX_AGE_MS) {
      const reading = this.#read();
      if (this.#cells.size === 0) await reading;
      else reading.catch(() => undefined);
    }
    return this.#cells;
  }

  async #readAgain(): Promise<ReadonlyMap<string, Cell>> {
    if (this.#options.now() - this.#readAtMs >= MAPPINGS_MIN_AGE_MS) {
      await this.#read().catch(() => undefined);
    }
    return this.#cells;
  }

  #read(): Promise<void> {
    this.#reading ??= this.#readNow().finally(() => (this.#reading = null));
    return this.#reading;
  }

  async #readNow(): Promise<void> {
    const mappings = await this.#mappings.read();
    this.#readAtMs = this.#options.now();
    const next = new Map<string, Cell>();
    for (const mapping of mappings) {
      const { connection } = mapping;
      next.set(connection, this.#cells.get(connection) ?? this.#open(mapping));
    }
    const before = this.#cells;
    const gone = [...before].filter(([connection]) => !next.has(connection));
    // The same map says that nothing is new.
    if (gone.length === 0 && next.size === before.size) return;
    this.#cells = next;
    // Not waited for: a question may still be open there.
    for (const [, cell] of gone) closeCell(cell).catch(() => undefined);
  }

  #open(mapping: CellMapping): Cell {
    const { maxPoolSize, now } = this.#options;
    const { identity, connection } = mapping;
    const setting = `database_connection of cell ${identity}`;
    try {
      return { mapping, store: SqlTokenStore.open({ connection, setting, maxPoolSize, now }) };
    } catch (error) {
      if (!(error instanceof TokenStoreSettingError)) throw error;
      return { mapping, store: new TokenStoreError(error.message, { cause: error }) };
    }
  }
}

/**
 * Asks all of them.
 *
 * @throws {@link InvalidTokenError} only if every one of them says so
 */
async function askEach(cells: ReadonlyMap<string, Cell>, token: Token): Promise<ConnectInfo> {
  try {
    return await Promise.any(
      [...cells.values()].map(async ({ store }) => storeOf(store).validate(token)),
    );
  } catch (error) {
    if (!(error instanceof AggregateError)) throw error;
    const errors: readonly unknown[] = error.errors;
    const failed = errors.find((each) => !(each instanceof InvalidTokenError));
    throw failed instanceof Error ? failed : new InvalidTokenError();
  }
}

function storeOf(store: Cell["store"]): SqlTokenStore {
  if (store instanceof TokenStoreError) throw store;
  return store;
}

async function closeCell({ store }: Cell): Promise<void> {
  if (store instanceof SqlTokenStore) await store.close();
}

/** The youngest of each first: between cells there is no order. */
function takeTurns(lists: readonly (readonly string[])[], limit: number): string[] {
  const longest = Math.max(0, ...lists.map((list) => list.length));
  const taken: string[] = [];
  for (let index = 0; index < longest && taken.length < limit; index++) {
    for (const list of lists) {
      const digest = list[index];
      if (digest !== undefined && taken.length < limit) taken.push(digest);
    }
  }
  return taken;
}
