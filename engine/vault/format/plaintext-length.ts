import type { Ref } from "./ref.ts";

/** Of the payload of an age file: https://age-encryption.org/v1, "Payload". */
export const nonceBytes = 16;
const chunkBytes = 64 * 1024;
const tagBytes = 16;

/** Bytes that the sealed object holds. */
export function plaintextLength(ref: Pick<Ref, "n" | "hl">): number {
  const payload = ref.n - ref.hl - nonceBytes;
  return payload - tagBytes * Math.ceil(payload / (chunkBytes + tagBytes));
}
