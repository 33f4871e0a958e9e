/**
 * LFS objects of a repository: what its pointers name is read and stored. A pointer is a text that anybody with push
 * rights writes, so a wrong one is a finding about one object, never a reason to miss the repository.
 */
import { hasCode } from "../../../foundation/errors.ts";
import { counted, inert } from "../../../foundation/text.ts";
import type { GitAccess, GitRemote, LfsPointer } from "../../../git/git-access.ts";
import type { FilesState } from "../../../vault/format/state.ts";
import type { FilesWriter } from "../../../vault/streams/stream-writer.ts";
import type { BackupWork, Finding, SourceStream } from "../../kind.ts";

/** What could not be had now, and is asked for again in every run. */
export interface LostPointer extends LfsPointer {
  /** What came instead, or why nothing was asked for; absent where the server says that it has no such object. */
  readonly found?: string;
}

export interface LfsWork {
  readonly remote: GitRemote;
  readonly stream: SourceStream;
  readonly pointers: readonly LfsPointer[];
  readonly files: FilesWriter;
  readonly work: BackupWork;
}

/** Stores what the pointers name, and what was lost before; returns what is lost now. */
export async function storeLfs({ remote, stream, pointers, files, work }: LfsWork): Promise<readonly LostPointer[]> {
  const { git, reporter } = work.source;
  let lost: readonly LostPointer[] = [...pointers, ...lostPointers(await work.previous.files())];
  const asked = new Map<string, LostPointer>();
  // Content that was wrong once may have been damaged on its way.
  for (let attempt = 0; attempt < 2; attempt += 1) {
    for (const round of roundsOf(lost)) {
      const wanted = round.filter(({ oid }) => !files.has(oid));
      for (const one of await storeRound(git, remote, { wanted, files })) asked.set(entryOf(one), one);
    }
    lost = [...asked.values()].filter(({ oid }) => !files.has(oid));
    if (lost.every(({ found }) => found === undefined)) break;
  }
  if (lost.length > 0)
    reporter.info(
      `Repository ${inert(stream.name)}: the server does not deliver ${counted(lost.length, "LFS object")}`,
    );
  return lost;
}

async function storeRound(
  git: GitAccess,
  remote: GitRemote,
  { wanted, files }: { readonly wanted: readonly LfsPointer[]; readonly files: FilesWriter },
): Promise<readonly LostPointer[]> {
  const lost: LostPointer[] = [];
  if (wanted.length === 0) return lost;
  for await (const { oid, size, chunks, refused } of git.downloadLfs(remote, wanted)) {
    const found = chunks === undefined ? refused : await stored(files, { oid, size, chunks });
    if (chunks === undefined || found !== undefined)
      lost.push({ oid, size, ...(found === undefined ? {} : { found }) });
  }
  return lost;
}

/** Undefined once it is stored; otherwise what came instead. */
function stored(
  files: FilesWriter,
  { oid, size, chunks }: LfsPointer & { readonly chunks: AsyncIterable<Uint8Array> },
): Promise<string | undefined> {
  return contentOf(async () => files.add({ id: oid, length: size, sha256: oid, chunks }));
}

async function contentOf(use: () => Promise<void>): Promise<string | undefined> {
  try {
    await use();
    return undefined;
  } catch (error) {
    if (!hasCode(error, "GIT_LFS_CONTENT")) throw error;
    return String(error.context.found);
  }
}

/** Each object once in a round: several pointers may name it with different sizes, and one of them is right. */
function roundsOf(pointers: readonly LfsPointer[]): readonly (readonly LfsPointer[])[] {
  const rounds: Map<string, LfsPointer>[] = [];
  const seen = new Set<string>();
  for (const pointer of pointers) {
    if (seen.has(entryOf(pointer))) continue;
    seen.add(entryOf(pointer));
    const round = rounds.find((one) => !one.has(pointer.oid));
    if (round === undefined) rounds.push(new Map([[pointer.oid, pointer]]));
    else round.set(pointer.oid, pointer);
  }
  return rounds.map((round) => [...round.values()]);
}

/** What is lost of these; undefined once one of them can be had, so that it is worth storing. */
export async function stillLost(
  git: GitAccess,
  remote: GitRemote,
  pointers: readonly LfsPointer[],
): Promise<readonly LostPointer[] | undefined> {
  const lost: LostPointer[] = [];
  for (const round of roundsOf(pointers)) {
    for await (const { oid, size, chunks, refused } of git.downloadLfs(remote, round)) {
      const found = chunks === undefined ? refused : await contentOf(async () => begin(chunks));
      if (chunks !== undefined && found === undefined) return undefined;
      lost.push({ oid, size, ...(found === undefined ? {} : { found }) });
    }
  }
  return lost;
}

/** A wrong size shows at once, before content is read that is read again for storing. */
async function begin(chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const iterator = chunks[Symbol.asyncIterator]();
  await iterator.next();
  await iterator.return?.();
}

export function entryOf({ oid, size }: LfsPointer): string {
  return `${oid}:${size}`;
}

/** What was lost in the last run: it may have been pushed since. */
export function lostPointers(files: FilesState | undefined): readonly LfsPointer[] {
  return (files?.missing ?? []).flatMap((entry) => {
    const [oid, size] = entry.split(":");
    return oid === undefined || size === undefined ? [] : [{ oid, size: Number(size) }];
  });
}

/** A warning the first time; `before`: those of the last run. */
export function lostFindings(
  stream: SourceStream,
  lost: readonly LostPointer[],
  before: readonly LfsPointer[],
): readonly Finding[] {
  const known = new Set(before.map(entryOf));
  return lost.map((one): Finding => {
    const { oid, size, found } = one;
    const pointer = `Repository ${inert(stream.name)} has a pointer to LFS object ${oid} (${size} bytes)`;
    const isMissing = found === undefined;
    return {
      stream: stream.id,
      item: oid,
      code: isMissing ? "LFS_OBJECT_MISSING" : "LFS_OBJECT_UNUSABLE",
      message: isMissing
        ? `${pointer} that the server does not have`
        : `${pointer} whose content cannot be had: ${inert(found, 300)}; correct the pointer, or push the object again`,
      severity: known.has(entryOf(one)) ? "note" : "warning",
    };
  });
}
