/** Reads a `files` stream: one file by its entry in the table of contents, or all, each segment once. */
import { chunksOf, toHex } from "../../foundation/bytes.ts";
import { hasCode } from "../../foundation/errors.ts";
import { sha256Hex } from "../../crypto/cryptography.ts";
import { findTableEntry, isTar, maxTarFileBytes, readTableEntries } from "./file-table.ts";
import type { FileTableEntry } from "./file-table.ts";
import type { Segment } from "../format/ref.ts";
import { openSealed, rangedObject } from "../objects/sealed-objects.ts";
import type { VaultAccess } from "../objects/sealed-objects.ts";
import type { FilesState } from "../format/state.ts";
import { objectDamaged } from "../objects/stored-objects.ts";
import type { StoredFile } from "./stream-reader.ts";
import { readTar } from "../format/tar.ts";
import type { TarEntry } from "../format/tar.ts";

/** Entries of the table kept in memory while their segments are read. */
const entriesAtOnce = 50_000;

/** One file, by ranged reads; undefined when the stream does not hold it. */
export async function findFile(access: VaultAccess, state: FilesState, id: string): Promise<StoredFile | undefined> {
  const entry = await findTableEntry(access, state, id);
  const segment = entry === undefined ? undefined : state.chain[entry.segment];
  if (entry === undefined || segment === undefined) return undefined;
  const chunks = isTar(segment) ? tarRange(access, segment, entry) : wholeObject(access, segment, entry);
  return storedFile(entry, chunks);
}

/**
 * Every file, segment by segment (in a segment: as they stand in it), each segment read once and checked in full.
 * Take a file's content before asking for the next.
 */
export async function* allFiles(access: VaultAccess, state: FilesState): AsyncGenerator<StoredFile> {
  for (const { first, end } of await segmentGroups(access, state)) {
    const entries = await entriesBySegment(access, state, { first, end });
    for (let number = first; number < end; number += 1) {
      const segment = state.chain[number];
      if (segment !== undefined) yield* filesOfSegment(access, segment, entries.get(number) ?? []);
    }
  }
}

interface SegmentGroup {
  readonly first: number;
  readonly end: number;
}

/** Neighbouring segments whose entries together are few enough to be kept. */
async function segmentGroups(access: VaultAccess, state: FilesState): Promise<readonly SegmentGroup[]> {
  const counts = state.chain.map(() => 0);
  for await (const { segment } of readTableEntries(access, state)) counts[segment] = (counts[segment] ?? 0) + 1;
  const groups: SegmentGroup[] = [];
  let first = 0;
  let held = 0;
  for (const [number, count] of counts.entries()) {
    if (held > 0 && held + count > entriesAtOnce) {
      groups.push({ first, end: number });
      first = number;
      held = 0;
    }
    held += count;
  }
  return [...groups, { first, end: counts.length }];
}

async function entriesBySegment(
  access: VaultAccess,
  state: FilesState,
  { first, end }: SegmentGroup,
): Promise<ReadonlyMap<number, readonly FileTableEntry[]>> {
  const found = new Map<number, FileTableEntry[]>();
  for await (const entry of readTableEntries(access, state)) {
    if (entry.segment < first || entry.segment >= end) continue;
    const entries = found.get(entry.segment) ?? [];
    entries.push(entry);
    found.set(entry.segment, entries);
  }
  return found;
}

async function* filesOfSegment(
  access: VaultAccess,
  segment: Segment,
  entries: readonly FileTableEntry[],
): AsyncGenerator<StoredFile> {
  if (isTar(segment)) {
    yield* filesOfTar(access, segment, entries);
    return;
  }
  const [entry, ...others] = entries;
  if (entry === undefined || others.length > 0) throw objectDamaged(access, segment);
  yield storedFile(entry, wholeObject(access, segment, entry));
}

/** The tar and the table must name the same files at the same places. */
async function* filesOfTar(
  access: VaultAccess,
  segment: Segment,
  entries: readonly FileTableEntry[],
): AsyncGenerator<StoredFile> {
  const expected = new Map(entries.map((entry) => [entry.offset, entry]));
  for await (const stored of tarEntries(access, segment)) {
    const entry = expected.get(stored.offset);
    if (entry?.id !== stored.name || entry.length !== stored.length) throw objectDamaged(access, segment);
    expected.delete(stored.offset);
    const isRight = sha256Hex(access.cryptography, stored.content) === entry.sha256;
    yield storedFile(entry, isRight ? chunksOf(stored.content) : failing(objectDamaged(access, segment)));
  }
  if (expected.size > 0) throw objectDamaged(access, segment);
}

async function* tarEntries(access: VaultAccess, segment: Segment): AsyncGenerator<TarEntry> {
  try {
    yield* readTar(openSealed(access, segment), maxTarFileBytes);
  } catch (error) {
    throw hasCode(error, "TAR_FORM") ? objectDamaged(access, segment, error) : error;
  }
}

async function* tarRange(access: VaultAccess, segment: Segment, entry: FileTableEntry): AsyncGenerator<Uint8Array> {
  const { offset, length, sha256 } = entry;
  const content = length === 0 ? new Uint8Array() : await rangedObject(access, segment).read(offset, length);
  if (sha256Hex(access.cryptography, content) !== sha256) throw objectDamaged(access, segment);
  yield content;
}

async function* wholeObject(access: VaultAccess, segment: Segment, entry: FileTableEntry): AsyncGenerator<Uint8Array> {
  const digest = access.cryptography.newSha256();
  for await (const chunk of openSealed(access, segment)) {
    digest.update(chunk);
    yield chunk;
  }
  if (toHex(digest.digest()) !== entry.sha256) throw objectDamaged(access, segment);
}

function storedFile(entry: FileTableEntry, chunks: AsyncIterable<Uint8Array>): StoredFile {
  return { id: entry.id, length: entry.length, sha256: entry.sha256, chunks };
}

// eslint-disable-next-line require-yield -- a stream that only fails
async function* failing(error: Error): AsyncGenerator<Uint8Array> {
  throw error;
}
