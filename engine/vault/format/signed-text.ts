/**
 * Signed text as it is stored: one line of canonical JSON, one line with the base64 Ed25519 signature over exactly
 * the bytes of the first line without its line feed. Log entries, checkpoints and run claims have this form; the
 * `type` inside keeps one from being taken for another.
 */
import { concat, fromBase64, fromUtf8, toBase64, utf8 } from "../../foundation/bytes.ts";
import { canonicalJson } from "../../foundation/json.ts";
import type { Cryptography } from "../../crypto/cryptography.ts";
import { publicKeyOfSigner } from "../../crypto/keys.ts";

export interface SignedText {
  /** The first line, not yet looked at. */
  readonly line: string;
  readonly lineBytes: Uint8Array;
  readonly signature: Uint8Array;
}

/** Who signs, with the means to do it. */
export interface Signing {
  readonly signingSeed: Uint8Array;
  /** `ed25519:<base64url>`. */
  readonly signer: string;
}

const lineFeed = 0x0a;

export async function signText(cryptography: Cryptography, seed: Uint8Array, value: unknown): Promise<Uint8Array> {
  const line = utf8(canonicalJson(value));
  const signature = await cryptography.sign(seed, line);
  return concat([line, utf8(`\n${toBase64(signature)}\n`)]);
}

/** Undefined for anything that has not exactly the two lines. */
export function splitSigned(bytes: Uint8Array): SignedText | undefined {
  const end = bytes.indexOf(lineFeed);
  if (end < 0 || bytes.at(-1) !== lineFeed) return undefined;
  try {
    const lineBytes = bytes.subarray(0, end);
    const signature = fromBase64(fromUtf8(bytes.subarray(end + 1, -1)));
    return signature?.length === 64 ? { line: fromUtf8(lineBytes), lineBytes, signature } : undefined;
  } catch {
    return undefined; // not UTF-8
  }
}

/** The signer among `signers` that made the signature; undefined when none did. */
export async function signerAmong(
  cryptography: Cryptography,
  text: SignedText,
  signers: Iterable<string>,
): Promise<string | undefined> {
  for (const signer of signers) {
    if (await cryptography.isSignedBy(publicKeyOfSigner(signer), text.lineBytes, text.signature)) return signer;
  }
  return undefined;
}
