/** Lists by key, the longest unused given up when all together have more than `maxLines` lines. */
export interface KeptLists<Line> {
  get(key: string): readonly Line[] | undefined;
  put(key: string, lines: readonly Line[]): void;
}

export function keptLists<Line>(maxLines: number): KeptLists<Line> {
  const lists = new Map<string, readonly Line[]>();
  let held = 0;

  function remove(key: string): void {
    held -= lists.get(key)?.length ?? 0;
    lists.delete(key);
  }

  return {
    get(key) {
      const lines = lists.get(key);
      if (lines === undefined) return undefined;
      lists.delete(key);
      lists.set(key, lines);
      return lines;
    },
    put(key, lines) {
      remove(key);
      lists.set(key, lines);
      held += lines.length;
      for (const oldest of [...lists.keys()]) {
        if (held <= maxLines || oldest === key) return;
        remove(oldest);
      }
    },
  };
}
