import { createHash } from "node:crypto";
import { concat, toHex } from "../foundation/bytes.ts";
import type { SealedRange } from "../crypto/cryptography.ts";
import { payloadNonceBytes } from "../crypto/age-header.ts";
import { sealedDamaged } from "../crypto/crypto-errors.ts";
import type { AgeIdentity } from "./age-x25519.ts";
import { openAgeHeader, payloadKeyOf } from "./age-x25519.ts";
import { chunkBytes, chunkDamaged, nonceOf, openChunk, sealedChunkBytes } from "./age-payload.ts";

const rememberedKeys = 256;
const tagBytes = sealedChunkBytes - chunkBytes;

/**
 * Opens ranges of sealed objects: the pinned hash proves header and nonce, they fix the key, and the key proves
 * each chunk at its place. Payload keys are remembered by pinned hash, so that further ranges read no header.
 */
export function rangeOpener(identityOf: (text: string) => AgeIdentity): (request: SealedRange) => Promise<Uint8Array> {
  const keys = new Map<string, Promise<Uint8Array>>();

  return async function openRange(request) {
    const identities = request.identities.map(identityOf);
    const name = [request.header.sha256, ...identities.map((identity) => identity.recipient)].join(" ");
    const known = keys.get(name);
    const key = known ?? payloadKey(request, identities);
    keys.delete(name);
    keys.set(name, key); // newest last, so that the first is the one to forget
    for (const oldest of keys.keys()) {
      if (keys.size <= rememberedKeys) break;
      keys.delete(oldest);
    }
    try {
      return await openChunks(request, await key);
    } catch (error) {
      keys.delete(name);
      throw error;
    }
  };
}

async function payloadKey(request: SealedRange, identities: readonly AgeIdentity[]): Promise<Uint8Array> {
  const { length, sha256 } = request.header;
  const start = await read(request, 0, length + payloadNonceBytes);
  if (toHex(createHash("sha256").update(start).digest()) !== sha256) {
    throw sealedDamaged("its age header is not the one the catalogue names");
  }
  return payloadKeyOf(openAgeHeader(start.subarray(0, length), identities), start.subarray(length));
}

async function openChunks(request: SealedRange, key: Uint8Array): Promise<Uint8Array> {
  const payloadStart = request.header.length + payloadNonceBytes;
  const payloadBytes = request.sealedLength - payloadStart;
  const chunks = Math.max(1, Math.ceil(payloadBytes / sealedChunkBytes));
  const end = request.offset + request.length;
  if (request.offset < 0 || request.length < 0 || end > payloadBytes - chunks * tagBytes) {
    throw sealedDamaged(`it does not hold the bytes ${request.offset} to ${end} that the catalogue names`);
  }
  if (request.length === 0) return new Uint8Array(0);
  const first = Math.floor(request.offset / chunkBytes);
  const last = Math.floor((end - 1) / chunkBytes);
  const sealedStart = first * sealedChunkBytes;
  const sealedEnd = Math.min((last + 1) * sealedChunkBytes, payloadBytes);
  const sealed = await read(request, payloadStart + sealedStart, sealedEnd - sealedStart);
  const opened: Uint8Array[] = [];
  for (let number = first; number <= last; number += 1) {
    const at = (number - first) * sealedChunkBytes;
    const nonce = nonceOf(number, number === chunks - 1);
    const chunk = openChunk(key, nonce, sealed.subarray(at, at + sealedChunkBytes));
    if (chunk === undefined) throw chunkDamaged(number);
    opened.push(chunk);
  }
  const plaintextStart = first * chunkBytes;
  return concat(opened).subarray(request.offset - plaintextStart, end - plaintextStart);
}

async function read(request: SealedRange, offset: number, length: number): Promise<Uint8Array> {
  const bytes = await request.readSealed(offset, length);
  if (bytes.length !== length) {
    throw sealedDamaged(`${bytes.length} of the ${length} bytes at offset ${offset} came back`);
  }
  return bytes;
}
