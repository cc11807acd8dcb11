/**
 * Waits for what is under way anyway, for no longer than a signal lets it.
 *
 * @param promise - goes on when the signal comes first: somebody else may wait for it again
 * @throws the signal's reason if that comes first; what `promise` rejects with otherwise
 */
export async function within<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let onAbort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => {
      reject(signal.reason as Error);
    };
    signal.addEventListener("abort", onAbort);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
