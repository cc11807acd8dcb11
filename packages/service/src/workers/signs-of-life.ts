/** Rounds that a worker may let pass without an answer. */
const MOST_MISSED = 4;

/** A worker that is asked. */
interface Asked {
  /** Asks it for a sign of life. @returns how many times in a row it has not given one */
  knock(): number;
}

/**
 * Asks workers again and again whether they live, and tells of those that give no answer.
 *
 * Rounds are counted, not time: after a machine was suspended, or the primary process held up, only one
 * of them is late, and whoever is well answers before the next.
 *
 * @param limitMs - silence after which a worker is taken for dead; up to a quarter more passes
 * @param workers - those that are to be asked now
 * @param onSilent - told of a worker in each round after that
 * @returns stops it
 */
export function watchSignsOfLife<W extends Asked>(
  limitMs: number,
  workers: () => readonly W[],
  onSilent: (worker: W) => void,
): () => void {
  const timer = setInterval(() => {
    for (const worker of workers()) if (worker.knock() >= MOST_MISSED) onSilent(worker);
  }, limitMs / MOST_MISSED).unref();
  return () => {
    clearInterval(timer);
  };
}
