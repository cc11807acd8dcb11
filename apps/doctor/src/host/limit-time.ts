/** Waits for something no longer than it may take. @throws an error that says so */
export async function limitTime<T>(what: string, limitMs: number, wait: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new TooSlowError(`${what} did not answer within ${limitMs / 1000} s`));
    }, limitMs);
  });
  try {
    return await Promise.race([wait, late]);
  } finally {
    clearTimeout(timer);
    // If it fails after all, nobody waits for it any more.
    wait.catch(() => undefined);
  }
}

/** Nobody answered in time; it becomes a finding, or a line about what could not be seen. */
class TooSlowError extends Error {
  override readonly name = "TooSlowError";
}

/** The text of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
