/**
 * Copies of neighbouring log entries in one object, for pages that show the newest of them: a browser asks for a few
 * objects at a time, and each request takes a way across the network. Nothing is ever decided by such a copy. Each
 * entry in it carries its signature, and who checks the log reads the entries themselves.
 *
 *   after entry 24, 49, 74, … is in the log, its writer puts the last 25 entries together: log-pages/0000000000.txt, …
 *   a reader who needs entries of a page reads the page, and the entries themselves where there is none
 */
import { concat, readAll } from "../../foundation/bytes.ts";
import { mapConcurrent } from "../../foundation/concurrency.ts";
import { BackupError } from "../../foundation/errors.ts";
import type { ObjectStore } from "../../store/object-store.ts";
import { firstOfLogPage, logPageName, logPagePrefix } from "../format/layout.ts";
import { maxEntryBytes } from "../format/log-codec.ts";
import { readBySeq, type LogObjects } from "./objects.ts";

export const entriesPerPage = 25;
const maxPageBytes = entriesPerPage * maxEntryBytes;
const readsAtATime = 8;
/** Of a quarter of a million entries; beyond that somebody plants them, and nobody goes on listing. */
const mostPages = 10_000;
const lineFeed = 0x0a;
const linesPerEntry = 2;

/** First number of the page that holds the entry. */
export function pageOf(seq: number): number {
  return seq - (seq % entriesPerPage);
}

/** Does nothing unless the entry is the last one of its page. That a page cannot be written is no failure: see above. */
export async function writeFullPage(log: LogObjects & { readonly store: ObjectStore }, seq: number): Promise<void> {
  const first = pageOf(seq);
  if (seq !== first + entriesPerPage - 1) return;
  const numbers = Array.from({ length: entriesPerPage }, (_, index) => first + index);
  try {
    const entries: Uint8Array[] = [];
    for await (const entry of mapConcurrent(numbers, readsAtATime, (number) => readBySeq(log, number)))
      if (entry !== undefined) entries.push(entry.bytes);
    const page = concat(entries);
    if (takenApart(page) !== undefined) await log.store.create(logPageName(log.vault, first), page);
  } catch (error) {
    if (!(error instanceof BackupError)) throw error;
  }
}

/** The stored bytes of the page's entries by their numbers; undefined where there is no such page, or none of this form. */
export async function readPage(
  { store, vault }: LogObjects,
  first: number,
): Promise<ReadonlyMap<number, Uint8Array> | undefined> {
  try {
    const body = await store.read(logPageName(vault, first));
    if (body.length > maxPageBytes) return undefined;
    const entries = takenApart(await readAll(body.chunks, maxPageBytes));
    return entries === undefined ? undefined : new Map(entries.map((bytes, index) => [first + index, bytes]));
  } catch (error) {
    if (error instanceof BackupError) return undefined;
    throw error;
  }
}

/** The number that the log had reached at least when its last page was written; undefined when pages do not tell. */
export async function reachedByPages({ store, vault }: LogObjects): Promise<number | undefined> {
  let last: number | undefined;
  let listed = 0;
  for await (const { name } of store.list(logPagePrefix(vault))) {
    listed += 1;
    if (listed > mostPages) return undefined;
    last = firstOfLogPage(vault, name) ?? last;
  }
  return last === undefined ? undefined : last + entriesPerPage - 1;
}

/** Entries have two lines each, so nothing need stand between them; undefined unless it is exactly a page of them. */
function takenApart(page: Uint8Array): readonly Uint8Array[] | undefined {
  const entries: Uint8Array[] = [];
  let start = 0;
  let lines = 0;
  for (let end = page.indexOf(lineFeed); end >= 0; end = page.indexOf(lineFeed, end + 1)) {
    lines += 1;
    if (lines % linesPerEntry !== 0) continue;
    entries.push(page.subarray(start, end + 1));
    start = end + 1;
  }
  return start === page.length && entries.length === entriesPerPage ? entries : undefined;
}
