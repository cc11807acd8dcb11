/**
 * Finds the name that was probably meant.
 *
 * @param name - as written
 * @returns the candidate that needs the fewest changes, if they are few for its length; "-" and "_" are the same; else null
 */
export function nearestName(name: string, candidates: Iterable<string>): string | null {
  let nearest: string | null = null;
  let fewest = Infinity;
  for (const candidate of candidates) {
    const limit = Math.max(1, Math.floor(candidate.length / 4));
    const changes = countChanges(fold(name).slice(0, 100), fold(candidate).slice(0, 100));
    if (changes <= limit && changes < fewest) {
      nearest = candidate;
      fewest = changes;
    }
  }
  return nearest;
}

function fold(name: string): string {
  return name.toLowerCase().replaceAll("-", "_");
}

/** Characters to insert, remove, replace, or swap with their neighbour, to make `to` of `from`. */
function countChanges(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_unused, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const differs = from[row - 1] === to[column - 1] ? 0 : 1;
      const swapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      current[column] = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + differs,
        swapped ? (beforeLast[column - 2] ?? 0) + 1 : Infinity,
      );
    }
    beforeLast = last;
    last = current;
  }
  return last[to.length] ?? 0;
}
