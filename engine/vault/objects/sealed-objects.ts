/**
 * Data objects of a vault: sealed, write-once, found by REF (docs/format.md 3.2). A REF pins length and SHA-256
 * of the stored bytes, and SHA-256 of age header and nonce, which makes even a ranged read authentic.
 */
import { chunksOf, concat, readAll } from "../../foundation/bytes.ts";
import { readLines } from "../format/gzip-members.ts";
import { hasCode } from "../../foundation/errors.ts";
import { sha256Hex } from "../../crypto/cryptography.ts";
import type { Cryptography } from "../../crypto/cryptography.ts";
import type { ObjectStore } from "../../store/object-store.ts";
import { dataName, objectPath } from "../format/layout.ts";
import type { ObjectExtension } from "../format/layout.ts";
import type { VaultKeys } from "../format/log-entry.ts";
import type { Ref } from "../format/ref.ts";
import {
  findIntactVersion,
  mayHelpToReadAgain,
  measuring,
  objectDamaged,
  objectForged,
  objectTooLarge,
  readStored,
  rethrownAsDamage,
} from "./stored-objects.ts";
import type { StoredAccess } from "./stored-objects.ts";
import { readStart } from "./stream-start.ts";
import { nonceBytes, plaintextLength } from "../format/plaintext-length.ts";

/** `catalogue`: catalogue recipient and all recovery recipients; `content`: all recovery recipients. */
export type Audience = "catalogue" | "content";

export interface SealedWriter {
  /**
   * Seals and stores one object under the next free name. Nothing is visible before `plaintext` has ended well;
   * its error is rethrown.
   */
  write(extension: ObjectExtension, audience: Audience, plaintext: AsyncIterable<Uint8Array>): Promise<Ref>;
  /** Stored bytes of all objects written so far. */
  readonly storedBytes: number;
  readonly cryptography: Cryptography;
}

export interface SealedWriterFacts {
  readonly store: ObjectStore;
  readonly cryptography: Cryptography;
  readonly vault: string;
  readonly run: string;
  /** Two hex digits. */
  readonly shard: string;
  readonly keys: Pick<VaultKeys, "recipients" | "catalogue">;
  /** First number to try; names that are taken are skipped. 1 when absent. */
  readonly firstNumber?: number;
}

export interface VaultAccess extends StoredAccess {
  /** Viewer, catalogue or recovery identities to try. */
  readonly identities: readonly string[];
}

/** Objects up to this size are kept until they are stored, so that a taken name costs nothing. */
const smallObjectBytes = 1 << 20;

export function sealedWriter(facts: SealedWriterFacts): SealedWriter {
  const { store, cryptography, vault, run, shard, keys } = facts;
  let nextNumber = facts.firstNumber ?? 1;
  let storedBytes = 0;

  function nextName(extension: ObjectExtension): string {
    return objectPath({ run, shard, n: nextNumber++, extension });
  }

  async function createSmall(extension: ObjectExtension, bytes: Uint8Array): Promise<string> {
    for (;;) {
      const o = nextName(extension);
      try {
        await store.create(dataName(vault, o), bytes);
        return o;
      } catch (error) {
        if (!hasCode(error, "STORE_EXISTS")) throw error; // taken by an earlier attempt of this run
      }
    }
  }

  async function createLarge(extension: ObjectExtension, chunks: AsyncIterable<Uint8Array>): Promise<string> {
    let o = nextName(extension);
    while ((await store.info(dataName(vault, o))) !== undefined) o = nextName(extension);
    await store.createFrom(dataName(vault, o), chunks);
    return o;
  }

  return {
    cryptography,
    get storedBytes() {
      return storedBytes;
    },
    async write(extension, audience, plaintext) {
      const recipients = audience === "content" ? keys.recipients : [keys.catalogue, ...keys.recipients];
      const sealing = await cryptography.seal(recipients, plaintext);
      const measured = measuring(cryptography, sealing.chunks);
      const start = await readStart(measured.chunks, smallObjectBytes);
      const o = start.ended
        ? await createSmall(extension, concat(start.parts))
        : await createLarge(extension, start.whole);
      const { length, sha256 } = measured.facts();
      storedBytes += length;
      return { o, n: length, h: sha256, hl: sealing.header.length, hh: sealing.header.sha256 };
    },
  };
}

/**
 * The plaintext of a small object, handed on only after length and SHA-256 of the stored bytes were right.
 * `maxBytes` bounds the stored length. Throws OBJECT_MISSING, OBJECT_DAMAGED, OBJECT_TOO_LARGE, KEY_MISMATCH and
 * errors of the store.
 */
export async function readSealed(access: VaultAccess, ref: Ref, maxBytes: number): Promise<Uint8Array> {
  if (ref.n > maxBytes) throw objectTooLarge(access, ref, maxBytes);
  const stored = await readStored(access, ref);
  const plaintext = access.cryptography.open(access.identities, chunksOf(stored));
  return readAll(plaintext, plaintextLength(ref)).catch(rethrownAsDamage(access, ref));
}

/**
 * The plaintext as a stream. Each chunk is authentic under the pinned header when it is yielded, but the object is
 * right only when the iterator ends without throwing. Errors as `readSealed`.
 */
export async function* openSealed(access: VaultAccess, ref: Ref): AsyncGenerator<Uint8Array> {
  let yielded = 0;
  try {
    for await (const chunk of openVersion(access, ref, undefined)) {
      yielded += chunk.length;
      yield chunk;
    }
    return;
  } catch (error) {
    if (!mayHelpToReadAgain(error)) throw error;
  }
  // What was yielded is authentic: the header is pinned and each chunk is sealed at its position.
  const version = await findIntactVersion(access, ref);
  yield* withoutFirst(openVersion(access, ref, version), yielded);
}

/** The lines of an NDJSON object, one gzip member in memory at a time; final when the iterator ended well. */
export async function* readObjectLines(access: VaultAccess, ref: Ref): AsyncGenerator<string> {
  const lines = readLines(access.cryptography, openSealed(access, ref));
  try {
    for (;;) {
      const next = await lines.next().catch(rethrownAsDamage(access, ref));
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await lines.return(undefined);
  }
}

export interface RangedObject {
  /** A range of the plaintext, authentic under the pinned header. Errors as `readSealed`. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** Reads ranges of one object's plaintext; the header is fetched once. */
export function rangedObject(access: VaultAccess, ref: Ref): RangedObject {
  let version: string | undefined;
  let header: Promise<Uint8Array> | undefined;

  async function readStoredRange(offset: number, length: number): Promise<Uint8Array> {
    const headerLength = ref.hl + nonceBytes;
    if (offset + length > headerLength) return readRange(access, ref, { offset, length, version });
    header ??= readRange(access, ref, { offset: 0, length: headerLength, version });
    return (await header).subarray(offset, offset + length);
  }

  function open(offset: number, length: number): Promise<Uint8Array> {
    return access.cryptography.openRange({
      identities: access.identities,
      sealedLength: ref.n,
      header: { length: ref.hl, sha256: ref.hh },
      offset,
      length,
      readSealed: readStoredRange,
    });
  }

  return {
    async read(offset, length) {
      if (offset < 0 || length < 0 || offset + length > plaintextLength(ref)) throw objectDamaged(access, ref);
      try {
        return await open(offset, length);
      } catch (error) {
        if (!mayHelpToReadAgain(error)) throw error;
      }
      header = undefined;
      version = await findIntactVersion(access, ref);
      return open(offset, length);
    },
  };
}

async function readRange(
  access: VaultAccess,
  ref: Ref,
  range: { readonly offset: number; readonly length: number; readonly version: string | undefined },
): Promise<Uint8Array> {
  const { offset, length, version } = range;
  const options = { range: { offset, length }, ...(version === undefined ? {} : { version }) };
  const body = await access.store.read(dataName(access.vault, ref.o), options);
  return readAll(body.chunks, length);
}

async function* openVersion(
  access: VaultAccess,
  ref: Ref,
  version: string | undefined,
): AsyncGenerator<Uint8Array, undefined> {
  const body = await access.store.read(dataName(access.vault, ref.o), version === undefined ? {} : { version });
  if (body.length !== ref.n) throw objectDamaged(access, ref);
  const measured = measuring(access.cryptography, withPinnedHeader(access, ref, body.chunks));
  yield* access.cryptography.open(access.identities, measured.chunks);
  const { sha256, length } = measured.facts();
  if (length !== ref.n || sha256 !== ref.h) throw objectForged(access, ref);
}

/** Checks age header and nonce before anything is tried with them, so that a wrong key and a wrong object differ. */
async function* withPinnedHeader(
  access: VaultAccess,
  ref: Ref,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const needed = ref.hl + nonceBytes;
  const parts: Uint8Array[] = [];
  let held = 0;
  for await (const chunk of chunks) {
    if (held >= needed) {
      yield chunk;
      continue;
    }
    parts.push(chunk);
    held += chunk.length;
    if (held < needed) continue;
    const start = concat(parts);
    if (sha256Hex(access.cryptography, start.subarray(0, needed)) !== ref.hh) throw objectDamaged(access, ref);
    yield start;
  }
  if (held < needed) throw objectDamaged(access, ref);
}

async function* withoutFirst(chunks: AsyncIterable<Uint8Array>, count: number): AsyncGenerator<Uint8Array> {
  let left = count;
  for await (const chunk of chunks) {
    if (chunk.length > left) yield left === 0 ? chunk : chunk.subarray(left);
    left = Math.max(0, left - chunk.length);
  }
}
