import type { Dependency } from "@nova-console/health";
import { type CellMapping, type OpenCell, OpenCells } from "@nova-console/token-store-sql";
import { type Cell, type Cells, computeDependency, type FoundInstance } from "./cell.ts";

/** How often the list of cells is read at most because no cell has an instance. */
const READ_PAUSE_MS = 1_000;

/** Where cells come from. */
export interface MappedCellsOptions {
  readonly readMappings: () => Promise<readonly CellMapping[]>;
  /** The list's database, for people. */
  readonly listPlace: string;
  /** Rejects if a URL of the mapping cannot be used. */
  readonly openCell: (mapping: CellMapping) => Promise<Cell>;
  /** Gives back what `readMappings` holds. */
  readonly close: () => Promise<void>;
  /** Longest that a broker may take to say how it is. */
  readonly checkLimitMs: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Every cell of nova: all are asked at the same time for an instance. */
export class MappedCells implements Cells {
  readonly #options: MappedCellsOptions;
  readonly #cells: OpenCells<Cell>;

  constructor(options: MappedCellsOptions) {
    this.#options = options;
    const { readMappings, openCell: open, checkLimitMs, now } = options;
    this.#cells = new OpenCells({
      ...{ readMappings, open, checkLimitMs, now },
      keyOf: ({ connection, transportUrl }) => `${connection}\n${transportUrl}`,
      check: (cell) => cell.checkBroker(),
      close: (cell) => cell.close(),
    });
  }

  async find(instanceUuid: string): Promise<FoundInstance | null> {
    const cells = await this.#cells.current();
    try {
      const found = await findIn(cells, instanceUuid);
      if (found !== null || !(await this.#hasNews())) return found;
    } catch (error) {
      if (!(await this.#hasNews())) throw error;
    }
    return findIn(this.#cells.known(), instanceUuid);
  }

  async dependencies(): Promise<readonly Dependency[]> {
    const list = this.#cells.listProblem();
    if (this.#cells.known().length === 0) await list;
    const cells = this.#cells.known();
    const [problem, ...states] = await Promise.all([list, ...cells.map(stateOf)]);
    const { listPlace: name } = this.#options;
    const neededBy = cells.length === 0 ? "all" : "none";
    return [{ kind: "store", name, problem, neededBy }, ...states.flat()];
  }

  /** A cell may be new, or have moved. */
  #hasNews(): Promise<boolean> {
    return this.#cells.readAgain(READ_PAUSE_MS);
  }

  async close(): Promise<void> {
    await Promise.all([this.#options.close(), this.#cells.close()]);
  }
}

async function stateOf(each: OpenCell<Cell>): Promise<Dependency[]> {
  const { identity: name, uuid } = each.mapping;
  const neededBy = { cell: uuid };
  const problem = await each.problem();
  const broker: Dependency = { kind: "broker", name, problem, neededBy };
  // Behind a broker that is away nothing is known of nova-compute.
  if (problem !== null) return [broker];
  const health = await (await each.get()).computeHealth();
  return [broker, computeDependency(name, health, neededBy)];
}

/** @throws what a cell said that could not be asked, unless another one has the instance */
async function findIn(
  cells: readonly OpenCell<Cell>[],
  instanceUuid: string,
): Promise<FoundInstance | null> {
  const asked = cells.map(async (each): Promise<FoundInstance | null> => {
    const cell = await each.get();
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
