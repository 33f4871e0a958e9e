import { toHex } from "../foundation/bytes.ts";

/**
 * What the vault needs of cryptography, as a port with two implementations that pass one contract suite:
 * `native/node-cryptography.ts` (node:crypto and zlib; agents) and `crypto/web-cryptography.ts` (Web Crypto and
 * the age-encryption package; browsers).
 *
 * Sealing is the age format (C2SP age.md): X25519 recipients, 64 KiB ChaCha20-Poly1305 chunks. Signatures are
 * Ed25519 (RFC 8032). Nothing here invents cryptography.
 */
export interface Digest {
  update(bytes: Uint8Array): void;
  /** Ends the digest; call once. */
  digest(): Uint8Array;
}

/** An age header (with the payload nonce) as the format's REF pins it. */
export interface SealedHeader {
  /** Bytes of the age header, without the nonce. */
  readonly length: number;
  /** SHA-256 over header and 16-byte nonce, hex. */
  readonly sha256: string;
}

export interface Sealing {
  /** The age file, in chunks of about 64 KiB; may be read once. */
  readonly chunks: AsyncIterable<Uint8Array>;
  readonly header: SealedHeader;
}

export interface SealedRange {
  /** Identities to try (`AGE-SECRET-KEY-1…`). */
  readonly identities: readonly string[];
  /** Length of the whole sealed object. */
  readonly sealedLength: number;
  readonly header: SealedHeader;
  /** The plaintext range wanted. */
  readonly offset: number;
  readonly length: number;
  /** Reads a range of the sealed object. */
  readSealed(offset: number, length: number): Promise<Uint8Array>;
}

export interface Cryptography {
  newSha256(): Digest;
  hmacSha256(key: Uint8Array, message: Uint8Array): Promise<Uint8Array>;
  /** HKDF-SHA256 with empty salt; 32 bytes. */
  hkdfSha256(seed: Uint8Array, info: string): Promise<Uint8Array>;
  randomBytes(length: number): Uint8Array;

  /** Ed25519 public key (32 bytes) of a 32-byte seed. */
  publicKeyOf(seed: Uint8Array): Promise<Uint8Array>;
  sign(seed: Uint8Array, message: Uint8Array): Promise<Uint8Array>;
  isSignedBy(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean>;

  /** `age1…` recipient of an `AGE-SECRET-KEY-1…` identity. Throws KEY_FORM. */
  recipientOf(identity: string): Promise<string>;
  /**
   * Seals to all recipients. Each sealed chunk is opened again with the still-known key before it is handed on,
   * so that a fault of memory or library cannot be stored unnoticed. Throws KEY_FORM for a bad recipient.
   */
  seal(recipients: readonly string[], plaintext: AsyncIterable<Uint8Array>): Promise<Sealing>;
  /**
   * Opens an age file. Chunks are authentic when they are yielded, but the file is whole only when the iterator
   * ends without throwing. Throws KEY_MISMATCH when no identity opens it, SEALED_DAMAGED for anything wrong.
   */
  open(identities: readonly string[], sealed: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
  /** Opens a range; checks the pinned header first. Throws as `open`. Node only; browsers throw UNSUPPORTED. */
  openRange(request: SealedRange): Promise<Uint8Array>;

  /** One gzip member. */
  gzip(bytes: Uint8Array): Promise<Uint8Array>;
  /** One gzip member; throws SEALED_DAMAGED for bad data and past `maxBytes`. */
  gunzip(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array>;
}

/** SHA-256 of bytes in memory, hex. */
export function sha256Hex(cryptography: Cryptography, bytes: Uint8Array): string {
  const digest = cryptography.newSha256();
  digest.update(bytes);
  return toHex(digest.digest());
}
