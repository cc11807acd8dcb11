import type { Cell, Cells, FoundInstance } from "./cell.ts";

/** How old what is known of the cells may get. */
const MAX_AGE_MS = 60_000;
/** How often at most they are read because no cell knows an instance. */
const MIN_AGE_MS = 1_000;

/** A cell as nova's API database has it, templates expanded; both URLs hold passwords. */
export interface CellMapping {
  readonly connection: string;
  readonly transportUrl: string;
}

/** Where cells come from. */
export interface MappedCellsOptions {
  readonly readMappings: () => Promise<readonly CellMapping[]>;
  /** Rejects if a URL of the mapping cannot be used. */
  readonly openCell: (mapping: CellMapping) => Promise<Cell>;
  /** Gives back what `readMappings` holds. */
  readonly close: () => Promise<void>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

type KnownCells = ReadonlyMap<string, Promise<Cell>>;

/** Every cell of nova: all are asked at the same time for an instance. */
export class MappedCells implements Cells {
  readonly #options: MappedCellsOptions;
  /** By both URLs. */
  #cells: KnownCells = new Map();
  #readAtMs = -Infinity;
  #reading: Promise<void> | null = null;

  constructor(options: MappedCellsOptions) {
    this.#options = options;
  }

  async find(instanceUuid: string): Promise<FoundInstance | null> {
    if (this.#ageMs() >= MAX_AGE_MS) {
      const renewing = this.#renew();
      if (this.#cells.size === 0) await renewing;
      // Those that are known need not wait: whoever is not found in them does.
      else renewing.catch(() => undefined);
    }
    const before = this.#cells;
    try {
      const found = await findIn(before, instanceUuid);
      if (found !== null || this.#ageMs() < MIN_AGE_MS) return found;
    } catch (error) {
      if (this.#ageMs() < MIN_AGE_MS) throw error;
    }
    // The cell may be new, or have moved.
    await this.#renew();
    return findIn(this.#cells, instanceUuid);
  }

  async close(): Promise<void> {
    await this.#reading?.catch(() => undefined);
    await Promise.all([this.#options.close(), ...[...this.#cells.values()].map(closeCell)]);
  }

  #ageMs(): number {
    return this.#options.now() - this.#readAtMs;
  }

  /** While the API database is away, the cells that were known go on. */
  async #renew(): Promise<void> {
    this.#reading ??= this.#read().finally(() => (this.#reading = null));
    try {
      await this.#reading;
    } catch (error) {
      if (this.#cells.size === 0) throw error;
    }
  }

  async #read(): Promise<void> {
    const mappings = await this.#options.readMappings();
    const before = this.#cells;
    const next = new Map<string, Promise<Cell>>();
    for (const mapping of mappings) {
      const key = `${mapping.connection}\n${mapping.transportUrl}`;
      const cell = before.get(key) ?? this.#options.openCell(mapping);
      // Whoever looks for an instance is told.
      cell.catch(() => undefined);
      next.set(key, cell);
    }
    this.#readAtMs = this.#options.now();
    this.#cells = next;
    // Not waited for: a broker that is silent would keep everybody waiting.
    for (const [key, cell] of before) if (!next.has(key)) void closeCell(cell);
  }
}

/** @throws what a cell said that could not be asked, unless another one has the instance */
async function findIn(cells: KnownCells, instanceUuid: string): Promise<FoundInstance | null> {
  const asked = Array.from(cells.values(), async (opening): Promise<FoundInstance | null> => {
    const cell = await opening;
    const row = await cell.rows.get(instanceUuid);
    return row === null ? null : { row, cell };
  });
  // A cell that is silent is not waited for where another one shows the instance.
  const shownFirst = await Promise.any(asked.map(onlyIfShown)).catch(() => null);
  if (shownFirst !== null) return shownFirst;
  const answers = await Promise.allSettled(asked);
  const found = answers.flatMap((each) =>
    each.status === "fulfilled" && each.value !== null ? [each.value] : [],
  );
  // One that is being moved from cell to cell is in both, and hidden in that where it does not run.
  const [first] = found;
  if (first !== undefined) return first;
  const failed = answers.find((each) => each.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  return null;
}

/** @throws Error if it is not there, or hidden */
async function onlyIfShown(asked: Promise<FoundInstance | null>): Promise<FoundInstance> {
  const found = await asked;
  if (found === null || isHidden(found)) throw new Error("not shown by this cell");
  return found;
}

function isHidden({ row }: FoundInstance): boolean {
  return Number(row.instance["hidden"] ?? 0) !== 0;
}

async function closeCell(opening: Promise<Cell>): Promise<void> {
  const cell = await opening.catch(() => null);
  await cell?.close();
}
