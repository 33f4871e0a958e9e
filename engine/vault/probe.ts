/**
 * Probes that referenced objects are still there with the right size, before anything is built on them
 * (design.md §6.10). Content is not read: that is VerifyBackup's work.
 */
import { forEachConcurrent } from "../foundation/concurrency.ts";
import { dataName, dataPrefix, pathOfDataName } from "./layout.ts";
import type { Log } from "./log.ts";
import { entriesOf } from "./log.ts";
import { streamOf } from "./merge-index.ts";
import type { Index } from "./merge-index.ts";
import { reachedBy } from "./reachable.ts";
import type { Ref } from "./ref.ts";
import type { VaultAccess } from "./sealed-objects.ts";
import type { StoredAccess } from "./stored-objects.ts";

/** Up to so many objects are asked for one by one; for more, one listing is cheaper. */
const singleLookups = 64;
const lookupsAtATime = 16;

/** The references without an object of their size, each once. Throws when the storage cannot say. */
export async function missingObjects(access: StoredAccess, refs: Iterable<Ref>): Promise<readonly Ref[]> {
  const wanted = new Map<string, Ref>();
  for (const ref of refs) wanted.set(`${ref.o} ${ref.n}`, ref);
  if (wanted.size <= singleLookups) await removePresent(access, wanted);
  else await removeListed(access, wanted);
  return [...wanted.values()];
}

async function removePresent({ store, vault }: StoredAccess, wanted: Map<string, Ref>): Promise<void> {
  await forEachConcurrent([...wanted], lookupsAtATime, async ([key, ref]) => {
    const info = await store.info(dataName(vault, ref.o));
    if (info?.length === ref.n) wanted.delete(key);
  });
}

async function removeListed({ store, vault }: StoredAccess, wanted: Map<string, Ref>): Promise<void> {
  const found: string[] = [];
  for await (const { name, length } of store.list(dataPrefix(vault))) {
    const path = pathOfDataName(vault, name);
    if (path !== undefined && wanted.has(`${path} ${length}`)) found.push(`${path} ${length}`);
  }
  for (const key of found) wanted.delete(key); // only now: a listing that did not end well proves nothing
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
  index: Index,
  part: ProbePart,
): Promise<ReadonlyMap<string, readonly Ref[]>> {
  const users = new Map<string, string>();
  const broken = new Map<string, Ref[]>();
  const refs: Ref[] = [];
  const lines = [...index.values()].filter((line) => partOf(streamOf(line.s), part.of) === part.index);
  await forEachConcurrent(lines, lookupsAtATime, async (line) => {
    for (const ref of await reachedBy(access, line)) {
      users.set(ref.o, streamOf(line.s));
      refs.push(ref);
    }
  });
  for (const ref of await missingObjects(access, refs)) {
    const stream = users.get(ref.o) ?? "";
    broken.set(stream, [...(broken.get(stream) ?? []), ref]);
  }
  return broken;
}

function partOf(stream: string, parts: number): number {
  let hash = 0;
  for (let index = 0; index < stream.length; index += 1) hash = (hash * 31 + stream.charCodeAt(index)) >>> 0;
  return hash % parts;
}
