import type { Dependency } from "@nova-console/health";
import {
  checkTokenStore,
  type ConnectInfo,
  InvalidTokenError,
  type Token,
  type TokenDirectory,
  type TokenStore,
  TokenStoreError,
  TokenStoreSettingError,
} from "@nova-console/token";
import { type CellMapping, CellMappings } from "./cell-mappings.ts";
import type { StoreLog } from "./instances-table.ts";
import { type OpenCell, OpenCells } from "./open-cells.ts";
import { SqlTokenStore } from "./sql-token-store.ts";

/** How often the list of cells is read at most because a cell does not answer. */
const FAILED_PAUSE_MS = 1_000;
/** How often it is read at most because no cell knows a token: wrong tokens may come in a flood. */
const UNKNOWN_PAUSE_MS = 5_000;

/** Where the cells of a {@link MultiCellTokenStore} are found. */
export interface MultiCellTokenStoreOptions {
  /** `[api_database] connection` */
  readonly apiConnection: string;
  /** `[database] connection`, whose parts go into templates; null when unset. */
  readonly ownConnection: string | null;
  /** Most connections to a server. */
  readonly maxPoolSize: number;
  /** Longest that a cell may take to say how it is, in milliseconds. */
  readonly checkLimitMs: number;
  /** The clock: milliseconds since the epoch, as `Date.now`. */
  readonly now: () => number;
  readonly log?: StoreLog | undefined;
}

type CellStore = OpenCell<SqlTokenStore>;

/**
 * The tokens of every cell: all are asked at the same time, and the first that knows a token answers.
 *
 * Which cells there are is read from nova's API database. While that is away, those that were known
 * are asked.
 */
export class MultiCellTokenStore implements TokenStore, TokenDirectory {
  readonly #mappings: CellMappings;
  readonly #options: MultiCellTokenStoreOptions;
  readonly #cells: OpenCells<SqlTokenStore>;

  private constructor(options: MultiCellTokenStoreOptions) {
    this.#options = options;
    this.#mappings = CellMappings.open({ ...options, ownTransportUrl: null });
    const { checkLimitMs, now } = options;
    this.#cells = new OpenCells({
      readMappings: () => this.#mappings.read(),
      keyOf: ({ connection }) => connection,
      open: (mapping) => this.#open(mapping),
      check: checkTokenStore,
      close: (store) => store.close(),
      ...{ checkLimitMs, now },
    });
  }

  /** Connects to nothing yet. @throws {@link TokenStoreSettingError} if a URL is none */
  static open(options: MultiCellTokenStoreOptions): MultiCellTokenStore {
    return new MultiCellTokenStore(options);
  }

  async validate(token: Token): Promise<ConnectInfo> {
    const cells = await this.#cells.current();
    try {
      return await askEach(cells, token);
    } catch (error) {
      // The cell may be new, or have moved, and where it was nobody answers.
      const isUnknown = error instanceof InvalidTokenError;
      if (!isUnknown && !(error instanceof TokenStoreError)) throw error;
      const pauseMs = isUnknown ? UNKNOWN_PAUSE_MS : FAILED_PAUSE_MS;
      if (!(await this.#cells.readAgain(pauseMs))) throw error;
      return await askEach(this.#cells.known(), token);
    }
  }

  async liveDigests(limit: number): Promise<readonly string[]> {
    const cells = await this.#cells.current();
    const answers = await Promise.allSettled(
      cells.map(async (cell) => (await cell.get()).liveDigests(limit)),
    );
    const lists = answers.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
    const failed = answers.find((each) => each.status === "rejected");
    if (lists.length === 0 && failed !== undefined) throw failed.reason;
    return takeTurns(lists, limit);
  }

  /** Asks the API database and every cell how they are; each is given 1.5 s. */
  async dependencies(): Promise<readonly Dependency[]> {
    const list = this.#cells.listProblem();
    if (this.#cells.known().length === 0) await list;
    const cells = this.#cells.known();
    const [problem, ...problems] = await Promise.all([
      list,
      ...cells.map((each) => each.problem()),
    ]);
    // Cells that are known go on without the list.
    const neededBy = cells.length === 0 ? "all" : "none";
    return [
      { kind: "store", name: this.#mappings.place, problem, neededBy },
      ...cells.map(({ mapping }, index): Dependency => {
        const { identity: name, uuid: cell } = mapping;
        return { kind: "cell", name, problem: problems[index] ?? null, neededBy: { cell } };
      }),
    ];
  }

  async close(): Promise<void> {
    await Promise.all([this.#mappings.close(), this.#cells.close()]);
  }

  #open({ identity, connection }: CellMapping): SqlTokenStore {
    const { maxPoolSize, now, log } = this.#options;
    const setting = `database_connection of cell ${identity}`;
    try {
      return SqlTokenStore.open({ connection, setting, maxPoolSize, now, log });
    } catch (error) {
      if (!(error instanceof TokenStoreSettingError)) throw error;
      throw new TokenStoreError(error.message, { cause: error });
    }
  }
}

/**
 * Asks all of them.
 *
 * @throws {@link InvalidTokenError} only if every one of them says so
 */
async function askEach(cells: readonly CellStore[], token: Token): Promise<ConnectInfo> {
  try {
    return await Promise.any(cells.map(async (cell) => (await cell.get()).validate(token)));
  } catch (error) {
    if (!(error instanceof AggregateError)) throw error;
    const errors: readonly unknown[] = error.errors;
    const failed = errors.find((each) => !(each instanceof InvalidTokenError));
    throw failed instanceof Error ? failed : new InvalidTokenError();
  }
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
