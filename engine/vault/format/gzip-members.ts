/**
 * NDJSON as independent gzip members. Each member says how long it is in an extra field (RFC 1952 §2.3.1.1,
 * subfield `PB`: 32-bit little-endian length of the whole member), so that a reader can cut the stream into
 * members without decompressing; `gunzip` reads the whole as one text all the same.
 */
import { concat, fromUtf8, utf8 } from "../../foundation/bytes.ts";
import { mapConcurrent } from "../../foundation/concurrency.ts";
import { BackupError } from "../../foundation/errors.ts";
import type { Cryptography } from "../../crypto/cryptography.ts";

/** Plaintext of a member: full after the line that reaches this many bytes. */
export const memberBytes = 256 * 1024;
/** The longest line a reader accepts. */
export const maxLineBytes = 64 * 1024 * 1024;
/** The most plaintext one member can hold by these rules. */
export const maxMemberPlaintext = memberBytes + maxLineBytes;

const baseHeaderBytes = 10;
/** XLEN, then one subfield: two letters, its length, four bytes. */
const extraBytes = 10;
const headerBytes = baseHeaderBytes + extraBytes;
const maxMemberBytes = maxMemberPlaintext + 1024 * 1024;
const compressionsAtOnce = 2;

/** A line (without its line feed) and what the member's table entry needs to know of it. */
export interface KeyedLine<Key> {
  readonly key: Key;
  readonly line: string;
}

export interface Member<Key> {
  readonly firstKey: Key;
  readonly bytes: Uint8Array;
}

/** What stands in an object without lines: `gunzip` wants at least one member. */
export async function emptyMember(cryptography: Cryptography): Promise<Uint8Array> {
  return withLength(await cryptography.gzip(new Uint8Array()));
}

/** Packs lines into members; none for no lines. Throws LINE_TOO_LONG naming the key. */
export async function* membersOf<Key>(
  cryptography: Cryptography,
  lines: AsyncIterable<KeyedLine<Key>>,
): AsyncGenerator<Member<Key>> {
  yield* mapConcurrent(plainMembers(lines), compressionsAtOnce, async ({ firstKey, bytes }) => ({
    firstKey,
    bytes: withLength(await cryptography.gzip(bytes)),
  }));
}

/** The bytes of an object of lines; one empty member when there are none. */
export async function* compressedLines<Key>(
  cryptography: Cryptography,
  lines: AsyncIterable<KeyedLine<Key>>,
): AsyncGenerator<Uint8Array> {
  let isEmpty = true;
  for await (const { bytes } of membersOf(cryptography, lines)) {
    isEmpty = false;
    yield bytes;
  }
  if (isEmpty) yield await emptyMember(cryptography);
}

/** Cuts a stream into its members. Throws MEMBER_FORM. */
export async function* splitMembers(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  for await (const chunk of chunks) {
    held.push(chunk);
    heldBytes += chunk.length;
    for (;;) {
      if (heldBytes < headerBytes) break;
      held = firstHas(held, headerBytes) ? held : [concat(held)];
      const length = lengthOf(held[0] ?? new Uint8Array());
      if (heldBytes < length) break;
      const whole = concat(held);
      yield whole.subarray(0, length);
      held = [whole.subarray(length)];
      heldBytes -= length;
    }
  }
  if (heldBytes > 0) throw memberForm("it ends inside a gzip member");
}

/** Lines of one member, without their line feeds. Throws SEALED_DAMAGED and MEMBER_FORM. */
export async function linesOf(cryptography: Cryptography, member: Uint8Array): Promise<readonly string[]> {
  const text = textOf(await cryptography.gunzip(member, maxMemberPlaintext));
  if (text === "") return [];
  if (!text.endsWith("\n")) throw memberForm("a gzip member does not end with a line");
  return text.slice(0, -1).split("\n");
}

function textOf(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes);
  } catch {
    throw memberForm("a gzip member is not UTF-8");
  }
}

/** All lines of a stream of members, one member in memory at a time. */
export async function* readLines(
  cryptography: Cryptography,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<string> {
  for await (const member of splitMembers(chunks)) yield* await linesOf(cryptography, member);
}

async function* plainMembers<Key>(lines: AsyncIterable<KeyedLine<Key>>): AsyncGenerator<Member<Key>> {
  let parts: Uint8Array[] = [];
  let length = 0;
  let firstKey: Key | undefined;
  for await (const { key, line } of lines) {
    const bytes = utf8(`${line}\n`);
    if (bytes.length > maxLineBytes) throw lineTooLong(key, bytes.length);
    if (parts.length === 0) firstKey = key;
    parts.push(bytes);
    length += bytes.length;
    if (length < memberBytes) continue;
    yield { firstKey: firstKey ?? key, bytes: concat(parts) };
    parts = [];
    length = 0;
  }
  if (parts.length > 0 && firstKey !== undefined) yield { firstKey, bytes: concat(parts) };
}

function lineTooLong(key: unknown, bytes: number): BackupError {
  return new BackupError({
    code: "LINE_TOO_LONG",
    message: `The record ${String(key)} has ${bytes} bytes; the format allows ${maxLineBytes}`,
    hint: "Make the item smaller at its source (fewer or shorter revisions), or exclude it.",
  });
}

/** Puts the length field into a member that has no optional header fields yet. */
function withLength(member: Uint8Array): Uint8Array {
  if (member[3] !== 0) throw new Error("a gzip member with optional fields cannot take a length");
  const bytes = new Uint8Array(member.length + extraBytes);
  bytes.set(member.subarray(0, baseHeaderBytes));
  bytes[3] = 4; // FEXTRA
  const view = new DataView(bytes.buffer);
  view.setUint16(10, extraBytes - 2, true);
  bytes[12] = 0x50; // P
  bytes[13] = 0x42; // B
  view.setUint16(14, 4, true);
  view.setUint32(16, bytes.length, true);
  bytes.set(member.subarray(baseHeaderBytes), headerBytes);
  return bytes;
}

function lengthOf(start: Uint8Array): number {
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  const isOurs =
    view.getUint32(0, false) === 0x1f8b0804 &&
    view.getUint16(10, true) === extraBytes - 2 &&
    view.getUint16(12, false) === 0x5042 &&
    view.getUint16(14, true) === 4;
  if (!isOurs) throw memberForm("a gzip member has no length field");
  const length = view.getUint32(16, true);
  if (length <= headerBytes || length > maxMemberBytes) throw memberForm(`a gzip member claims ${length} bytes`);
  return length;
}

function firstHas(parts: readonly Uint8Array[], bytes: number): boolean {
  return (parts[0]?.length ?? 0) >= bytes;
}

function memberForm(what: string): BackupError {
  return new BackupError({
    code: "MEMBER_FORM",
    message: `Compressed lines are not in the vault's form: ${what}`,
    hint: "Update the extension; if it is up to date, the object does not come from it.",
  });
}
