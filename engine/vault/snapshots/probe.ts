/**
 * Probes that referenced objects are still there with the right size, before anything is committed on top of them
 *. Content is not read: that is VerifyBackup's work.
 */
import { forEachConcurrent } from "../../foundation/concurrency.ts";
import { hasCode } from "../../foundation/errors.ts";
import { readState } from "../objects/index-file.ts";
import { dataName, pathOfDataName } from "../format/layout.ts";
import type { Log } from "../log/log.ts";
import { entriesOf } from "../format/logged-entry.ts";
import { refsOfLine, refsOfState } from "./reachable.ts";
import type { SizedObject } from "./reaches.ts";
import type { VaultAccess } from "../objects/sealed-objects.ts";
import type { IndexLine } from "../format/state.ts";
import type { StoredAccess } from "../objects/stored-objects.ts";
import { streamOf } from "../format/stream-ids.ts";
import { isStoredDamage } from "../format/stored-damage.ts";

/**
 * Objects are looked for by the thousand of their number in their run: one short listing where many of a thousand are
 * wanted, else one by one. So it costs what is wanted, not what the vault holds, and no answer takes much memory.
 */
const thousand = 3;
const singleLookups = 160;
const lookupsAtATime = 16;

/** The references without an object of their size, each once. Throws when the storage cannot say. */
export async function missingObjects(
  access: StoredAccess,
  refs: Iterable<SizedObject>,
): Promise<readonly SizedObject[]> {
  const groups = [...byThousand(access, refs)];
  const few = groups.filter(([, wanted]) => wanted.size <= singleLookups);
  const many = groups.filter(([, wanted]) => wanted.size > singleLookups);
  const singles = few.flatMap(([, wanted]) => [...wanted].map(([key, ref]) => ({ wanted, key, ref })));
  await forEachConcurrent(singles, lookupsAtATime, async ({ wanted, key, ref }) => {
    const info = await access.store.info(dataName(access.vault, ref.o));
    if (info?.length === ref.n) wanted.delete(key);
  });
  for (const [prefix, wanted] of many) await removeListed(access, prefix, wanted);
  return groups.flatMap(([, wanted]) => [...wanted.values()]);
}

/** Wanted objects, each once, by path and length. */
type Wanted = Map<string, SizedObject>;

/** By what their full names begin with: `…/data/<run>/<shard>-<first digits of the number>`. */
function byThousand({ vault }: StoredAccess, refs: Iterable<SizedObject>): ReadonlyMap<string, Wanted> {
  const groups = new Map<string, Wanted>();
  for (const ref of refs) {
    const name = dataName(vault, ref.o);
    const prefix = name.slice(0, name.indexOf(".") - thousand);
    const wanted: Wanted = groups.get(prefix) ?? new Map<string, SizedObject>();
    groups.set(prefix, wanted);
    wanted.set(keyOf(ref.o, ref.n), ref);
  }
  return groups;
}

async function removeListed({ store, vault }: StoredAccess, prefix: string, wanted: Wanted): Promise<void> {
  const found: string[] = [];
  for await (const { name, length } of store.list(prefix)) {
    const key = keyOf(pathOfDataName(vault, name) ?? "", length);
    if (wanted.has(key)) found.push(key);
  }
  for (const key of found) wanted.delete(key); // only now: a listing that did not end well proves nothing
}

function keyOf(path: string, length: number): string {
  return `${path} ${length}`;
}

/** One part of several, counted from 0. */
export interface ProbePart {
  readonly index: number;
  readonly of: number;
}

/** A seventh of the streams per snapshot, so that seven backups have looked at everything. */
export function nextProbePart(log: Pick<Log, "entries">): ProbePart {
  return { index: entriesOf(log, "snapshot").length % 7, of: 7 };
}

/**
 * Streams (without `/files`) of the part whose stored objects are not all there, with what is missing: their next
 * backup must be a new base. Reads the states of the part.
 */
export async function brokenStreams(
  access: VaultAccess,
  index: Iterable<IndexLine>,
  part: ProbePart,
): Promise<ReadonlyMap<string, readonly SizedObject[]>> {
  const users = new Map<string, string>();
  const wanted: SizedObject[] = [];
  const lines = [...index].filter((line) => partOf(streamOf(line.s), part.of) === part.index);
  await forEachConcurrent(lines, lookupsAtATime, async (line) => {
    for (const { o, n } of await unproven(access, line)) {
      users.set(o, streamOf(line.s));
      wanted.push({ o, n });
    }
  });
  const broken = new Map<string, SizedObject[]>();
  for (const ref of await missingObjects(access, wanted)) {
    const stream = users.get(ref.o) ?? "";
    broken.set(stream, [...(broken.get(stream) ?? []), ref]);
  }
  return broken;
}

/** What a line reaches, but for the state: that it could be read has proved it. */
async function unproven(access: VaultAccess, line: IndexLine): Promise<readonly SizedObject[]> {
  if (line.state === undefined) return refsOfLine(line);
  try {
    return [...(line.items ?? []), ...refsOfState(await readState(access, line.state))];
  } catch (error) {
    if (hasCode(error, "OBJECT_MISSING")) return refsOfLine(line);
    // No object has that size: what cannot be read counts as missing.
    if (isStoredDamage(error)) return [{ o: line.state.o, n: -1 }];
    throw error;
  }
}

function partOf(stream: string, parts: number): number {
  let hash = 0;
  for (let index = 0; index < stream.length; index += 1) hash = (hash * 31 + stream.charCodeAt(index)) >>> 0;
  return hash % parts;
}
