import { bech32 } from "@scure/base";
import { sha256 } from "@noble/hashes/sha2.js";
import { toHex, utf8 } from "../foundation/bytes.ts";
import { keyForm } from "./crypto-errors.ts";

/** Keys of the age format (C2SP age.md, X25519): bech32 text around 32 bytes. */
const identityPrefix = "age-secret-key-";
const recipientPrefix = "age";

/** `AGE-SECRET-KEY-1…` of 32 secret bytes. */
export function encodeIdentity(secret: Uint8Array): string {
  return bech32.encodeFromBytes(identityPrefix, secret).toUpperCase();
}

/** The 32 secret bytes of `AGE-SECRET-KEY-1…`. Throws KEY_FORM. */
export function decodeIdentity(identity: string): Uint8Array {
  const secret = identity.startsWith("AGE-SECRET-KEY-1") ? decodeBech32(identity, identityPrefix) : undefined;
  if (secret !== undefined) return secret;
  throw keyForm(
    "A recovery or viewer key does not have the form of one: AGE-SECRET-KEY-1 and 58 more characters, with a right checksum",
    "Copy the whole line that 'npm run keys' or age-keygen printed.",
  );
}

/** `age1…` of 32 public bytes. */
export function encodeRecipient(publicKey: Uint8Array): string {
  return bech32.encodeFromBytes(recipientPrefix, publicKey);
}

/** The 32 public bytes of `age1…`. Throws KEY_FORM. */
export function decodeRecipient(recipient: string): Uint8Array {
  const publicKey = recipient.startsWith("age1") ? decodeBech32(recipient, recipientPrefix) : undefined;
  if (publicKey !== undefined) return publicKey;
  throw keyForm(
    "A recipient does not have the form of one: age1 and 58 more characters, with a right checksum",
    "Copy the recoveryRecipient that 'npm run keys' printed, or the public key that age-keygen printed.",
  );
}

/** Names a recipient in short: the first 16 hex digits of the SHA-256 of its text. */
export function fingerprint(recipient: string): string {
  return toHex(sha256(utf8(recipient))).slice(0, 16);
}

/** 32 bytes in bech32 under the prefix; undefined for anything else. */
export function decodeBech32(text: string, prefix: string): Uint8Array | undefined {
  const decoded = bech32.decodeUnsafe(text, 90);
  if (decoded?.prefix.toLowerCase() !== prefix) return undefined;
  const bytes = bech32.fromWordsUnsafe(decoded.words);
  return bytes instanceof Uint8Array && bytes.length === 32 ? bytes : undefined;
}

export function encodeBech32(prefix: string, bytes: Uint8Array): string {
  return bech32.encodeFromBytes(prefix, bytes);
}
