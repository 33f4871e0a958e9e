/**
 * Segments of records: NDJSON sorted by key in independent gzip members, with a frame table
 * `[first key, offset, length]` in the state (docs/format.md 3.6). A chain is a base and deltas; for each key the
 * newest segment that names it wins, and a deletion there means that there is no such record.
 */
import { BackupError } from "../../foundation/errors.ts";
import type { JsonObject } from "../../foundation/json.ts";
import { memoizedRecent } from "../../foundation/memoized.ts";
import { emptyMember, linesOf, membersOf } from "../format/gzip-members.ts";
import type { KeyedLine } from "../format/gzip-members.ts";
import { compareKeys, deletionLine, isLineOf, keyOfLine, putLine, recordOfLine } from "../format/record-keys.ts";
import type { RecordKey } from "../format/record-keys.ts";
import type { Frame, Segment } from "../format/ref.ts";
import { rangedObject, readObjectLines } from "../objects/sealed-objects.ts";
import type { Audience, RangedObject, SealedWriter, VaultAccess } from "../objects/sealed-objects.ts";
import { objectDamaged, rethrownAsDamage } from "../objects/stored-objects.ts";
import type { StoredRecord } from "./stream-reader.ts";
import type { RecordLine, SegmentLink } from "./stream-writer.ts";

export interface RecordSegmentContent extends SegmentLink {
  readonly audience: Audience;
  readonly records: AsyncIterable<RecordLine>;
}

/**
 * Writes one segment, streamed. Throws RECORD_ORDER for keys out of order or twice, RECORD_FORM for what is
 * not one JSON object on one line.
 */
export async function writeRecords(sealed: SealedWriter, content: RecordSegmentContent): Promise<Segment> {
  const { from, to, audience, records } = content;
  const frames: Frame[] = [];
  const counts = { puts: 0, dels: 0 };
  async function* plaintext(): AsyncGenerator<Uint8Array> {
    let offset = 0;
    for await (const { firstKey, bytes } of membersOf(sealed.cryptography, checkedLines(records, counts))) {
      frames.push([firstKey, offset, bytes.length]);
      offset += bytes.length;
      yield bytes;
    }
    if (offset === 0) yield await emptyMember(sealed.cryptography);
  }
  const ref = await sealed.write("ndjson.gz.age", audience, plaintext());
  return { ...ref, k: from === null ? "base" : "delta", from, to, ...counts, frames };
}

/** A record as its line stands in the vault; `undefined` stands for a deletion. */
interface StoredLine {
  readonly key: RecordKey;
  readonly line: string | undefined;
}

/**
 * All records of a chain in key order, newest version of each, deleted ones left out. One member per segment is in
 * memory. Each segment is checked in full: the records are right only when the iterator ends without throwing.
 */
export async function* mergedRecords(access: VaultAccess, chain: readonly Segment[]): AsyncGenerator<StoredRecord> {
  for await (const { key, line } of mergedLines(access, chain)) yield { key, value: parsedRecord(line, key) };
}

/** As `mergedRecords`, with the lines unparsed. */
export async function* mergedLines(
  access: VaultAccess,
  chain: readonly Segment[],
): AsyncGenerator<{ readonly key: RecordKey; readonly line: string }> {
  // Newest first, so that of equal keys the first found is the one that counts.
  const cursors = chain.toReversed().map((segment) => cursorOf(segmentLines(access, segment)));
  try {
    await Promise.all(cursors.map((cursor) => cursor.advance()));
    for (;;) {
      const newest = lowest(cursors);
      if (newest === undefined) return;
      for (const cursor of cursors.filter(({ current }) => current?.key === newest.key)) await cursor.advance();
      if (newest.line !== undefined) yield { key: newest.key, line: newest.line };
    }
  } finally {
    await Promise.all(cursors.map((cursor) => cursor.close()));
  }
}

export interface RecordFinder {
  /** The newest version; undefined when the key is absent or deleted. */
  find(key: RecordKey): Promise<JsonObject | undefined>;
}

/** Whoever asks for one record mostly asks for its neighbours next, often those of 800 steps. */
const keptMembers = 24;

/** Stored length of members that are kept, which have some 256 KiB of text. Larger ones hold a single large record. */
const keptMemberBytes = 288 * 1024;

/** Finds single records by ranged reads: of each segment that could hold the key one member is read. */
export function recordFinder(access: VaultAccess, chain: readonly Segment[]): RecordFinder {
  const objects = new Map<string, RangedObject>();
  const recent = memoizedRecent<readonly string[]>(keptMembers);

  function objectOf(segment: Segment): RangedObject {
    const object = objects.get(segment.o) ?? rangedObject(access, segment);
    objects.set(segment.o, object);
    return object;
  }

  async function findIn(segment: Segment, key: RecordKey): Promise<string | undefined> {
    const frame = frameOf(segment.frames ?? [], key);
    if (frame === undefined) return undefined;
    const read = (): Promise<readonly string[]> => linesIn(segment, frame);
    const lines = await (frame[2] > keptMemberBytes ? read() : recent(`${segment.o} ${frame[1]}`, read));
    return lines.find((line) => isLineOf(line, key));
  }

  async function linesIn(segment: Segment, [, offset, length]: Frame): Promise<readonly string[]> {
    const member = await objectOf(segment).read(offset, length);
    return linesOf(access.cryptography, member).catch(rethrownAsDamage(access, segment));
  }

  return {
    async find(key) {
      for (const segment of chain.toReversed()) {
        const line = await findIn(segment, key);
        if (line !== undefined) return line === deletionLine(key) ? undefined : parsedRecord(line, key);
      }
      return undefined;
    },
  };
}

async function* checkedLines(
  records: AsyncIterable<RecordLine>,
  counts: { puts: number; dels: number },
): AsyncGenerator<KeyedLine<RecordKey>> {
  let before: RecordKey | undefined;
  for await (const record of records) {
    const { key } = record;
    if (before !== undefined && !(compareKeys(before, key) < 0)) throw recordOrder(before, key);
    before = key;
    if ("json" in record) {
      if (!record.json.startsWith("{") || record.json.includes("\n")) throw recordForm(key);
      counts.puts += 1;
      yield { key, line: putLine(key, record.json) };
    } else {
      counts.dels += 1;
      yield { key, line: deletionLine(key) };
    }
  }
}

/** The lines of one segment; throws OBJECT_DAMAGED when they are not as many or not ordered as its facts say. */
async function* segmentLines(access: VaultAccess, segment: Segment): AsyncGenerator<StoredLine> {
  let before: RecordKey | undefined;
  let puts = 0;
  let dels = 0;
  for await (const line of readObjectLines(access, segment)) {
    const found = keyOfLine(line);
    if (found === undefined) throw objectDamaged(access, segment);
    if (before !== undefined && !(compareKeys(before, found.key) < 0)) throw objectDamaged(access, segment);
    before = found.key;
    if (found.deleted) dels += 1;
    else puts += 1;
    yield { key: found.key, line: found.deleted ? undefined : line };
  }
  if (puts !== (segment.puts ?? puts) || dels !== (segment.dels ?? dels)) throw objectDamaged(access, segment);
}

interface Cursor {
  /** Undefined at the end. */
  readonly current: StoredLine | undefined;
  advance(): Promise<void>;
  close(): Promise<void>;
}

function cursorOf(lines: AsyncGenerator<StoredLine>): Cursor {
  let current: StoredLine | undefined;
  return {
    get current() {
      return current;
    },
    async advance() {
      const next = await lines.next();
      current = next.done === true ? undefined : next.value;
    },
    async close() {
      await lines.return(undefined);
    },
  };
}

/** Of equal keys the first cursor's. */
function lowest(cursors: readonly Cursor[]): StoredLine | undefined {
  let found: StoredLine | undefined;
  for (const { current } of cursors) {
    if (current !== undefined && (found === undefined || compareKeys(current.key, found.key) < 0)) found = current;
  }
  return found;
}

/** The last frame whose first key is not after `key`. */
function frameOf(frames: readonly Frame[], key: RecordKey): Frame | undefined {
  let low = 0;
  let high = frames.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const frame = frames[middle];
    if (frame !== undefined && compareKeys(frame[0], key) <= 0) low = middle + 1;
    else high = middle;
  }
  return frames[low - 1];
}

function parsedRecord(line: string, key: RecordKey): JsonObject {
  const value = recordOfLine(line);
  if (value === undefined) throw recordForm(key);
  return value;
}

function recordOrder(before: RecordKey, key: RecordKey): BackupError {
  return new BackupError({
    code: "RECORD_ORDER",
    message: `Record ${JSON.stringify(key)} comes after ${JSON.stringify(before)}, but keys must ascend`,
    hint: "This is a fault of the program: report it with this line.",
  });
}

function recordForm(key: RecordKey): BackupError {
  return new BackupError({
    code: "RECORD_FORM",
    message: `The line of record ${JSON.stringify(key)} is not one JSON object on one line`,
    hint: "This is a fault of the program: report it with this line.",
  });
}
