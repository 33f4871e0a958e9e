import { sealedDamaged } from "./crypto-errors.ts";

/**
 * Decompressors differ in what they make of bytes behind the first member: some read on, some ignore them.
 * The length a member ends with tells whether all the input was the one member. Throws SEALED_DAMAGED.
 */
export function checkOneGzipMember(compressed: Uint8Array, plaintext: Uint8Array): void {
  const trailer = compressed.subarray(-4);
  const length = new DataView(trailer.buffer, trailer.byteOffset, trailer.byteLength).getUint32(0, true);
  if (length !== plaintext.length % 2 ** 32) throw sealedDamaged("its gzip data is not exactly one member");
}

export function gzipTooLong(maxBytes: number): Error {
  return sealedDamaged(`its gzip data holds more than the ${maxBytes} bytes expected`);
}

export function gzipDamaged(cause: unknown): Error {
  return sealedDamaged("its gzip data cannot be read", cause);
}
