/**
 * The stored objects of a restore journal (design.md §6.19): age files sealed to all recovery recipients, each with
 * one line of canonical JSON and one with its HMAC-SHA256 in hex. The key of the MAC is random and stands in the
 * first object; each object names the hash of the one before. So whoever holds no recovery key can neither read a
 * journal, nor change, reorder, or move one into another restore.
 */
import {
  chunksOf,
  equalBytes,
  fromBase64,
  fromHex,
  fromUtf8,
  readAll,
  toBase64,
  toHex,
  utf8,
} from "../foundation/bytes.ts";
import { mapConcurrent } from "../foundation/concurrency.ts";
import { BackupError, hasCode } from "../foundation/errors.ts";
import { canonicalJson, objectAt, parseObject, stringAt } from "../foundation/json.ts";
import type { JsonObject } from "../foundation/json.ts";
import type { Cryptography } from "../crypto/cryptography.ts";
import { sha256Hex } from "../crypto/cryptography.ts";
import { readObject } from "../store/object-store.ts";
import type { ObjectReader, ObjectStore } from "../store/object-store.ts";
import { journalName, journalPrefix, parseJournalName } from "./layout.ts";

const journalType = "azdo-vault/journal/v1";
const maxObjectBytes = 256 * 1024 * 1024;
const readsAtATime = 16;

export interface JournalPlace {
  readonly store: ObjectReader;
  readonly cryptography: Cryptography;
  readonly vault: string;
  /** Recovery identities. */
  readonly identities: readonly string[];
}

/** Where the next object goes and what it must join on to. */
export interface JournalEnd {
  readonly n: number;
  readonly prev: string | null;
  readonly macKey: Uint8Array;
}

export interface JournalObjects {
  /** What the objects say, oldest first. */
  readonly bodies: readonly JsonObject[];
  /** Undefined when there is no object yet. */
  readonly end: JournalEnd | undefined;
}

/** Reads all objects of one journal. Throws JOURNAL_TAMPERED, KEY_MISMATCH, and errors of the store. */
export async function readJournalObjects(place: JournalPlace, restoreId: string): Promise<JournalObjects> {
  const bodies: JsonObject[] = [];
  let end: JournalEnd | undefined;
  const numbers = await objectNumbers(place, restoreId);
  for await (const { n, sha256, plain } of mapConcurrent(numbers, readsAtATime, (n) => readOne(place, restoreId, n))) {
    if (n !== bodies.length) throw tampered(place.vault, restoreId, `object ${bodies.length} is missing`);
    const prev = end?.prev ?? null;
    const { body, macKey } = await authentic(place, plain, { restoreId, n, prev, macKey: end?.macKey });
    bodies.push(body);
    end = { n: n + 1, prev: sha256, macKey };
  }
  return { bodies, end };
}

async function readOne(
  place: JournalPlace,
  restoreId: string,
  n: number,
): Promise<{ readonly n: number; readonly sha256: string; readonly plain: Uint8Array }> {
  const sealed = await readObject(place.store, journalName(place.vault, restoreId, n), maxObjectBytes);
  return { n, sha256: sha256Hex(place.cryptography, sealed), plain: await opened(place, sealed, restoreId) };
}

/** Writes the next object. Throws JOURNAL_BUSY when another process has written it. */
export async function writeJournalObject(
  place: JournalPlace & {
    readonly store: ObjectStore;
    readonly recipients: readonly string[];
    readonly restoreId: string;
  },
  end: JournalEnd | undefined,
  body: JsonObject,
): Promise<JournalEnd> {
  const { store, cryptography, vault, recipients, restoreId } = place;
  const { n, prev, macKey } = end ?? { n: 0, prev: null, macKey: cryptography.randomBytes(32) };
  const secret = n === 0 ? { macKey: toBase64(macKey) } : {};
  const line = canonicalJson({ type: journalType, vault, restore: restoreId, n, prev, body, ...secret });
  const mac = await cryptography.hmacSha256(macKey, utf8(line));
  const sealing = await cryptography.seal(recipients, chunksOf(utf8(`${line}\n${toHex(mac)}\n`)));
  const sealed = await readAll(sealing.chunks, maxObjectBytes);
  try {
    await store.create(journalName(vault, restoreId, n), sealed);
  } catch (error) {
    throw hasCode(error, "STORE_EXISTS") ? busy(vault, restoreId) : error;
  }
  return { n: n + 1, prev: sha256Hex(cryptography, sealed), macKey };
}

async function objectNumbers({ store, vault }: JournalPlace, restoreId: string): Promise<readonly number[]> {
  const numbers: number[] = [];
  for await (const { name } of store.list(journalPrefix(vault, restoreId))) {
    const parts = parseJournalName(vault, name);
    if (parts !== undefined) numbers.push(parts.n);
  }
  return numbers;
}

async function opened(place: JournalPlace, sealed: Uint8Array, restoreId: string): Promise<Uint8Array> {
  try {
    return await readAll(place.cryptography.open(place.identities, chunksOf(sealed)), maxObjectBytes);
  } catch (error) {
    if (hasCode(error, "SEALED_DAMAGED")) throw tampered(place.vault, restoreId, "an object is damaged");
    throw error;
  }
}

interface ExpectedObject {
  readonly restoreId: string;
  readonly n: number;
  readonly prev: string | null;
  /** Undefined for the first object, which brings it. */
  readonly macKey: Uint8Array | undefined;
}

async function authentic(
  { cryptography, vault }: JournalPlace,
  plain: Uint8Array,
  expected: ExpectedObject,
): Promise<{ readonly body: JsonObject; readonly macKey: Uint8Array }> {
  const { restoreId, n } = expected;
  const [line = "", mac = "", rest] = textLines(plain);
  const value = parseObject(line) ?? {};
  const macKey = expected.macKey ?? macKeyIn(value);
  const body = objectAt(value, "body");
  if (rest !== "" || macKey?.length !== 32 || body === undefined) {
    throw tampered(vault, restoreId, `object ${n} has not the form of one`);
  }
  const right = await cryptography.hmacSha256(macKey, utf8(line));
  if (!equalBytes(right, fromHex(mac) ?? new Uint8Array())) {
    throw tampered(vault, restoreId, `object ${n} is not authentic`);
  }
  if (!belongs(value, vault, expected)) throw tampered(vault, restoreId, `object ${n} belongs elsewhere`);
  return { body, macKey };
}

function macKeyIn(value: JsonObject): Uint8Array | undefined {
  return fromBase64(stringAt(value, "macKey") ?? "");
}

function belongs(value: JsonObject, vault: string, { restoreId, n, prev }: ExpectedObject): boolean {
  const isOfThisRestore = value.type === journalType && value.vault === vault && value.restore === restoreId;
  return isOfThisRestore && value.n === n && value.prev === prev;
}

function textLines(plain: Uint8Array): readonly string[] {
  try {
    return fromUtf8(plain).split("\n");
  } catch {
    return []; // not UTF-8
  }
}

export function tampered(vault: string, restoreId: string, found: string): BackupError {
  return new BackupError({
    code: "JOURNAL_TAMPERED",
    message: `The journal of restore ${restoreId} in vault ${vault} was tampered with: ${found}`,
    hint: "Nothing is restored on the word of it. Find out who can write to the container; to begin the restore anew, move the objects under restores/ that have this id out of the container.",
  });
}

function busy(vault: string, restoreId: string): BackupError {
  return new BackupError({
    code: "JOURNAL_BUSY",
    message: `Another run is carrying out the same restore (${restoreId}) from vault ${vault} at this moment`,
    hint: "Let it finish, or cancel it, then run again: the restore goes on where it stopped.",
  });
}
