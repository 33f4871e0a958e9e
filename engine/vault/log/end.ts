/**
 * Where a log ends, without listing all of it: its numbers have no gaps, and names are padded with zeros, so that the
 * names of a hundred entries begin alike. Looks from a number that is known:
 *
 *   list the hundred of that number and the one before; ask whether the 1st, 10th, 100th, 1000th after it has begun
 *   between the last that has begun and the first that has not, ask about a few at a time until they are neighbours
 *   list the last hundred that has begun, and the one before
 */
import { logNumbersPrefix, maxLogSeq, seqOfLogName } from "../format/layout.ts";
import { listEntries } from "./objects.ts";
import type { ListedEntry, LogObjects } from "./objects.ts";

const hundred = 100;
const lastHundred = Math.floor(maxLogSeq / hundred);
/** Millions of entries; further on somebody only wants this to go on asking. */
const mostRounds = 64;
const strides = [1, 10, 100, 1000];
/** With these a browser's six connections to one host are busy once. */
const asksBetween = 5;

/**
 * The newest entries, ascending: a hundred or more, or all if there are fewer. Undefined where that cannot be told
 * without listing everything: nothing lies near `known`, or numbers are missing. Throws what listing throws.
 */
export async function endOfLog(log: LogObjects, known: number): Promise<readonly ListedEntry[] | undefined> {
  const from = Math.floor(known / hundred);
  const [there, last] = await Promise.all([lastTwoHundreds(log, from), lastBegun(log, from)]);
  const entries = last === from ? there : await lastTwoHundreds(log, last);
  return isWhole(entries, last) ? entries : undefined;
}

async function lastTwoHundreds(log: LogObjects, last: number): Promise<readonly ListedEntry[]> {
  const hundreds = last === 0 ? [last] : [last - 1, last];
  const lists = await Promise.all(
    hundreds.map((number) => listEntries(log, logNumbersPrefix(log.vault, number * hundred, 2))),
  );
  return lists.flatMap((list) => [...list.values()]);
}

/** Every number from the first of these hundreds on; anything else somebody has planted or taken away. */
function isWhole(entries: readonly ListedEntry[], last: number): boolean {
  const first = Math.max(0, last - 1) * hundred;
  return entries.length > (last === 0 ? 0 : hundred) && entries.every(({ seq }, index) => seq === first + index);
}

async function lastBegun(log: LogObjects, from: number): Promise<number> {
  let low = from;
  let high: number | undefined;
  for (let round = 0; round < mostRounds && low < lastHundred && high !== low + 1; round += 1) {
    const asked = between(low, high);
    const begun = await Promise.all(asked.map((number) => hasBegun(log, number)));
    const firstNot = begun.indexOf(false);
    low = asked[firstNot < 0 ? asked.length - 1 : firstNot - 1] ?? low;
    high = asked[firstNot] ?? high;
  }
  return low;
}

/** Which hundreds to ask about, ascending. */
function between(low: number, high: number | undefined): readonly number[] {
  if (high === undefined) return strides.map((stride) => low + stride).filter((number) => number <= lastHundred);
  const step = Math.max(1, Math.ceil((high - low) / (asksBetween + 1)));
  const numbers = Array.from({ length: asksBetween }, (_, index) => low + (index + 1) * step);
  return numbers.filter((number) => number < high);
}

/** By its first ten numbers, so that the answer stays small. */
async function hasBegun({ store, vault }: LogObjects, number: number): Promise<boolean> {
  for await (const { name } of store.list(logNumbersPrefix(vault, number * hundred, 1)))
    if (seqOfLogName(vault, name) !== undefined) return true;
  return false;
}
