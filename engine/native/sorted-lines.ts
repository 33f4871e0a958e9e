import { mergeSorted } from "./merge-sorted.ts";
import type { EncryptedSpool, SpoolRun } from "./temporary-files.ts";
import { encryptedSpool } from "./temporary-files.ts";

/** Numbers and arrays of numbers sort numerically, strings by UTF-16 code unit. */
export type SortKey = string | number | readonly [number, number];

export interface LineSortOptions<Key extends SortKey> {
  /** Where an encrypted spool may lie; touched only when the lines outgrow the memory. */
  readonly folder: string;
  readonly compareKeys?: (left: Key, right: Key) => number;
  /** Memory for lines before they go to disk; 24 MB unless given. */
  readonly memoryBytes?: number;
}

/** Sorts any number of lines by key in constant memory; lines of equal keys stay in the order they were added. */
export interface LineSorter<Key extends SortKey = SortKey> {
  /** A line must not contain line feeds. No more lines once reading has begun. */
  add(key: Key, line: string): Promise<void>;
  /** The lines in key order; may be read again, but not twice at once. */
  sorted(): AsyncIterable<string>;
  /** The same with their keys. */
  entries(): AsyncIterable<readonly [Key, string]>;
  /** Removes what lies on disk; call it in a `finally`. */
  dispose(): Promise<void>;
}

type Entry<Key> = readonly [Key, string];

const defaultMemoryBytes = 24 * 1024 * 1024;
/** What an entry costs beside its text. */
const entryBytes = 100;
/** Runs merged at once: each costs some 200 kB of memory while it is read. */
const maxMergedRuns = 128;

/** An external merge sort: sorted runs on an encrypted spool, merged with a heap. */
export function sortLines<Key extends SortKey>(options: LineSortOptions<Key>): LineSorter<Key> {
  const { folder, compareKeys = compareSortKeys, memoryBytes = defaultMemoryBytes } = options;
  const compare = (left: Entry<Key>, right: Entry<Key>): number => compareKeys(left[0], right[0]);
  const spool = encryptedSpool(folder);
  let runs: readonly SpoolRun[] = [];
  let inMemory: Entry<Key>[] = [];
  let usedBytes = 0;

  async function* entries(): AsyncGenerator<Entry<Key>> {
    runs = await mergedDown(spool, runs, compare);
    inMemory.sort(compare);
    yield* mergeSorted([...runs.map((run) => entriesOf<Key>(run)), each(inMemory)], compare);
  }

  return {
    async add(key, line) {
      inMemory.push([key, line]);
      usedBytes += 2 * line.length + entryBytes;
      if (usedBytes < memoryBytes) return;
      const full = inMemory.sort(compare);
      inMemory = [];
      usedBytes = 0;
      const run = await spool.writeLines(encodeAll(each(full)));
      runs = [...runs, run];
    },
    entries,
    async *sorted() {
      for await (const [, line] of entries()) yield line;
    },
    async dispose() {
      inMemory = [];
      runs = [];
      await spool.dispose();
    },
  };
}

/** Merges neighbouring runs until they can be read at once. */
async function mergedDown<Key extends SortKey>(
  spool: EncryptedSpool,
  runs: readonly SpoolRun[],
  compare: (left: Entry<Key>, right: Entry<Key>) => number,
): Promise<readonly SpoolRun[]> {
  if (runs.length <= maxMergedRuns) return runs;
  const merged: SpoolRun[] = [];
  for (let start = 0; start < runs.length; start += maxMergedRuns) {
    const group = runs.slice(start, start + maxMergedRuns);
    const sources = group.map((run) => entriesOf<Key>(run));
    merged.push(await spool.writeLines(encodeAll(mergeSorted(sources, compare))));
    await Promise.all(group.map((run) => run.remove()));
  }
  return mergedDown(spool, merged, compare);
}

function compareSortKeys(left: SortKey, right: SortKey): number {
  if (typeof left === "object" && typeof right === "object") return left[0] - right[0] || left[1] - right[1];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** JSON has no raw tab, so the first one ends the key. */
function encodeEntry([key, line]: Entry<SortKey>): string {
  return `${JSON.stringify(key)}\t${line}`;
}

async function* encodeAll(entries: AsyncIterable<Entry<SortKey>>): AsyncGenerator<string> {
  for await (const entry of entries) yield encodeEntry(entry);
}

async function* entriesOf<Key extends SortKey>(run: SpoolRun): AsyncGenerator<Entry<Key>> {
  for await (const text of run.lines()) {
    const tab = text.indexOf("\t");
    yield [JSON.parse(text.slice(0, tab)) as Key, text.slice(tab + 1)]; // written by encodeEntry
  }
}

async function* each<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  yield* items;
}
