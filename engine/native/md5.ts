import { createHash } from "node:crypto";

/** MD5 for `Content-MD5`, where it guards against damage on the way; never for trust. */
export function md5(bytes: Uint8Array): Uint8Array {
  return createHash("md5").update(bytes).digest();
}
