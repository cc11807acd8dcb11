/** What a dependency is: a place of tokens, a cell's database, a message broker, a cell's nova-compute services. */
export type DependencyKind = "store" | "cell" | "broker" | "compute";

/** Something that consoles depend on, and its state. */
export interface Dependency {
  readonly kind: DependencyKind;
  /** For people and metrics: a cell's name, hosts and ports; never a user or a password. */
  readonly name: string;
  /** Why it cannot be used; null while it can. */
  readonly problem: string | null;
  /**
   * The consoles that do not open without it: all of them, those of one cell by its UUID, or none, which
   * go on with what is known.
   */
  readonly neededBy: "all" | "none" | { readonly cell: string };
  /** Whether this process has not used it lately: what another one has seen counts for it as well. */
  readonly isUnknown?: boolean;
}

/** Whether a console can be opened. */
export interface Readiness {
  /** Whether the consoles of at least one cell can be opened. */
  readonly isReady: boolean;
  /** One line for each dependency that cannot be used. */
  readonly missing: readonly string[];
}

/** Judges dependencies: without cells all are needed; with cells, all that one of them needs. */
export function readinessOf(dependencies: readonly Dependency[]): Readiness {
  const isDown = new Map<string, boolean>();
  let isReady = true;
  for (const { neededBy, problem } of dependencies) {
    if (neededBy === "none") continue;
    if (neededBy === "all") isReady &&= problem === null;
    else isDown.set(neededBy.cell, (isDown.get(neededBy.cell) ?? false) || problem !== null);
  }
  const states = [...isDown.values()];
  return {
    isReady: isReady && (states.length === 0 || states.includes(false)),
    missing: [...new Set(dependencies.flatMap(describe))],
  };
}

function describe({ kind, name, problem }: Dependency): string[] {
  if (problem === null) return [];
  // A peer's words may have several lines.
  return [`${kind} ${name}: ${problem.replace(/\s+/g, " ").trim()}`];
}

/**
 * Judges what workers say of their dependencies: one that is ready is enough. A line says in how many of
 * them it is so, unless in all.
 */
export function mergeReadiness(workers: readonly (readonly Dependency[])[]): Readiness {
  const known = new Map<string, Dependency>();
  for (const each of workers.flat()) {
    const before = known.get(keyOf(each));
    // A worker that it works for outdoes those that have met with silence.
    if (each.isUnknown !== true && before?.problem !== null) known.set(keyOf(each), each);
  }
  const judged = workers.map((dependencies) =>
    readinessOf(
      dependencies.map((each) =>
        each.isUnknown === true ? (known.get(keyOf(each)) ?? each) : each,
      ),
    ),
  );
  const counts = new Map<string, number>();
  for (const line of judged.flatMap(({ missing }) => missing)) {
    counts.set(line, (counts.get(line) ?? 0) + 1);
  }
  const missing = Array.from(counts, ([line, count]) =>
    count === workers.length ? line : `${line} (in ${count} of ${workers.length} workers)`,
  );
  return { isReady: judged.some(({ isReady }) => isReady), missing };
}

function keyOf({ kind, name }: Dependency): string {
  return `${kind} ${name}`;
}
