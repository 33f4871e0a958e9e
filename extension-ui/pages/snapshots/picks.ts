/** What people have ticked in lists of items: it is there again when they come back to the list. */
export interface Picks {
  /** Keys of the ticked rows of a list. */
  of(list: string): ReadonlySet<string>;
  keep(list: string, keys: ReadonlySet<string>): void;
  /** What was ticked is being restored: the next restore begins anew. */
  clear(): void;
}

export function makePicks(): Picks {
  const lists = new Map<string, ReadonlySet<string>>();
  return {
    of: (list) => lists.get(list) ?? new Set(),
    keep: (list, keys) => void lists.set(list, keys),
    clear: () => lists.clear(),
  };
}
