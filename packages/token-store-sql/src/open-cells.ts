import { Probe } from "@nova-console/health";
import type { CellMapping } from "./cell-mappings.ts";

/** How old the list of cells may get. */
const MAX_AGE_MS = 60_000;
/** How often the list is read at most in the background: its database may refuse at once. */
const MIN_PAUSE_MS = 1_000;

/** What {@link OpenCells} needs. */
export interface OpenCellsOptions<C> {
  /** Reads the list. Rejects if that is not possible, or there are no cells. */
  readonly readMappings: () => Promise<readonly CellMapping[]>;
  /** Tells cells apart: what has the same key stays open when the list is read again. */
  readonly keyOf: (mapping: CellMapping) => string;
  /** Opens connections to a cell. What it throws is not remembered: the next question tries again. */
  readonly open: (mapping: CellMapping) => C | Promise<C>;
  /** Rejects with the reason why a cell cannot be used. */
  readonly check: (cell: C) => Promise<unknown>;
  readonly close: (cell: C) => Promise<void>;
  /** Longest that a check may take. */
  readonly checkLimitMs: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** A cell of nova, opened when it is first asked. */
export interface OpenCell<C> {
  readonly mapping: CellMapping;
  /** @throws what opening it throws */
  get(): Promise<C>;
  /** Asks whether it can be used. @returns why not; null if it can */
  problem(): Promise<string | null>;
}

/**
 * The cells of nova, as its API database lists them. The list is read again once it is old; while that
 * fails, those that are known go on.
 */
export class OpenCells<C> {
  readonly #options: OpenCellsOptions<C>;
  readonly #listProbe: Probe;
  /** By key. */
  #cells: ReadonlyMap<string, Cell<C>> = new Map();
  /** When the list was last read, and when that was last tried. */
  #readMs = -Infinity;
  #triedMs = -Infinity;
  #reading: Promise<void> | null = null;

  constructor(options: OpenCellsOptions<C>) {
    this.#options = options;
    const { checkLimitMs: limitMs, now } = options;
    this.#listProbe = new Probe({ ask: () => this.#read(), limitMs, now });
  }

  /**
   * The cells that are known. Only where none is, the list is waited for.
   *
   * @throws what reading the list throws
   */
  async current(): Promise<readonly OpenCell<C>[]> {
    if (this.#cells.size === 0) await this.#read();
    else if (this.#age(this.#readMs) >= MAX_AGE_MS && this.#age(this.#triedMs) >= MIN_PAUSE_MS) {
      this.#read().catch(() => undefined);
    }
    return this.known();
  }

  /**
   * Reads the list again, as a cell may be new or have moved, unless that was tried a moment ago. While
   * it cannot be read the cells that are known go on.
   *
   * @param pauseMs - the shortest time between two attempts: questions may come in a flood
   * @returns whether there was news
   */
  async readAgain(pauseMs: number): Promise<boolean> {
    const before = this.#cells;
    if (this.#reading !== null || this.#age(this.#triedMs) >= pauseMs) {
      await this.#read().catch(() => undefined);
    }
    return this.#cells !== before;
  }

  /** As {@link current}, without reading the list. */
  known(): readonly OpenCell<C>[] {
    return [...this.#cells.values()];
  }

  /** Reads the list, at most once a second. @returns why that is not possible; null if it is */
  listProblem(): Promise<string | null> {
    return this.#listProbe.problem();
  }

  /** Closes all of them. */
  async close(): Promise<void> {
    await this.#reading?.catch(() => undefined);
    await Promise.all(Array.from(this.#cells.values(), (cell) => cell.close()));
  }

  #age(atMs: number): number {
    return this.#options.now() - atMs;
  }

  #read(): Promise<void> {
    this.#reading ??= this.#readNow().finally(() => (this.#reading = null));
    return this.#reading;
  }

  async #readNow(): Promise<void> {
    const { readMappings, keyOf, now } = this.#options;
    this.#triedMs = now();
    const mappings = await readMappings();
    this.#readMs = now();
    const before = this.#cells;
    const next = new Map<string, Cell<C>>();
    for (const mapping of mappings) {
      const key = keyOf(mapping);
      const cell = before.get(key) ?? new Cell(mapping, this.#options);
      cell.mapping = mapping;
      next.set(key, cell);
    }
    const gone = [...before].filter(([key]) => !next.has(key));
    // The same map says that there is no news.
    if (gone.length === 0 && next.size === before.size) return;
    this.#cells = next;
    // Not waited for: a question may still be open there, and a broker that is silent says no goodbye.
    for (const [, cell] of gone) cell.close().catch(() => undefined);
  }
}

class Cell<C> implements OpenCell<C> {
  mapping: CellMapping;
  readonly #options: OpenCellsOptions<C>;
  readonly #probe: Probe;
  /** Shared by all who ask meanwhile; forgotten if it fails. */
  #opening: Promise<C> | null = null;
  #isClosed = false;

  constructor(mapping: CellMapping, options: OpenCellsOptions<C>) {
    this.mapping = mapping;
    this.#options = options;
    const { check, checkLimitMs: limitMs, now } = options;
    this.#probe = new Probe({ ask: async () => check(await this.get()), limitMs, now });
  }

  get(): Promise<C> {
    if (this.#opening !== null) return this.#opening;
    const opening = this.#open();
    this.#opening = opening;
    opening.catch(() => {
      if (this.#opening === opening) this.#opening = null;
    });
    return opening;
  }

  problem(): Promise<string | null> {
    return this.#probe.problem();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const cell = await this.#opening?.catch(() => null);
    if (cell !== undefined && cell !== null) await this.#options.close(cell);
  }

  async #open(): Promise<C> {
    if (this.#isClosed) throw new Error(`cell ${this.mapping.identity} is not mapped any more`);
    return this.#options.open(this.mapping);
  }
}
