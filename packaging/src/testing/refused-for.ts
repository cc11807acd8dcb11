import { get } from "node:http";

const ANSWER_LIMIT_MS = 30_000;

/**
 * Asks for a page again and again, over a new connection each time, until `change` is done.
 *
 * @returns milliseconds from the first request that failed to the first that was answered again; 0: none failed
 */
export async function refusedFor(url: string, change: Promise<unknown>): Promise<number> {
  const progress: { changed: boolean; refusedAt: number | null } = {
    changed: false,
    refusedAt: null,
  };
  const done = change.finally(() => {
    progress.changed = true;
  });
  let longest = 0;
  while (!progress.changed || progress.refusedAt !== null) {
    if (!(await isAnswered(url))) {
      progress.refusedAt ??= performance.now();
      continue;
    }
    if (progress.refusedAt !== null) {
      longest = Math.max(longest, performance.now() - progress.refusedAt);
    }
    progress.refusedAt = null;
  }
  await done;
  return Math.round(longest);
}

function isAnswered(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get(url, { agent: false, timeout: ANSWER_LIMIT_MS }, (response) => {
      response.resume().once("close", () => {
        resolve(response.complete && response.statusCode === 200);
      });
    });
    request.once("timeout", () => request.destroy());
    request.once("error", () => {
      resolve(false);
    });
  });
}
