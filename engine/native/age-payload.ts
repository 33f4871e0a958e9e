import { createCipheriv, createDecipheriv } from "node:crypto";
import type { BackupError } from "../foundation/errors.ts";
import { sealedDamaged, sealingFault } from "../crypto/crypto-errors.ts";

/**
 * The payload of an age file: chunks of 64 KiB, each ChaCha20-Poly1305 under a nonce made of its number and of a
 * flag on the last one (STREAM). Only an empty file has an empty chunk.
 */
export const chunkBytes = 64 * 1024;
const tagBytes = 16;
export const sealedChunkBytes = chunkBytes + tagBytes;
const algorithm = "chacha20-poly1305";

export interface Block {
  /** Valid until the next block is asked for. */
  readonly bytes: Uint8Array;
  readonly last: boolean;
}

/** Cuts a stream into blocks of one size; only the last may be shorter, and it is empty only when all is. */
export async function* blocksOf(source: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Block> {
  const partial = new Uint8Array(size);
  let filled = 0;
  for await (const chunk of source) {
    let rest = chunk;
    while (filled + rest.length > size) {
      const taken = rest.subarray(0, size - filled);
      rest = rest.subarray(taken.length);
      if (filled > 0) partial.set(taken, filled);
      yield { bytes: filled > 0 ? partial : taken, last: false };
      filled = 0;
    }
    partial.set(rest, filled);
    filled += rest.length;
  }
  yield { bytes: partial.subarray(0, filled), last: true };
}

/** Seals the chunks of a payload; each is opened again and compared before it is handed on (restic's lesson). */
export async function* sealPayload(key: Uint8Array, plaintext: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let number = 0;
  for await (const { bytes, last } of blocksOf(plaintext, chunkBytes)) {
    const nonce = nonceOf(number, last);
    const sealed = sealChunk(key, nonce, bytes);
    if (Buffer.compare(openParts(key, nonce, sealed) ?? sealed.tag, bytes) !== 0) throw sealingFault();
    if (sealed.encrypted.length > 0) yield sealed.encrypted;
    yield sealed.tag;
    number += 1;
  }
}

/** Opens the chunks of a payload. Throws SEALED_DAMAGED. */
export async function* openPayload(key: Uint8Array, sealed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let number = 0;
  for await (const { bytes, last } of blocksOf(sealed, sealedChunkBytes)) {
    const opened = openChunk(key, nonceOf(number, last), bytes);
    if (opened === undefined || (opened.length === 0 && number > 0)) throw chunkDamaged(number);
    if (opened.length > 0) yield opened;
    number += 1;
  }
}

export function chunkDamaged(number: number): BackupError {
  return sealedDamaged(`chunk ${number} is not authentic, or the object was cut off or extended there`);
}

/** Eleven bytes of chunk number, big-endian, and the last-chunk flag. */
export function nonceOf(number: number, last: boolean): Uint8Array {
  const nonce = new Uint8Array(12);
  const view = new DataView(nonce.buffer);
  view.setUint32(3, Math.floor(number / 2 ** 32));
  view.setUint32(7, number % 2 ** 32);
  nonce[11] = last ? 1 : 0;
  return nonce;
}

/** Undefined when the chunk is not authentic. */
export function openChunk(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
  if (sealed.length < tagBytes) return undefined;
  return openParts(key, nonce, { encrypted: sealed.subarray(0, -tagBytes), tag: sealed.subarray(-tagBytes) });
}

/** A sealed chunk in its two parts: joining them would copy all of it. */
interface SealedChunk {
  readonly encrypted: Uint8Array;
  readonly tag: Uint8Array;
}

function openParts(key: Uint8Array, nonce: Uint8Array, { encrypted, tag }: SealedChunk): Uint8Array | undefined {
  const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: tagBytes });
  decipher.setAuthTag(tag);
  const opened = decipher.update(encrypted);
  try {
    decipher.final(); // a stream cipher: nothing more comes out, only the check of the tag
    return opened;
  } catch {
    return undefined;
  }
}

function sealChunk(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array): SealedChunk {
  const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagBytes });
  const encrypted = cipher.update(plaintext);
  cipher.final();
  return { encrypted, tag: cipher.getAuthTag() };
}
