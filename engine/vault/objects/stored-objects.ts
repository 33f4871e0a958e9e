/**
 * Stored bytes of data objects, as their REFs pin them; no key is needed here.
 *
 * Reading rule: the object is the first-created version of the name that matches its REF. The current version is
 * tried first; older ones are asked for only when it does not match.
 */
import { readAll, toHex } from "../../foundation/bytes.ts";
import { BackupError, hasCode } from "../../foundation/errors.ts";
import { sha256Hex } from "../../crypto/cryptography.ts";
import type { Cryptography } from "../../crypto/cryptography.ts";
import type { ObjectBody, ObjectReader } from "../../store/object-store.ts";
import { dataName } from "../format/layout.ts";
import type { Ref } from "../format/ref.ts";

export interface StoredAccess {
  readonly store: ObjectReader;
  readonly cryptography: Cryptography;
  readonly vault: string;
  /** The stream that is being read, to be named in errors. */
  readonly stream?: string;
}

/**
 * Hashes the stored bytes of the object; no key needed. Resolves when some version of the name matches the REF.
 * Throws OBJECT_MISSING or OBJECT_DAMAGED.
 */
export async function checkStored(access: StoredAccess, ref: Ref): Promise<void> {
  await findIntactVersion(access, ref);
}

export async function readStored(access: StoredAccess, ref: Ref): Promise<Uint8Array> {
  let found = false;
  for await (const version of candidateVersions(access, ref)) {
    const body = await readVersion(access, ref, version);
    if (body === undefined) continue;
    found = true;
    const bytes = body.length === ref.n ? await wholeBody(body) : undefined;
    if (bytes !== undefined && sha256Hex(access.cryptography, bytes) === ref.h) return bytes;
  }
  throw found ? objectDamaged(access, ref) : objectMissing(access, ref);
}

export async function findIntactVersion(access: StoredAccess, ref: Ref): Promise<string | undefined> {
  let found = false;
  for await (const version of candidateVersions(access, ref)) {
    const body = await readVersion(access, ref, version);
    if (body === undefined) continue;
    found = true;
    if (body.length === ref.n && (await hashOfBody(access.cryptography, body)) === ref.h) return version;
  }
  throw found ? objectDamaged(access, ref) : objectMissing(access, ref);
}

/**
 * The current version (undefined), then all others, oldest first. An account that keeps no versions is asked for
 * the current one again: a byte may have been wrong on its way only.
 */
async function* candidateVersions(access: StoredAccess, ref: Ref): AsyncGenerator<string | undefined> {
  yield undefined;
  const versions = await access.store.versionsOf(dataName(access.vault, ref.o));
  if (versions.length === 0) yield undefined;
  for (const { version, length } of versions) if (length === ref.n) yield version;
}

async function readVersion(
  access: StoredAccess,
  ref: Ref,
  version: string | undefined,
): Promise<ObjectBody | undefined> {
  try {
    return await access.store.read(dataName(access.vault, ref.o), version === undefined ? {} : { version });
  } catch (error) {
    if (hasCode(error, "STORE_NOT_FOUND")) return undefined;
    throw error;
  }
}

/** Undefined when the body ends early. */
async function wholeBody(body: ObjectBody): Promise<Uint8Array | undefined> {
  try {
    return await readAll(body.chunks, body.length);
  } catch (error) {
    if (hasCode(error, "STORE_TRUNCATED")) return undefined;
    throw error;
  }
}

async function hashOfBody(cryptography: Cryptography, body: ObjectBody): Promise<string | undefined> {
  const digest = cryptography.newSha256();
  try {
    for await (const chunk of body.chunks) digest.update(chunk);
  } catch (error) {
    if (hasCode(error, "STORE_TRUNCATED")) return undefined;
    throw error;
  }
  return toHex(digest.digest());
}

export function mayHelpToReadAgain(error: unknown): boolean {
  if (hasCode(error, "OBJECT_DAMAGED")) return error.context.forged !== true;
  return hasCode(error, "SEALED_DAMAGED", "STORE_NOT_FOUND", "STORE_TRUNCATED");
}

export function objectDamaged(access: StoredAccess, ref: Ref, cause?: unknown): BackupError {
  return new BackupError({
    code: "OBJECT_DAMAGED",
    message: `${objectOf(access, ref)} is damaged: its stored bytes are not the ones that were signed`,
    hint: "Use another snapshot for what it holds, or bring back an older version of the object in the storage account; the next backup stores the stream anew.",
    cause,
    context: contextOf(access, ref),
  });
}

/** For `catch`: content that no writer of ours makes counts as damage of the object it stands in. */
export function rethrownAsDamage(access: StoredAccess, ref: Ref): (error: unknown) => never {
  return (error) => {
    throw hasCode(error, "SEALED_DAMAGED", "MEMBER_FORM") ? objectDamaged(access, ref, error) : error;
  };
}

export function objectMissing(access: StoredAccess, ref: Ref): BackupError {
  return new BackupError({
    code: "OBJECT_MISSING",
    message: `${objectOf(access, ref)} is not in the storage account`,
    hint: "Undelete it there if soft delete or versioning is on, or use another snapshot; the next backup stores the stream anew.",
    context: contextOf(access, ref),
  });
}

/** The chunks opened under the pinned header, yet the hash is wrong: only someone with the file key can do that. */
export function objectForged(access: StoredAccess, ref: Ref): BackupError {
  return new BackupError({
    code: "OBJECT_DAMAGED",
    message: `${objectOf(access, ref)} opens with its key but is not the object that was signed`,
    hint: "Someone who holds a recovery key replaced it: do not use it, treat the storage account as attacked.",
    context: { ...contextOf(access, ref), forged: true },
  });
}

export function objectTooLarge(access: StoredAccess, ref: Ref, maxBytes: number): BackupError {
  return new BackupError({
    code: "OBJECT_TOO_LARGE",
    message: `${objectOf(access, ref)} has ${ref.n} bytes where at most ${maxBytes} are expected`,
    hint: "Update the extension; if it is up to date, the object does not come from it.",
    context: contextOf(access, ref),
  });
}

function objectOf({ vault, stream }: StoredAccess, ref: Ref): string {
  return `Object ${dataName(vault, ref.o)}${stream === undefined ? "" : ` of ${stream}`}`;
}

function contextOf({ stream }: StoredAccess, { o }: Ref): Readonly<Record<string, string>> {
  return { object: o, ...(stream === undefined ? {} : { stream }) };
}

export interface Measured {
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Call once, after the chunks have ended. */
  facts(): { readonly length: number; readonly sha256: string };
}

export function measuring(cryptography: Cryptography, chunks: AsyncIterable<Uint8Array>): Measured {
  const digest = cryptography.newSha256();
  let length = 0;
  async function* measure(): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      digest.update(chunk);
      length += chunk.length;
      yield chunk;
    }
  }
  return { chunks: measure(), facts: () => ({ length, sha256: toHex(digest.digest()) }) };
}
