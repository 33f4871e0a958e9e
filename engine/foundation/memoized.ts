/** Reads at most once at a time, keeps what was read, and tries again after a failure. */
export function memoized<Value>(read: () => Promise<Value>): () => Promise<Value> {
  let kept: Promise<Value> | undefined;
  return () => {
    kept ??= read().catch((error: unknown) => {
      kept = undefined;
      throw error;
    });
    return kept;
  };
}

/** The same for many values by their keys; whoever asks for a key must mean the same by it. */
export function memoizedByKey(): <Value>(key: string, read: () => Promise<Value>) => Promise<Value> {
  const kept = new Map<string, () => Promise<unknown>>();
  return async <Value>(key: string, read: () => Promise<Value>): Promise<Value> => {
    const known = kept.get(key) ?? memoized(read);
    kept.set(key, known);
    return (await known()) as Value;
  };
}
