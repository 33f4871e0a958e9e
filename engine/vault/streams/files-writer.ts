/**
 * Writes the companion stream `<stream>/files` (docs/format.md 3.7): small files into tar segments, larger ones into
 * objects of their own, and a table of contents that finds each again.
 *
 * A small file is read to its end before it joins the tar, a larger one is an object that comes to be only when its
 * source has ended well; so a source that fails harms nothing but its own file.
 */
import { concat, toHex } from "../../foundation/bytes.ts";
import { BackupError } from "../../foundation/errors.ts";
import { fileTableLine, maxTarFileBytes, mergedTable, readTableEntries } from "./file-table.ts";
import type { FileTableEntry } from "./file-table.ts";
import { pushStream } from "../objects/push-stream.ts";
import { writeRecords } from "./record-segments.ts";
import type { Ref, Segment } from "../format/ref.ts";
import type { SealedWriter, VaultAccess } from "../objects/sealed-objects.ts";
import type { FilesState } from "../format/state.ts";
import { readStart } from "../objects/stream-start.ts";
import type { FileContent, FilesWriter } from "./stream-writer.ts";
import { isTarName, tarEnd, tarEntry, tarHeaderBytes } from "../format/tar.ts";

/** A tar segment is closed once it holds this much. */
const tarSegmentBytes = 64 * 1024 * 1024;
const maxTableDeltas = 8;

export interface FilesWriterFacts {
  /** `<stream>/files`. */
  readonly stream: string;
  readonly sealed: SealedWriter;
  /** Opens the catalogue, for the earlier table of contents. */
  readonly access: VaultAccess;
  /** The state to go on from; undefined starts anew. */
  readonly previous: FilesState | undefined;
  /** Longer files get objects of their own; at most, and by default, what a tar entry may hold. */
  readonly tarFileBytes?: number;
}

/** A stored object of this run; its place in the chain is known only at the end. */
interface Place {
  ref: Ref | undefined;
}

interface NewFile {
  readonly id: string;
  readonly place: Place;
  readonly offset: number;
  readonly length: number;
  readonly sha256: string;
}

/** Reads the earlier table of contents once, to know which files are there. */
export async function filesWriter(facts: FilesWriterFacts): Promise<FilesWriter> {
  const { sealed, access, previous } = facts;
  const tarFileBytes = Math.min(facts.tarFileBytes ?? maxTarFileBytes, maxTarFileBytes);
  const known = new Set<string>();
  if (previous !== undefined) for await (const { id } of readTableEntries(access, previous)) known.add(id);
  const places: Place[] = [];
  const files: NewFile[] = [];
  const tars = tarWriter(sealed, places);

  async function addSmall(file: FileContent, content: Uint8Array): Promise<void> {
    const sha256 = checkedContent(sealed, file).whole(content);
    files.push({ id: file.id, length: content.length, sha256, ...(await tars.add(file.id, content)) });
  }

  async function addLarge(file: FileContent, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const checked = checkedContent(sealed, file);
    const place: Place = { ref: undefined };
    place.ref = await sealed.write("bin.age", "content", checked.stream(chunks));
    places.push(place);
    files.push({ id: file.id, place, offset: 0, ...checked.facts() });
  }

  return {
    has: (id) => known.has(id),
    get added() {
      return files.length;
    },
    async add(file) {
      if (!isTarName(file.id)) throw fileId(file.id);
      if (known.has(file.id)) return;
      known.add(file.id);
      try {
        const start = await readStart(file.chunks, tarFileBytes);
        if (start.ended) await addSmall(file, concat(start.parts));
        else await addLarge(file, start.whole);
      } catch (error) {
        known.delete(file.id);
        throw error;
      }
    },
    async finish({ asOf, missing = [], shownBy }) {
      await tars.close();
      if (files.length === 0 && missing.length === 0 && previous === undefined) return undefined;
      const chain = extendedChain(previous?.chain ?? [], places);
      const toc = await extendedTable(facts, chain, files);
      const count = (previous?.count ?? 0) + files.length;
      return {
        s: facts.stream,
        kind: "files",
        asOf,
        count,
        chain,
        toc,
        ...(missing.length > 0 ? { missing } : {}),
        ...(shownBy === undefined ? {} : { shownBy }),
      };
    },
  };
}

function extendedChain(before: readonly Segment[], places: readonly Place[]): readonly Segment[] {
  const chain = [...before];
  for (const { ref } of places) {
    if (ref === undefined) throw new Error("a segment of files was not written");
    const from = chain.at(-1)?.to ?? null;
    chain.push({ ...ref, k: from === null ? "base" : "delta", from, to: ref.h });
  }
  return chain;
}

/** Adds the new files as a delta, or writes the whole table anew when the deltas have grown too many. */
async function extendedTable(
  { sealed, access, previous }: FilesWriterFacts,
  chain: readonly Segment[],
  files: readonly NewFile[],
): Promise<readonly Segment[]> {
  const before = previous?.toc ?? [];
  const to = chain.at(-1)?.to;
  if (files.length === 0 || to === undefined) return before;
  const segmentOf = new Map(chain.map(({ o }, index) => [o, index]));
  const entries = files
    .map(({ place, ...file }) => ({ ...file, segment: segmentOf.get(place.ref?.o ?? "") ?? -1 }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  const isDelta = previous !== undefined && before.length > 0 && !hasGrown(before);
  const content = isDelta
    ? { from: before.at(-1)?.to ?? null, records: tableLines(entries) }
    : { from: null, records: mergedTable(access, previous, entries) };
  const segment = await writeRecords(sealed, { ...content, to, audience: "catalogue" });
  return isDelta ? [...before, segment] : [segment];
}

function hasGrown(table: readonly Segment[]): boolean {
  const [base, ...deltas] = table;
  const deltaBytes = deltas.reduce((sum, { n }) => sum + n, 0);
  return deltas.length >= maxTableDeltas || deltaBytes > 0.5 * (base?.n ?? 0);
}

async function* tableLines(
  entries: readonly FileTableEntry[],
): AsyncGenerator<{ readonly key: string; readonly json: string }> {
  for (const entry of entries) yield { key: entry.id, json: fileTableLine(entry) };
}

interface TarWriter {
  add(id: string, content: Uint8Array): Promise<{ readonly place: Place; readonly offset: number }>;
  close(): Promise<void>;
}

/** Tar segments one after another; a segment is open only while it is being filled. */
function tarWriter(sealed: SealedWriter, places: Place[]): TarWriter {
  let open: OpenTar | undefined;
  let turn: Promise<unknown> = Promise.resolve();
  let failure: { readonly error: unknown } | undefined;

  /**
   * Entries join one at a time, however many files are read at once. A segment that could not be stored fails all
   * that follows: earlier files were in it.
   */
  async function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const before = turn;
    let done = (): void => undefined;
    turn = new Promise<void>((resolve) => (done = resolve));
    await before;
    try {
      if (failure !== undefined) throw failure.error;
      return await work();
    } catch (error) {
      failure = { error };
      throw error;
    } finally {
      done();
    }
  }

  async function closeOpen(): Promise<void> {
    const closing = open;
    open = undefined;
    await closing?.close();
  }

  return {
    add: (id, content) =>
      inTurn(async () => {
        open ??= openTar(sealed, places);
        const { place } = open;
        const offset = await open.append(id, content);
        if (offset + content.length >= tarSegmentBytes) await closeOpen();
        return { place, offset };
      }),
    close: () => inTurn(closeOpen),
  };
}

interface OpenTar {
  readonly place: Place;
  append(id: string, content: Uint8Array): Promise<number>;
  close(): Promise<void>;
}

function openTar(sealed: SealedWriter, places: Place[]): OpenTar {
  const stream = pushStream();
  const place: Place = { ref: undefined };
  places.push(place);
  const writing = sealed.write("tar.age", "content", stream.chunks);
  writing.catch((error: unknown) => stream.fail(asError(error))); // pushers hear of it; `close` throws it
  let length = 0;
  return {
    place,
    async append(id, content) {
      const offset = length + tarHeaderBytes;
      const entry = tarEntry(id, content);
      length += entry.length;
      await stream.push(entry);
      return offset;
    },
    async close() {
      stream.end(tarEnd());
      place.ref = await writing;
    },
  };
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

interface CheckedContent {
  /** SHA-256 of content that is there in full. */
  whole(content: Uint8Array): string;
  stream(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
  /** Of the stream, once it has ended. */
  facts(): { readonly length: number; readonly sha256: string };
}

/** Compares content with what the source announced; throws FILE_DIFFERS at its end. */
function checkedContent(sealed: SealedWriter, file: FileContent): CheckedContent {
  const digest = sealed.cryptography.newSha256();
  let length = 0;
  let sha256 = "";

  function end(): void {
    sha256 = toHex(digest.digest());
    const isAsAnnounced = (file.length ?? length) === length && (file.sha256 ?? sha256) === sha256;
    if (!isAsAnnounced) throw fileDiffers(file, length);
  }

  return {
    whole(content) {
      digest.update(content);
      length = content.length;
      end();
      return sha256;
    },
    async *stream(chunks) {
      for await (const chunk of chunks) {
        digest.update(chunk);
        length += chunk.length;
        yield chunk;
      }
      end();
    },
    facts: () => ({ length, sha256 }),
  };
}

function fileDiffers(file: FileContent, length: number): BackupError {
  const announced = file.length === undefined ? "another hash" : `${file.length} bytes`;
  return new BackupError({
    code: "FILE_DIFFERS",
    message: `File ${file.id} came with ${length} bytes where its source had announced ${announced === `${length} bytes` ? "another hash" : announced}`,
    hint: "Run the backup again; if it stays so, the file is damaged at its source.",
  });
}

function fileId(id: string): BackupError {
  return new BackupError({
    code: "FILE_ID",
    message: `${JSON.stringify(id.slice(0, 120))} cannot name a file in the vault: only lower-case hex and hyphens can`,
    hint: "This is a fault of the program: report it with this line.",
  });
}
