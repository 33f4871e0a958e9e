/**
 * Merges sorted streams into one, in constant memory. Equal items come in the order of their sources.
 * Sources are closed when the reader stops early.
 */
export async function* mergeSorted<Item>(
  sources: readonly AsyncIterable<Item>[],
  compare: (left: Item, right: Item) => number,
): AsyncGenerator<Item> {
  const iterators = sources.map((source) => source[Symbol.asyncIterator]());
  const heap: Head<Item>[] = [];
  const before = (left: Head<Item>, right: Head<Item>): boolean => {
    const order = compare(left.item, right.item);
    return order === 0 ? left.source < right.source : order < 0;
  };
  try {
    for (const [source, iterator] of iterators.entries()) {
      const first = await iterator.next();
      if (first.done !== true) heap.push({ item: first.value, source, iterator });
    }
    heap.sort((left, right) => (before(left, right) ? -1 : 1)); // a sorted array is a heap
    for (let least = heap[0]; least !== undefined; least = heap[0]) {
      yield least.item;
      const next = await least.iterator.next();
      const head = next.done === true ? heap.pop() : { ...least, item: next.value };
      if (head !== undefined && heap.length > 0) sinkFromTop(heap, head, before);
    }
  } finally {
    await Promise.all(iterators.map(async (iterator) => iterator.return?.()));
  }
}

interface Head<Item> {
  readonly item: Item;
  readonly source: number;
  readonly iterator: AsyncIterator<Item>;
}

/** Puts an item in place of the top and restores the heap. */
function sinkFromTop<Item>(heap: Item[], item: Item, before: (left: Item, right: Item) => boolean): void {
  let at = 0;
  for (;;) {
    const left = heap[2 * at + 1];
    const right = heap[2 * at + 2];
    if (left === undefined) break;
    const [child, index] = right !== undefined && before(right, left) ? [right, 2 * at + 2] : [left, 2 * at + 1];
    if (!before(child, item)) break;
    heap[at] = child;
    at = index;
  }
  heap[at] = item;
}
