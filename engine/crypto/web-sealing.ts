import type { Identity, Recipient } from "age-encryption";
import { Decrypter, Encrypter, identityToRecipient } from "age-encryption";
import { sha256 } from "@noble/hashes/sha2.js";
import { concat, equalBytes, toHex } from "../foundation/bytes.ts";
import type { Sealing } from "./cryptography.ts";
import { decodeIdentity, decodeRecipient, fingerprint } from "./age-keys.ts";
import { openStart, parseAgeHeader, x25519StanzasOf } from "./age-header.ts";
import { impossibleRecipient, keyMismatch, noRecipients, sealedDamaged, sealingFault } from "./crypto-errors.ts";
import { chunksIn, streamOf } from "./web-streams.ts";

/** Sealing and opening by the age-encryption package: slower than native code, at home in browsers. */
export async function sealInBrowser(
  recipients: readonly string[],
  plaintext: AsyncIterable<Uint8Array>,
): Promise<Sealing> {
  if (recipients.length === 0) throw noRecipients();
  recipients.forEach(decodeRecipient);
  const fileKey = new FileKeyCatcher();
  const encrypter = new Encrypter();
  encrypter.addRecipient(fileKey);
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  const digest = sha256.create();
  const sealed = await encrypter.encrypt(streamOf(digested(plaintext, digest))).catch((cause: unknown) => {
    throw impossibleRecipient(cause);
  });
  const { opened: start, payload } = await openStart(chunksIn(sealed), ({ header, nonce }) => ({
    bytes: concat([header, nonce]),
    headerLength: header.length,
  }));
  const chunks = reopened(joined(start.bytes, payload), fileKey, () => digest.digest());
  return { chunks, header: { length: start.headerLength, sha256: toHex(sha256(start.bytes)) } };
}

/** As `Cryptography.open`. */
export async function* openInBrowser(
  identities: readonly string[],
  sealed: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const source = new WatchedSource(sealed);
  const decrypter = await decrypterFor(identities);
  const { opened: start, payload } = await openStart(source.chunks(), async ({ header, nonce }) => ({
    bytes: concat([header, nonce]),
    fileKey: await decrypter(header),
  }));
  const stream = streamOf(joined(start.bytes, payload));
  const opened = await openWith({ unwrapFileKey: () => start.fileKey }).decrypt(stream);
  try {
    for await (const chunk of chunksIn(opened)) if (chunk.length > 0) yield chunk;
  } catch (error) {
    if (source.failed && error === source.failure) throw error;
    throw sealedDamaged("a chunk is not authentic, or the object was cut off or extended", error);
  }
}

/** `age1…` of an identity. Throws KEY_FORM. */
export async function recipientInBrowser(identity: string): Promise<string> {
  decodeIdentity(identity);
  return identityToRecipient(identity);
}

/** Finds the file key of a header, by our strict parser first and then by the package. */
async function decrypterFor(identities: readonly string[]): Promise<(header: Uint8Array) => Promise<Uint8Array>> {
  const fingerprints: string[] = [];
  for (const identity of identities) fingerprints.push(fingerprint(await recipientInBrowser(identity)));
  return async (header) => {
    const stanzas = x25519StanzasOf(parseAgeHeader(header), fingerprints);
    const mismatch = keyMismatch(stanzas.length, fingerprints);
    const decrypter = new Decrypter();
    for (const identity of identities) decrypter.addIdentity(identity);
    // Asked only when no key before it fits.
    decrypter.addIdentity({ unwrapFileKey: () => Promise.reject(mismatch) });
    return decrypter.decryptHeader(header).catch((cause: unknown) => {
      throw cause === mismatch ? mismatch : sealedDamaged("its age header cannot be opened", cause);
    });
  };
}

function openWith(identity: Identity): Decrypter {
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  return decrypter;
}

/** A recipient without a stanza: it only learns the file key, so that what is sealed can be opened again. */
class FileKeyCatcher implements Recipient, Identity {
  #fileKey: Uint8Array | null = null;

  wrapFileKey(fileKey: Uint8Array): [] {
    this.#fileKey = fileKey.slice();
    return [];
  }

  unwrapFileKey(): Uint8Array | null {
    return this.#fileKey;
  }
}

/**
 * Hands on an age file while it is opened again; the last piece is kept back until all of it has opened to the
 * digest that went in. Throws SEALING_FAULT.
 */
async function* reopened(
  sealed: AsyncIterable<Uint8Array>,
  fileKey: Identity,
  digestOfPlaintext: () => Uint8Array,
): AsyncGenerator<Uint8Array> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const digest = digestOf(openWith(fileKey), readable).catch((cause: unknown) => {
    throw sealingFault(cause);
  });
  digest.catch(() => undefined); // awaited below, unless the sealing itself fails first
  let held: Uint8Array | undefined;
  try {
    for await (const chunk of sealed) {
      await Promise.race([writer.write(chunk).catch(() => digest), digest]);
      if (held !== undefined) yield held;
      held = chunk;
    }
    await Promise.race([writer.close().catch(() => digest), digest]);
  } finally {
    writer.abort().catch(() => undefined); // does nothing after the close
  }
  if (!equalBytes(await digest, digestOfPlaintext())) throw sealingFault();
  if (held !== undefined) yield held;
}

async function digestOf(decrypter: Decrypter, sealed: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const digest = sha256.create();
  for await (const chunk of chunksIn(await decrypter.decrypt(sealed))) digest.update(chunk);
  return digest.digest();
}

async function* digested(
  chunks: AsyncIterable<Uint8Array>,
  digest: { update(bytes: Uint8Array): unknown },
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    digest.update(chunk);
    yield chunk;
  }
}

async function* joined(first: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  yield* rest;
}

/** Tells failures of the source (network) from failures of what it delivered. */
class WatchedSource {
  failed = false;
  failure: unknown;
  readonly #source: AsyncIterable<Uint8Array>;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source;
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    try {
      yield* this.#source;
    } catch (error) {
      this.failed = true;
      this.failure = error;
      throw error;
    }
  }
}
