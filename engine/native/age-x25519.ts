import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
  createCipheriv,
  createDecipheriv,
} from "node:crypto";
import type { KeyObject } from "node:crypto";
import { concat, utf8 } from "../foundation/bytes.ts";
import { decodeIdentity, decodeRecipient, encodeRecipient, fingerprint } from "../crypto/age-keys.ts";
import type { AgeStanza } from "../crypto/age-header.ts";
import {
  encodeAgeHeader,
  encodeMac,
  fromUnpaddedBase64,
  parseAgeHeader,
  toUnpaddedBase64,
  x25519StanzasOf,
} from "../crypto/age-header.ts";
import { impossibleRecipient, keyMismatch, sealedDamaged } from "../crypto/crypto-errors.ts";
import { privateKeyFromRaw, publicKeyFromRaw, rawPublicKey } from "./raw-keys.ts";

/** Wrapping and unwrapping of age file keys for X25519 recipients (C2SP age.md). */
const label = "age-encryption.org/v1/X25519";
const zeroNonce = new Uint8Array(12);
const tagBytes = 16;

export interface AgeIdentity {
  readonly privateKey: KeyObject;
  /** Raw public key. */
  readonly publicKey: Uint8Array;
  readonly recipient: string;
}

/** Throws KEY_FORM. */
export function ageIdentity(text: string): AgeIdentity {
  const privateKey = createPrivateKey(privateKeyFromRaw("X25519", decodeIdentity(text)));
  const publicKey = rawPublicKey(createPublicKey(privateKey));
  return { privateKey, publicKey, recipient: encodeRecipient(publicKey) };
}

/** A header that wraps a new file key for every recipient. Throws KEY_FORM. */
export function newAgeHeader(recipients: readonly string[]): { header: Uint8Array; fileKey: Uint8Array } {
  const fileKey = randomBytes(16);
  const authenticated = encodeAgeHeader(recipients.map((recipient) => wrap(fileKey, decodeRecipient(recipient))));
  return { header: concat([authenticated, encodeMac(macOf(fileKey, authenticated))]), fileKey };
}

/** The file key of a header that one of the identities opens. Throws KEY_MISMATCH, SEALED_DAMAGED. */
export function openAgeHeader(header: Uint8Array, identities: readonly AgeIdentity[]): Uint8Array {
  const parsed = parseAgeHeader(header);
  const fingerprints = identities.map((identity) => fingerprint(identity.recipient));
  const stanzas = x25519StanzasOf(parsed, fingerprints);
  const fileKey = firstUnwrapped(stanzas, identities);
  if (fileKey === undefined) throw keyMismatch(stanzas.length, fingerprints);
  if (!timingSafeEqual(macOf(fileKey, parsed.authenticated), parsed.mac)) {
    throw sealedDamaged("the MAC of its age header does not match");
  }
  return fileKey;
}

/** The key of the payload's chunks. */
export function payloadKeyOf(fileKey: Uint8Array, nonce: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", fileKey, nonce, "payload", 32));
}

function firstUnwrapped(stanzas: readonly AgeStanza[], identities: readonly AgeIdentity[]): Uint8Array | undefined {
  for (const identity of identities) {
    for (const stanza of stanzas) {
      const fileKey = unwrap(stanza, identity);
      if (fileKey !== undefined) return fileKey;
    }
  }
  return undefined;
}

function wrap(fileKey: Uint8Array, recipient: Uint8Array): AgeStanza {
  const ephemeral = generateKeyPairSync("x25519");
  const share = rawPublicKey(ephemeral.publicKey);
  const secret = sharedSecret(ephemeral.privateKey, recipient);
  if (secret === undefined) throw impossibleRecipient();
  const key = wrapKey(secret, share, recipient);
  const cipher = createCipheriv("chacha20-poly1305", key, zeroNonce, { authTagLength: tagBytes });
  const body = concat([cipher.update(fileKey), cipher.final(), cipher.getAuthTag()]);
  return { type: "X25519", args: [toUnpaddedBase64(share)], body };
}

/** Undefined when the stanza is sealed to someone else. */
function unwrap(stanza: AgeStanza, identity: AgeIdentity): Uint8Array | undefined {
  const share = fromUnpaddedBase64(stanza.args[0] ?? "") ?? zeroNonce;
  const secret = sharedSecret(identity.privateKey, share);
  if (secret === undefined) throw sealedDamaged("its age header has an X25519 share that no honest writer makes");
  const key = wrapKey(secret, share, identity.publicKey);
  const decipher = createDecipheriv("chacha20-poly1305", key, zeroNonce, { authTagLength: tagBytes });
  decipher.setAuthTag(stanza.body.subarray(-tagBytes));
  try {
    return concat([decipher.update(stanza.body.subarray(0, -tagBytes)), decipher.final()]);
  } catch {
    return undefined;
  }
}

/** Undefined for a point of low order, with which the secret would be zero whatever the key: OpenSSL refuses it. */
function sharedSecret(privateKey: KeyObject, point: Uint8Array): Uint8Array | undefined {
  const publicKey = createPublicKey(publicKeyFromRaw("X25519", point));
  try {
    return diffieHellman({ privateKey, publicKey });
  } catch {
    return undefined;
  }
}

function wrapKey(secret: Uint8Array, share: Uint8Array, recipient: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", secret, concat([share, recipient]), label, 32));
}

function macOf(fileKey: Uint8Array, authenticated: Uint8Array): Uint8Array {
  const key = new Uint8Array(hkdfSync("sha256", fileKey, new Uint8Array(0), utf8("header"), 32));
  return createHmac("sha256", key).update(authenticated).digest();
}
