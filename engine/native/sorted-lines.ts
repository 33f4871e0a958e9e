import { mergeSorted } from "./merge-sorted.ts";
import type { EncryptedSpool, SpoolRun } from "./temporary-files.ts";
import { encryptedSpool } from "./temporary-files.ts";

/** Numbers and arrays of numbers sort numerically, strings by UTF-16 code unit. */
export type SortKey = string | number | readonly [number, number];

export interface LineSortOptions<Key extends SortKey> {
  /** Where an encrypted spool may lie; touched only when the lines outgrow the memory. */
  readonly folder: string;
  readonly compareKeys?: (left: Key, right: Key) => number;
  /** Memory for lines before they go to disk; 16 MiB unless given. */
  readonly memoryBytes?: number;
}

/** Sorts any number of lines by key in constant memory; lines of equal keys stay in the order they were added. */
export interface LineSorter<Key extends SortKey = SortKey> {
  /** A line must contain neither line feeds nor lone surrogates: JSON has neither. No more lines once reading has begun. */
  add(key: Key, line: string): Promise<void>;
  /** The lines in key order; may be read again, but not twice at once. */
  sorted(): AsyncIterable<string>;
  /** The same with their keys. */
  entries(): AsyncIterable<readonly [Key, string]>;
  /** Removes what lies on disk; call it in a `finally`. */
  dispose(): Promise<void>;
}

type Entry<Key> = readonly [Key, string];

const defaultMemoryBytes = 16 * 1024 * 1024;
/** What an entry costs beside its text. */
const entryBytes = 200;
/** Runs merged at once: each costs some 200 kB of memory while it is read. */
const maxMergedRuns = 128;

/** An external merge sort: sorted runs on an encrypted spool, merged with a heap. */
export function sortLines<Key extends SortKey>(options: LineSortOptions<Key>): LineSorter<Key> {
  const { folder, compareKeys = compareSortKeys, memoryBytes = defaultMemoryBytes } = options;
  const compare = (left: Entry<Key>, right: Entry<Key>): number => compareKeys(left[0], right[0]);
  const spool = encryptedSpool(folder);
  let runs: readonly SpoolRun[] = [];
  let held = new HeldLines<Key>();

  async function* entries(): AsyncGenerator<Entry<Key>> {
    runs = await mergedDown(spool, runs, compare);
    yield* mergeSorted([...runs.map((run) => entriesOf<Key>(run.lines())), held.sorted(compareKeys)], compare);
  }

  return {
    async add(key, line) {
      if (line.includes("\n")) throw new Error("A line to be sorted must not contain a line feed");
      held.add(key, encodeEntry([key, line]));
      if (held.bytes < memoryBytes) return;
      runs = [...runs, await spool.writeBytes(held.sortedBytes(compareKeys))];
      held.clear();
    },
    entries,
    async *sorted() {
      for await (const [, line] of entries()) yield line;
    },
    async dispose() {
      held = new HeldLines();
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
    const sources = group.map((run) => entriesOf<Key>(run.lines()));
    merged.push(await spool.writeLines(encodeAll(mergeSorted(sources, compare))));
    await Promise.all(group.map((run) => run.remove()));
  }
  return mergedDown(spool, merged, compare);
}

function compareSortKeys(left: SortKey, right: SortKey): number {
  if (typeof left === "object" && typeof right === "object") return left[0] - right[0] || left[1] - right[1];
  return left < right ? -1 : left > right ? 1 : 0;
}

interface HeldLine<Key> {
  readonly key: Key;
  readonly start: number;
  readonly end: number;
}

/**
 * Lines in memory as bytes one after another, in room that is used again: as strings that live until they are written
 * they would be most of what the garbage collector has to do, and it lets much gather before it does.
 */
class HeldLines<Key extends SortKey> {
  #lines: HeldLine<Key>[] = [];
  #room = Buffer.allocUnsafe(0);
  #used = 0;

  get bytes(): number {
    return this.#used + this.#lines.length * entryBytes;
  }

  add(key: Key, entry: string): void {
    const start = this.#used;
    const end = start + Buffer.byteLength(entry) + 1;
    if (end > this.#room.length) this.#grow(end);
    this.#room.write(entry, start);
    this.#room[end - 1] = lineFeed;
    this.#used = end;
    this.#lines.push({ key, start, end });
  }

  #grow(needed: number): void {
    const room = Buffer.allocUnsafe(Math.max(needed, 2 * this.#room.length, 64 * 1024));
    this.#room.copy(room, 0, 0, this.#used);
    this.#room = room;
  }

  /** With their line feeds. */
  async *sortedBytes(compareKeys: (left: Key, right: Key) => number): AsyncGenerator<Uint8Array> {
    this.#lines.sort((left, right) => compareKeys(left.key, right.key));
    for (const { start, end } of this.#lines) yield this.#room.subarray(start, end);
  }

  async *sorted(compareKeys: (left: Key, right: Key) => number): AsyncGenerator<Entry<Key>> {
    this.#lines.sort((left, right) => compareKeys(left.key, right.key));
    for (const { start, end } of this.#lines) yield decodeEntry<Key>(this.#room.toString("utf8", start, end - 1));
  }

  clear(): void {
    this.#lines = [];
    this.#used = 0;
  }
}

const lineFeed = 10;

/** JSON has no raw tab, so the first one ends the key. */
function encodeEntry([key, line]: Entry<SortKey>): string {
  return `${JSON.stringify(key)}\t${line}`;
}

async function* encodeAll(entries: AsyncIterable<Entry<SortKey>>): AsyncGenerator<string> {
  for await (const entry of entries) yield encodeEntry(entry);
}

function decodeEntry<Key extends SortKey>(text: string): Entry<Key> {
  const tab = text.indexOf("\t");
  return [JSON.parse(text.slice(0, tab)) as Key, text.slice(tab + 1)]; // written by encodeEntry
}

async function* entriesOf<Key extends SortKey>(lines: AsyncIterable<string>): AsyncGenerator<Entry<Key>> {
  for await (const text of lines) yield decodeEntry<Key>(text);
}
