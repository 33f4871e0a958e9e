/**
 * Finds the entries that say of many names at once that they are void, so that these names need not be read again by
 * everybody for ever. Looks from the end of the log backwards:
 *
 *   an entry that is signed by a signer of the vault and names a range → goes on before that range
 *   anything else                                                      → goes on before it
 *
 * What is found is only where to look: whether the entry really continues the log, and so may speak of the names before
 * it, is judged by the chain like everything else.
 */
import { mapConcurrent } from "../../foundation/concurrency.ts";
import type { Cryptography } from "../../crypto/cryptography.ts";
import type { StoredEntry } from "./chain.ts";
import { decodeEntry } from "../format/log-codec.ts";
import type { LogFinder } from "./finder.ts";
import type { ListedEntry } from "./objects.ts";
import { signerAmong, splitSigned } from "../format/signed-text.ts";
import { countOfVoid, firstVoid } from "../format/void-numbers.ts";

/** Gaps with fewer void names are read by everybody: nothing is taken on anyone's word there. */
const leastRecorded = 32;
const readsAtATime = 32;
const readsAtFirst = 4;

export interface Search {
  readonly cryptography: Cryptography;
  readonly finder: LogFinder;
  readonly signers: readonly string[];
  /** Neighbouring names, ascending. */
  readonly among: readonly ListedEntry[];
}

/** By the first number of the range: the entries that record it, ascending. */
export async function recordersOf(search: Search): Promise<ReadonlyMap<number, readonly number[]>> {
  const found = new Map<number, number[]>();
  let end = Number.POSITIVE_INFINITY;

  function* backwards(): Generator<ListedEntry> {
    for (let index = search.among.length - 1; index >= 0; index -= 1) {
      const listed = search.among[index];
      if (listed !== undefined && listed.seq < end) yield listed;
    }
  }

  async function look(stored: StoredEntry | undefined): Promise<void> {
    if (stored === undefined || stored.seq >= end) return;
    const first = await firstRecorded(search, stored);
    if (first === undefined) return;
    end = first;
    found.set(first, [stored.seq, ...(found.get(first) ?? [])]);
  }

  // Who has just recorded a range looks for its own entry, which is the last one: nothing is read ahead of it.
  const newest = search.among.at(-1);
  if (newest !== undefined) await look(await search.finder.glance(newest));
  // Where ranges are recorded, the entry that does it is mostly one of the last.
  let looked = readsAtFirst;
  const glances = mapConcurrent(
    backwards(),
    () => Math.min(readsAtATime, looked),
    (listed) => search.finder.glance(listed),
  );
  for await (const stored of glances) {
    await look(stored);
    looked += 1;
  }
  return found;
}

async function firstRecorded(
  { cryptography, signers }: Search,
  { seq, bytes }: StoredEntry,
): Promise<number | undefined> {
  const text = splitSigned(bytes);
  const decoded = text === undefined ? undefined : decodeEntry(text.line);
  if (text === undefined || decoded === undefined || decoded.form === "malformed") return undefined;
  const numbers = (decoded.form === "known" ? decoded.entry : decoded.frame).void;
  const first = firstVoid(numbers);
  if (first === undefined || first >= seq || countOfVoid(numbers) < leastRecorded) return undefined;
  return (await signerAmong(cryptography, text, signers)) === undefined ? undefined : first;
}
