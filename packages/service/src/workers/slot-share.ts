/**
 * How many of a key's slots one worker may take without asking. The shares of all workers add up to
 * `most`; who gets what is left over depends on the key, so that no worker gets it all.
 *
 * @param most - slots of each key
 * @param workers - how many share them
 * @param seat - which of them it is, from 0
 */
export function slotShare(key: string, most: number, workers: number, seat: number): number {
  const leftOver = most % workers;
  const first = Number.parseInt(key.slice(0, 8), 16) || 0;
  const place = (seat + workers - (first % workers)) % workers;
  return Math.floor(most / workers) + (place < leftOver ? 1 : 0);
}
