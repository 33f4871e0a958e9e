/**
 * The table of contents of a `files` stream: one record per file, sorted by id, sealed for the catalogue.
 * `segment` counts the segments of the chain from 0; `offset` is where the content begins in its plaintext.
 */
import { BackupError } from "../../foundation/errors.ts";
import type { JsonObject } from "../../foundation/json.ts";
import { parseObjectPath } from "../format/layout.ts";
import { mergedRecords, recordFinder } from "./record-segments.ts";
import type { Segment } from "../format/ref.ts";
import { plaintextLength } from "../format/plaintext-length.ts";
import type { VaultAccess } from "../objects/sealed-objects.ts";
import type { FilesState } from "../format/state.ts";
import { isTarName, tarHeaderBytes } from "../format/tar.ts";

/** Files up to this length stand in tar segments, longer ones in objects of their own. */
export const maxTarFileBytes = 4 * 1024 * 1024;

export interface FileTableEntry {
  readonly id: string;
  readonly segment: number;
  readonly offset: number;
  readonly length: number;
  readonly sha256: string;
}

export function fileTableLine({ id, segment, offset, length, sha256 }: FileTableEntry): string {
  return JSON.stringify({ id, segment, offset, length, sha256 });
}

/** Every entry in id order; final when the iterator ended well. Throws STATE_INVALID for an entry that cannot be. */
export async function* readTableEntries(access: VaultAccess, state: FilesState): AsyncGenerator<FileTableEntry> {
  for await (const { value } of mergedRecords(access, state.toc)) yield checkedEntry(state, value);
}

/** The entry of one file, by ranged reads. */
export async function findTableEntry(
  access: VaultAccess,
  state: FilesState,
  id: string,
): Promise<FileTableEntry | undefined> {
  const value = await recordFinder(access, state.toc).find(id);
  return value === undefined ? undefined : checkedEntry(state, value);
}

/** Lines of the earlier table (if any) and of new entries, both sorted and without an id in common, in id order. */
export async function* mergedTable(
  access: VaultAccess,
  previous: FilesState | undefined,
  entries: readonly FileTableEntry[],
): AsyncGenerator<{ readonly key: string; readonly json: string }> {
  let next = 0;
  for await (const before of previous === undefined ? [] : readTableEntries(access, previous)) {
    for (let entry = entries[next]; entry !== undefined && entry.id < before.id; entry = entries[++next]) {
      yield { key: entry.id, json: fileTableLine(entry) };
    }
    yield { key: before.id, json: fileTableLine(before) };
  }
  for (const entry of entries.slice(next)) yield { key: entry.id, json: fileTableLine(entry) };
}

export function isTar(segment: Segment): boolean {
  return parseObjectPath(segment.o)?.extension === "tar.age";
}

function checkedEntry(state: FilesState, value: JsonObject): FileTableEntry {
  const { id, segment: number, offset, length, sha256 } = value;
  const segment = typeof number === "number" ? state.chain[number] : undefined;
  const isGood =
    typeof id === "string" &&
    isTarName(id) &&
    typeof number === "number" &&
    segment !== undefined &&
    typeof sha256 === "string" &&
    /^[0-9a-f]{64}$/.test(sha256) &&
    typeof offset === "number" &&
    typeof length === "number" &&
    fits(segment, offset, length);
  if (!isGood) throw badEntry(state, value);
  return { id, segment: number, offset, length, sha256 };
}

function fits(segment: Segment, offset: number, length: number): boolean {
  if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || length < 0) return false;
  if (!isTar(segment)) return offset === 0 && length === plaintextLength(segment);
  const isAtContent = offset >= tarHeaderBytes && offset % tarHeaderBytes === 0;
  return isAtContent && length <= maxTarFileBytes && offset + length <= plaintextLength(segment);
}

function badEntry(state: FilesState, value: JsonObject): BackupError {
  const id = typeof value.id === "string" ? value.id.slice(0, 120) : null;
  return new BackupError({
    code: "STATE_INVALID",
    message: `The table of contents of ${state.s} cannot be used: its entry for ${JSON.stringify(id)} points outside its segment`,
    hint: "Update the extension; if it is up to date, this was not written by it: use another snapshot.",
  });
}
