/**
 * Just as much of ustar (POSIX.1-1988) as the vault needs: regular files whose names are lower-case hex with
 * hyphens. Anything else in an archive is refused.
 */
import { concat, fromUtf8, utf8 } from "../../foundation/bytes.ts";
import { BackupError } from "../../foundation/errors.ts";

const blockBytes = 512;
/** Names a tar entry can have: a GUID or a SHA-256. */
const namePattern = /^[0-9a-f][0-9a-f-]{0,99}$/;
/** Octal digits of the size field hold this much. */
const maxFileBytes = 8 ** 11 - 1;

export interface TarHeader {
  readonly name: string;
  readonly length: number;
}

export interface TarEntry extends TarHeader {
  /** Offset of the content in the archive. */
  readonly offset: number;
  readonly content: Uint8Array;
}

export function isTarName(name: string): boolean {
  return namePattern.test(name);
}

/** Header, content and padding of one file. Throws TAR_FORM for a name or length that ustar cannot hold. */
export function tarEntry(name: string, content: Uint8Array): Uint8Array {
  if (!isTarName(name) || content.length > maxFileBytes) throw tarForm(`${JSON.stringify(name)} cannot be an entry`);
  const bytes = new Uint8Array(blockBytes + padded(content.length));
  bytes.set(headerOf(name, content.length));
  bytes.set(content, blockBytes);
  return bytes;
}

export const tarHeaderBytes = blockBytes;

/** Two blocks of zeros. */
export function tarEnd(): Uint8Array {
  return new Uint8Array(2 * blockBytes);
}

/**
 * The entries of an archive, one in memory at a time. Throws TAR_FORM for anything but small regular files, also
 * for one longer than `maxBytes`, and when the archive does not end with its two zero blocks.
 */
export async function* readTar(chunks: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<TarEntry> {
  const source = byteSource(chunks);
  try {
    let offset = 0;
    for (;;) {
      const block = await source.take(blockBytes);
      offset += blockBytes;
      if (isZero(block)) break;
      const { name, length } = parseHeader(block);
      if (length > maxBytes) throw tarForm(`the entry ${name} is longer than ${maxBytes} bytes`);
      const content = await source.take(padded(length));
      yield { name, length, offset, content: content.subarray(0, length) };
      offset += content.length;
    }
    if (!isZero(await source.take(blockBytes)) || !(await source.isAtEnd())) throw tarForm("it goes on after its end");
  } finally {
    await source.close();
  }
}

function headerOf(name: string, length: number): Uint8Array {
  const header = new Uint8Array(blockBytes);
  header.set(utf8(name), 0);
  header.set(utf8("0000644\0"), 100); // mode
  header.set(utf8("0000000\0"), 108); // user id
  header.set(utf8("0000000\0"), 116); // group id
  header.set(utf8(`${length.toString(8).padStart(11, "0")}\0`), 124);
  header.set(utf8(`${"0".repeat(11)}\0`), 136); // time of change
  header.set(utf8("        "), 148); // the checksum counts as blanks
  header.set(utf8("0"), 156); // regular file
  header.set(utf8("ustar\u000000"), 257);
  header.set(utf8(`${checksumOf(header).toString(8).padStart(6, "0")}\0 `), 148);
  return header;
}

/** Only headers as `headerOf` makes them pass: every byte of one is known from name and length. */
function parseHeader(block: Uint8Array): TarHeader {
  const name = textUntilZero(block.subarray(0, 100));
  const digits = textUntilZero(block.subarray(124, 136));
  if (!isTarName(name) || !/^[0-7]{11}$/.test(digits)) throw tarForm("an entry is no plain file with a hex name");
  const length = parseInt(digits, 8);
  const expected = headerOf(name, length);
  if (!block.every((byte, index) => byte === expected[index])) throw tarForm(`the header of ${name} is not ours`);
  return { name, length };
}

function textUntilZero(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  try {
    return fromUtf8(end < 0 ? bytes : bytes.subarray(0, end));
  } catch {
    return "";
  }
}

function checksumOf(header: Uint8Array): number {
  let sum = 0;
  for (const byte of header) sum += byte;
  return sum;
}

function padded(length: number): number {
  return Math.ceil(length / blockBytes) * blockBytes;
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

interface ByteSource {
  /** Exactly so many bytes; throws TAR_FORM when there are fewer. */
  take(count: number): Promise<Uint8Array>;
  isAtEnd(): Promise<boolean>;
  close(): Promise<void>;
}

function byteSource(chunks: AsyncIterable<Uint8Array>): ByteSource {
  const iterator = chunks[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array();

  async function hasMore(): Promise<boolean> {
    while (rest.length === 0) {
      const next = await iterator.next();
      if (next.done === true) return false;
      rest = next.value;
    }
    return true;
  }

  return {
    async take(count) {
      const parts: Uint8Array[] = [];
      let needed = count;
      while (needed > 0) {
        if (!(await hasMore())) throw tarForm("it ends too early");
        const part = rest.subarray(0, needed);
        parts.push(part);
        rest = rest.subarray(part.length);
        needed -= part.length;
      }
      return concat(parts);
    },
    isAtEnd: async () => !(await hasMore()),
    async close() {
      await iterator.return?.();
    },
  };
}

function tarForm(what: string): BackupError {
  return new BackupError({
    code: "TAR_FORM",
    message: `An archive is not in the vault's form: ${what}`,
    hint: "Update the extension; if it is up to date, the object does not come from it.",
  });
}
