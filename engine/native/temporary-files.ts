import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { mkdir, mkdtemp, open, rm } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import path from "node:path";
import { BackupError } from "../foundation/errors.ts";
import { blocksOf } from "./age-payload.ts";

/**
 * Room on the agent's disk for what does not fit into memory. Content never lies there readable: every file is
 * AES-256-GCM under a key that exists only in this process, so whatever a killed run leaves behind is noise.
 */
export interface EncryptedSpool {
  writeBytes(chunks: AsyncIterable<Uint8Array>): Promise<SpoolRun>;
  /** Lines without line feeds and lone surrogates: JSON has neither. */
  writeLines(lines: AsyncIterable<string> | Iterable<string>): Promise<SpoolRun>;
  /** Removes all files; call it in a `finally`. Safe to repeat. */
  dispose(): Promise<void>;
}

/** One written file; may be read several times, also at once. */
export interface SpoolRun {
  readonly bytes: number;
  chunks(): AsyncIterable<Uint8Array>;
  lines(): AsyncIterable<string>;
  /** Frees its room early. */
  remove(): Promise<void>;
}

const chunkBytes = 64 * 1024;
/** A write costs the same for one chunk as for many. */
const chunksPerWrite = 16;
const tagBytes = 16;
const lineFeed = 10;

/**
 * Opens a spool below `folder`, which is made when it does not exist; nothing touches the disk before the first
 * write. Throws TEMPORARY_FOLDER when the folder cannot be written, TEMPORARY_DAMAGED when a file has changed.
 */
export function encryptedSpool(folder: string): EncryptedSpool {
  const key = randomBytes(32);
  let ownFolder: Promise<string> | undefined;
  let runs = 0;

  async function writeBytes(chunks: AsyncIterable<Uint8Array>): Promise<SpoolRun> {
    const number = runs;
    runs += 1;
    ownFolder ??= newFolder(folder);
    const file = path.join(await ownFolder, `${number}.spool`);
    const bytes = await writeFile({ file, key, number }, chunks);
    const readable = (): AsyncIterable<Uint8Array> => readFile({ file, key, number }, bytes);
    return {
      bytes,
      chunks: readable,
      lines: () => linesOf(readable()),
      remove: () => rm(file, { force: true, maxRetries: 3 }),
    };
  }

  return {
    writeBytes,
    writeLines: (lines) => writeBytes(encodeLines(lines)),
    async dispose() {
      const made = await ownFolder?.catch(() => undefined);
      ownFolder = undefined;
      if (made !== undefined) await rm(made, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

interface SpoolFile {
  readonly file: string;
  readonly key: Uint8Array;
  /** Number of the file in its spool: part of every nonce, so that no two chunks share one. */
  readonly number: number;
}

async function newFolder(parent: string): Promise<string> {
  try {
    await mkdir(parent, { recursive: true });
    return await mkdtemp(path.join(parent, "spool-"));
  } catch (error) {
    throw folderFault(parent, error);
  }
}

async function writeFile(target: SpoolFile, chunks: AsyncIterable<Uint8Array>): Promise<number> {
  const handle = await opened(target.file, "wx");
  let total = 0;
  try {
    let chunk = 0;
    let waiting: Uint8Array[] = [];
    for await (const { bytes, last } of blocksOf(chunks, chunkBytes)) {
      waiting.push(sealed(target, chunk, bytes));
      total += bytes.length;
      chunk += 1;
      if (!last && waiting.length < chunksPerWrite) continue;
      await append(handle, target.file, Buffer.concat(waiting));
      waiting = [];
    }
  } finally {
    await handle.close();
  }
  return total;
}

async function* readFile(source: SpoolFile, total: number): AsyncGenerator<Uint8Array> {
  const handle = await opened(source.file, "r");
  try {
    const buffer = Buffer.allocUnsafe(chunkBytes + tagBytes);
    let chunk = 0;
    for (let rest = total; rest > 0; rest -= chunkBytes) {
      const length = Math.min(rest, chunkBytes) + tagBytes;
      const { bytesRead } = await handle.read(buffer, 0, length);
      const bytes = bytesRead === length ? unsealed(source, chunk, buffer.subarray(0, length)) : undefined;
      if (bytes === undefined) throw fileDamaged(source.file);
      yield bytes;
      chunk += 1;
    }
  } finally {
    await handle.close();
  }
}

async function opened(file: string, flags: "wx" | "r"): Promise<FileHandle> {
  try {
    return await open(file, flags, 0o600);
  } catch (error) {
    throw folderFault(path.dirname(file), error);
  }
}

async function append(handle: FileHandle, file: string, bytes: Uint8Array): Promise<void> {
  try {
    await handle.writeFile(bytes); // on a handle: from where the last write ended
  } catch (error) {
    throw folderFault(path.dirname(file), error);
  }
}

function sealed({ key, number }: SpoolFile, chunk: number, bytes: Uint8Array): Uint8Array {
  const cipher = createCipheriv("aes-256-gcm", key, nonceOf(number, chunk));
  const parts = [cipher.update(bytes), cipher.final(), cipher.getAuthTag()];
  return Buffer.concat(parts);
}

function unsealed({ key, number }: SpoolFile, chunk: number, bytes: Uint8Array): Uint8Array | undefined {
  const decipher = createDecipheriv("aes-256-gcm", key, nonceOf(number, chunk), { authTagLength: tagBytes });
  decipher.setAuthTag(bytes.subarray(-tagBytes));
  const opened = decipher.update(bytes.subarray(0, -tagBytes));
  try {
    decipher.final();
    return opened;
  } catch {
    return undefined;
  }
}

function nonceOf(number: number, chunk: number): Uint8Array {
  const nonce = new Uint8Array(12);
  const view = new DataView(nonce.buffer);
  view.setUint32(0, number);
  view.setUint32(8, chunk);
  return nonce;
}

/** Several lines in one piece: a write per line would cost more than the lines. */
async function* encodeLines(lines: AsyncIterable<string> | Iterable<string>): AsyncGenerator<Uint8Array> {
  let pieces: string[] = [];
  let length = 0;
  for await (const line of lines) {
    if (line.includes("\n")) throw new Error("A line for the spool must not contain a line feed");
    pieces.push(line, "\n");
    length += line.length + 1;
    if (length >= chunkBytes) {
      yield Buffer.from(pieces.join(""));
      pieces = [];
      length = 0;
    }
  }
  yield Buffer.from(pieces.join(""));
}

async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let begun: Uint8Array[] = [];
  for await (const bytes of chunks) {
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    let start = 0;
    for (let end = chunk.indexOf(lineFeed); end !== -1; end = chunk.indexOf(lineFeed, start)) {
      yield textOf(begun, chunk, { start, end });
      begun = [];
      start = end + 1;
    }
    if (start < chunk.length) begun.push(chunk.subarray(start));
  }
}

/** Unlike a TextDecoder it keeps a byte order mark, which may be the first character of a line. */
function textOf(
  begun: readonly Uint8Array[],
  chunk: Buffer,
  { start, end }: { readonly start: number; readonly end: number },
): string {
  if (begun.length === 0) return chunk.toString("utf8", start, end);
  return Buffer.concat([...begun, chunk.subarray(start, end)]).toString("utf8");
}

function folderFault(folder: string, cause: unknown): BackupError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown error";
  return new BackupError({
    code: "TEMPORARY_FOLDER",
    message: `The agent's temporary folder ${folder} cannot be used (${code})`,
    hint: "Free disk space on the agent, or let the agent's user write there.",
    cause,
  });
}

function fileDamaged(file: string): BackupError {
  return new BackupError({
    code: "TEMPORARY_DAMAGED",
    message: `The temporary file ${file} is not what was written`,
    hint: "Check the agent's disk and what else uses its temporary folder, then run the task again.",
  });
}
