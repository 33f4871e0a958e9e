import { ed25519 } from "@noble/curves/ed25519.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { chunksOf, readAll, utf8 } from "../foundation/bytes.ts";
import { BackupError } from "../foundation/errors.ts";
import type { Cryptography, Digest } from "./cryptography.ts";
import { checkOneGzipMember, gzipDamaged, gzipTooLong } from "./gzip-member.ts";
import { chunksIn, streamOf } from "./web-streams.ts";

/** Loaded once something is opened or sealed: the log, which pages show first, is only signed. */
const sealing = (): Promise<typeof import("./web-sealing.ts")> => import("./web-sealing.ts");

/** The port for browsers: Web Crypto, the age-encryption package, compression streams. */
export function webCryptography(): Cryptography {
  return {
    newSha256,
    hmacSha256,
    hkdfSha256,
    randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
    publicKeyOf: async (seed) => ed25519.getPublicKey(seed),
    sign: async (seed, message) => ed25519.sign(message, seed),
    isSignedBy,
    recipientOf: async (identity) => (await sealing()).recipientInBrowser(identity),
    seal: async (recipients, plaintext) => (await sealing()).sealInBrowser(recipients, plaintext),
    async *open(identities, sealed) {
      yield* (await sealing()).openInBrowser(identities, sealed);
    },
    openRange: () => Promise.reject(rangesUnsupported()),
    gzip: (bytes) => readAll(chunksIn(streamOf(chunksOf(bytes)).pipeThrough(new CompressionStream("gzip"))), Infinity),
    gunzip,
  };
}

function newSha256(): Digest {
  const hash = sha256.create();
  return {
    update(bytes) {
      hash.update(bytes);
    },
    digest: () => hash.digest(),
  };
}

async function hmacSha256(key: Uint8Array, message: Uint8Array): Promise<Uint8Array> {
  const hmacKey = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", hmacKey, message));
}

async function hkdfSha256(seed: Uint8Array, info: string): Promise<Uint8Array> {
  const seedKey = await crypto.subtle.importKey("raw", seed, "HKDF", false, ["deriveBits"]);
  const derivation = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info: utf8(info) };
  return new Uint8Array(await crypto.subtle.deriveBits(derivation, seedKey, 256));
}

/** By Web Crypto; browsers without Ed25519 there, and keys it refuses, are left to the library. */
async function isSignedBy(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  try {
    const key = await crypto.subtle.importKey("raw", publicKey, { name: "Ed25519" }, false, ["verify"]);
    return await crypto.subtle.verify({ name: "Ed25519" }, key, signature, message);
  } catch {
    return ed25519.verify(signature, message, publicKey, { zip215: false });
  }
}

async function gunzip(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  const stream = streamOf(chunksOf(bytes)).pipeThrough(new DecompressionStream("gzip"));
  const plaintext = await readAll(chunksIn(stream), maxBytes).catch((cause: unknown) => {
    throw cause instanceof RangeError ? gzipTooLong(maxBytes) : gzipDamaged(cause);
  });
  checkOneGzipMember(bytes, plaintext);
  return plaintext;
}

function rangesUnsupported(): BackupError {
  return new BackupError({
    code: "UNSUPPORTED",
    message: "Ranges of sealed objects are opened by agents only, not by browsers",
    hint: "Open the whole object, or run RestoreItem.",
  });
}
