import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  hkdfSync,
  randomBytes,
  sign,
  verify,
} from "node:crypto";
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import { toHex } from "../foundation/bytes.ts";
import type { Cryptography, Digest, Sealing } from "../crypto/cryptography.ts";
import { openStart } from "../crypto/age-header.ts";
import { checkOneGzipMember, gzipDamaged, gzipTooLong } from "../crypto/gzip-member.ts";
import { noRecipients } from "../crypto/crypto-errors.ts";
import type { AgeIdentity } from "./age-x25519.ts";
import { ageIdentity, newAgeHeader, openAgeHeader, payloadKeyOf } from "./age-x25519.ts";
import { openPayload, sealPayload } from "./age-payload.ts";
import { rangeOpener } from "./age-range.ts";
import { privateKeyFromRaw, publicKeyFromRaw, rawPublicKey } from "./raw-keys.ts";

const compress = promisify(gzip);
const decompress = promisify<Uint8Array, { maxOutputLength: number }, Uint8Array>(gunzip);

/** The port on node:crypto and zlib. Keep one instance: it remembers parsed keys and unwrapped payload keys. */
export function nodeCryptography(): Cryptography {
  const identityOf = remembering(ageIdentity);
  return {
    newSha256,
    hmacSha256: async (key, message) => createHmac("sha256", key).update(message).digest(),
    hkdfSha256: async (seed, info) => new Uint8Array(hkdfSync("sha256", seed, new Uint8Array(0), info, 32)),
    randomBytes: (length) => randomBytes(length),
    publicKeyOf: async (seed) => rawPublicKey(createPublicKey(createPrivateKey(privateKeyFromRaw("Ed25519", seed)))),
    sign: async (seed, message) => sign(null, message, createPrivateKey(privateKeyFromRaw("Ed25519", seed))),
    isSignedBy,
    recipientOf: async (identity) => identityOf(identity).recipient,
    seal,
    open: (identities, sealed) => open(identities.map(identityOf), sealed),
    openRange: rangeOpener(identityOf),
    gzip: (bytes) => compress(bytes),
    gunzip: gunzipMember,
  };
}

function newSha256(): Digest {
  const hash = createHash("sha256");
  return {
    update(bytes) {
      hash.update(bytes);
    },
    digest: () => hash.digest(),
  };
}

async function isSignedBy(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  return verify(null, message, publicKeyFromRaw("Ed25519", publicKey), signature);
}

async function seal(recipients: readonly string[], plaintext: AsyncIterable<Uint8Array>): Promise<Sealing> {
  if (recipients.length === 0) throw noRecipients();
  const { header, fileKey } = newAgeHeader(recipients);
  const nonce = randomBytes(16);
  const sha256 = toHex(createHash("sha256").update(header).update(nonce).digest());
  return {
    chunks: joined(Buffer.concat([header, nonce]), sealPayload(payloadKeyOf(fileKey, nonce), plaintext)),
    header: { length: header.length, sha256 },
  };
}

async function* joined(first: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  yield* rest;
}

async function* open(
  identities: readonly AgeIdentity[],
  sealed: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const { opened, payload } = await openStart(sealed, ({ header, nonce }) =>
    payloadKeyOf(openAgeHeader(header, identities), nonce),
  );
  yield* openPayload(opened, payload);
}

async function gunzipMember(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  const plaintext = await decompress(bytes, { maxOutputLength: Math.max(1, maxBytes) }).catch((cause: unknown) => {
    const tooLong = cause instanceof RangeError && "code" in cause && cause.code === "ERR_BUFFER_TOO_LARGE";
    throw tooLong ? gzipTooLong(maxBytes) : gzipDamaged(cause);
  });
  if (plaintext.length > maxBytes) throw gzipTooLong(maxBytes);
  checkOneGzipMember(bytes, plaintext);
  return plaintext;
}

function remembering<Value>(make: (text: string) => Value): (text: string) => Value {
  const made = new Map<string, Value>();
  return (text) => {
    const value = made.get(text) ?? make(text);
    made.set(text, value);
    return value;
  };
}
