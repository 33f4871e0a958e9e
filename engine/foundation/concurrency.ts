/**
 * Runs `work` over `items` with at most `limit` at a time (asked anew at each item where it is a function) and yields
 * results in the order of the items. Reads ahead at most `limit` items, so memory stays bounded. The first error stops
 * further starts, waits for what is running, then is thrown.
 */
export async function* mapConcurrent<Item, Result>(
  items: AsyncIterable<Item> | Iterable<Item>,
  limit: number | (() => number),
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const running: Promise<Result>[] = [];
  const most = typeof limit === "number" ? () => limit : limit;
  try {
    for await (const item of items) {
      const started = work(item);
      started.catch(() => undefined); // reported when its turn comes; until then it must not count as unhandled
      running.push(started);
      while (running.length >= Math.max(1, most())) yield await takeFirst(running);
    }
    while (running.length > 0) yield await takeFirst(running);
  } finally {
    await Promise.allSettled(running);
  }
}

/** Like mapConcurrent, for work without results. */
export async function forEachConcurrent<Item>(
  items: AsyncIterable<Item> | Iterable<Item>,
  limit: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const results = mapConcurrent(items, limit, work);
  while ((await results.next()).done !== true);
}

async function takeFirst<Result>(running: Promise<Result>[]): Promise<Result> {
  const first = running.shift();
  if (first === undefined) throw new Error("takeFirst needs a running promise");
  return first;
}

/** Collects an async iterable; only for lists known to be small. */
export async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** How the work ended; never throws. */
export async function settled<Result>(work: () => Promise<Result>): Promise<PromiseSettledResult<Result>> {
  const [ended] = await Promise.allSettled([work()]);
  return ended;
}
