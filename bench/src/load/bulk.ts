import { update, updateRequest } from "./rfb-messages.ts";
import type { Viewer } from "./viewer.ts";

/** Requests that a viewer has under way, as a viewer over a network with some delay. */
const OUTSTANDING = 4;
/** What every viewer compares byte by byte, before only lengths count. */
const VERIFIED_UPDATES = 2 * OUTSTANDING;

/** Viewers that ask for update after update. */
export class Bulk {
  /** Bytes of updates that came in whole or in part. */
  bytes = 0;
  /** Updates that came in whole. */
  updates = 0;
  readonly #viewers: readonly Viewer[];
  readonly #expected: Buffer;
  readonly #request: Buffer;
  readonly #verifyAll: boolean;
  #waiting = 0;
  #stopping = false;
  #idle: () => void = () => undefined;

  /** @param verifyAll - compare every byte of every update, not only of a viewer's first */
  constructor(viewers: readonly Viewer[], pixelBytes: number, verifyAll: boolean) {
    this.#viewers = viewers;
    this.#expected = update(pixelBytes);
    this.#request = updateRequest(pixelBytes);
    this.#verifyAll = verifyAll;
  }

  start(): void {
    for (const viewer of this.#viewers) this.#run(viewer);
  }

  /** Asks for no more, and resolves when all that was asked for has come. */
  stop(): Promise<void> {
    this.#stopping = true;
    return new Promise((resolve) => {
      this.#idle = resolve;
      if (this.#waiting === 0) resolve();
    });
  }

  #run(viewer: Viewer): void {
    const one = viewer.encode(this.#request);
    const requests = Array.from({ length: OUTSTANDING + 1 }, (_, count) =>
      Buffer.concat(Array<Buffer>(count).fill(one)),
    );
    const expected = this.#expected;
    let at = 0;
    let seen = 0;
    viewer.sink = (bytes, start, end) => {
      let completed = 0;
      for (let from = start; from < end;) {
        const stop = Math.min(end, from + expected.length - at);
        if (this.#verifyAll || seen < VERIFIED_UPDATES) {
          if (bytes.compare(expected, at, at + stop - from, from, stop) !== 0) {
            throw new Error(`update ${seen} differs between bytes ${at} and ${at + stop - from}`);
          }
        }
        at += stop - from;
        from = stop;
        if (at < expected.length) break;
        at = 0;
        seen++;
        completed++;
      }
      this.bytes += end - start;
      this.updates += completed;
      const next = requests[completed];
      if (completed === 0) return;
      if (next === undefined) throw new Error("more updates came than were asked for");
      if (!this.#stopping) viewer.send(next);
      else if ((this.#waiting -= completed) === 0) this.#idle();
    };
    this.#waiting += OUTSTANDING;
    viewer.send(requests[OUTSTANDING] ?? one);
  }
}
