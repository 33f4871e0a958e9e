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

/** The same, keeping the last `most` values that were asked for. */
export function memoizedRecent<Value>(most: number): (key: string, read: () => Promise<Value>) => Promise<Value> {
  const kept = new Map<string, () => Promise<Value>>();
  return (key, read) => {
    const known = kept.get(key) ?? memoized(read);
    // A map goes through its entries in the order in which they were set: the first is the one not asked for longest.
    kept.delete(key);
    kept.set(key, known);
    for (const oldest of kept.keys()) {
      if (kept.size <= most) break;
      kept.delete(oldest);
    }
    return known();
  };
}
