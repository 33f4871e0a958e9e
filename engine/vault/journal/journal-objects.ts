/**
 * The stored objects of a journal (docs/format.md 3.10): age files, each with one line of canonical JSON and one with
 * its HMAC-SHA256 in hex. The key of the MAC is derived from the recovery identity of the run, so nobody who knows only
 * the recipient, which stands in clear in the log, can make an object that counts. Each object names the hash of the
 * one before, its number, its journal and its vault: none can be changed, reordered, or moved elsewhere.
 *
 * What does not authenticate does not exist. Names end in a tag that only the key can tell, so nobody can take one
 * before it is used; where a name is taken all the same, the next tag is tried. Reading needs no listing: whatever else
 * lies there, in any number, is not looked at.
 */
import { chunksOf, equalBytes, fromHex, fromUtf8, readAll, toHex, utf8 } from "../../foundation/bytes.ts";
import { BackupError, hasCode } from "../../foundation/errors.ts";
import { canonicalJson, objectAt, parseObject } from "../../foundation/json.ts";
import type { JsonObject } from "../../foundation/json.ts";
import type { Cryptography } from "../../crypto/cryptography.ts";
import { sha256Hex } from "../../crypto/cryptography.ts";
import { fingerprint, journalKeyOf } from "../../crypto/keys.ts";
import { readObject } from "../../store/object-store.ts";
import type { ObjectStore } from "../../store/object-store.ts";
import { journalName } from "../format/layout.ts";

const journalType = "azdo-vault/journal/v2";
/** Of an object, sealed or not; what is longer is none of ours. */
export const maxJournalObjectBytes = 4 * 1024 * 1024;
/** Names that others may have taken before the run gives up: each was free when it was first used. */
const maxTries = 100;
const tagDigits = 32;

/** A recovery identity of the run, and what follows from it. Holds secrets: never logged, never serialised. */
export interface JournalKey {
  readonly identity: string;
  /** Of the identity's recipient. */
  readonly fingerprint: string;
  readonly macKey: Uint8Array;
}

/** Throws KEY_FORM. */
export async function journalKey(identity: string, cryptography: Cryptography): Promise<JournalKey> {
  const [recipient, macKey] = [await cryptography.recipientOf(identity), await journalKeyOf(identity, cryptography)];
  return { identity, fingerprint: fingerprint(recipient), macKey };
}

export interface JournalPlace {
  readonly store: ObjectStore;
  readonly cryptography: Cryptography;
  readonly vault: string;
  readonly key: JournalKey;
  /** To whom new objects are sealed: the key's own recipient, and others who may read what was done. */
  readonly recipients: readonly string[];
}

/** Objects of one journal, one after another; at most one is held in memory. */
export interface JournalChain {
  /** Names of the objects that were found to be ours, the newest last. */
  readonly names: readonly string[];
  /** Names of objects that stand where ours would and do not authenticate. */
  readonly strangers: ReadonlySet<string>;
  /** What has been written since it was read last, oldest first. */
  readOn(): AsyncGenerator<JsonObject>;
  /** Throws JOURNAL_BUSY when another process has written since it was read last: nothing was written then. */
  append(body: JsonObject): Promise<void>;
}

/** `id`: hex, of the restore. Nothing is read yet. */
export function journalChain(place: JournalPlace, id: string): JournalChain {
  return new Chain(place, id);
}

interface Found {
  readonly name: string;
  readonly sealed: Uint8Array;
  readonly body: JsonObject;
}

class Chain implements JournalChain {
  readonly names: string[] = [];
  readonly strangers = new Set<string>();
  readonly #place: JournalPlace;
  readonly #id: string;
  /** SHA-256 of the newest object as it is stored. */
  #prev: string | null = null;
  /** The first try for the next number whose name was free. */
  #free = 0;
  /** An object whose creation failed without an answer. */
  #unanswered: Uint8Array | undefined;

  constructor(place: JournalPlace, id: string) {
    this.#place = place;
    this.#id = id;
  }

  async *readOn(): AsyncGenerator<JsonObject> {
    for (let next = await this.#look(); next !== undefined; next = await this.#look()) {
      this.#took(next.name, next.sealed);
      yield next.body;
    }
  }

  async append(body: JsonObject): Promise<void> {
    // What the storage may have taken without saying so comes first: otherwise it would look like another's.
    if (this.#unanswered !== undefined) await this.#create(this.#unanswered);
    await this.#create(await this.#sealed(body));
  }

  async #create(sealed: Uint8Array): Promise<void> {
    this.#unanswered = sealed;
    for (;;) {
      const name = await this.#nameOf(this.#free);
      try {
        await this.#place.store.create(name, sealed);
        this.#took(name, sealed);
        return;
      } catch (error) {
        if (!hasCode(error, "STORE_EXISTS")) throw error;
      }
      if ((await this.#look()) === undefined) continue;
      this.#unanswered = undefined;
      throw busy(this.#place.vault, this.#id);
    }
  }

  /** The next object, if there is one that is ours; otherwise `#free` is where it would go. */
  async #look(): Promise<Found | undefined> {
    for (this.#free = 0; this.#free < maxTries; this.#free += 1) {
      const name = await this.#nameOf(this.#free);
      const sealed = await this.#read(name);
      if (sealed === "absent") return undefined;
      const body = sealed === "too large" ? undefined : await this.#authentic(sealed);
      if (sealed !== "too large" && body !== undefined) return { name, sealed, body };
      this.strangers.add(name);
    }
    throw crowded(this.#place.vault, this.#id);
  }

  #took(name: string, sealed: Uint8Array): void {
    this.names.push(name);
    this.#prev = sha256Hex(this.#place.cryptography, sealed);
    this.#free = 0;
    this.#unanswered = undefined;
  }

  async #nameOf(attempt: number): Promise<string> {
    const { cryptography, vault, key } = this.#place;
    const n = this.names.length;
    const facts = { type: `${journalType}/name`, vault, restore: this.#id, n, attempt };
    const tag = toHex(await cryptography.hmacSha256(key.macKey, utf8(canonicalJson(facts)))).slice(0, tagDigits);
    return journalName(vault, this.#id, { n, tag });
  }

  async #read(name: string): Promise<Uint8Array | "absent" | "too large"> {
    try {
      return await readObject(this.#place.store, name, maxJournalObjectBytes);
    } catch (error) {
      if (hasCode(error, "STORE_NOT_FOUND")) return "absent";
      if (error instanceof RangeError) return "too large";
      throw error;
    }
  }

  async #sealed(body: JsonObject): Promise<Uint8Array> {
    const { cryptography, vault, key, recipients } = this.#place;
    const facts = { type: journalType, vault, restore: this.#id, n: this.names.length, prev: this.#prev, body };
    const line = canonicalJson(facts);
    const mac = await cryptography.hmacSha256(key.macKey, utf8(line));
    const sealing = await cryptography.seal(recipients, chunksOf(utf8(`${line}\n${toHex(mac)}\n`)));
    return readAll(sealing.chunks, maxJournalObjectBytes);
  }

  /** What the object says; undefined unless the key's holder wrote it for just this place. */
  async #authentic(sealed: Uint8Array): Promise<JsonObject | undefined> {
    const { cryptography, vault, key } = this.#place;
    const [line = "", mac = "", rest] = await this.#opened(sealed);
    const right = await cryptography.hmacSha256(key.macKey, utf8(line));
    if (rest !== "" || !equalBytes(right, fromHex(mac) ?? new Uint8Array())) return undefined;
    const value = parseObject(line) ?? {};
    const isOurs = value.type === journalType && value.vault === vault && value.restore === this.#id;
    const isNext = value.n === this.names.length && value.prev === this.#prev;
    return isOurs && isNext ? objectAt(value, "body") : undefined;
  }

  async #opened(sealed: Uint8Array): Promise<readonly string[]> {
    const { cryptography, key } = this.#place;
    try {
      const plain = await readAll(cryptography.open([key.identity], chunksOf(sealed)), maxJournalObjectBytes);
      return fromUtf8(plain).split("\n");
    } catch (error) {
      const isForeign = hasCode(error, "SEALED_DAMAGED", "KEY_MISMATCH");
      if (isForeign || error instanceof RangeError || error instanceof TypeError) return []; // TypeError: not UTF-8
      throw error;
    }
  }
}

function busy(vault: string, id: string): BackupError {
  return new BackupError({
    code: "JOURNAL_BUSY",
    message: `Another run is carrying out the same restore (${id.slice(0, 12)}) from vault ${vault} at this moment`,
    hint: "Let it finish, or cancel it, then run again: the restore goes on where it stopped.",
  });
}

function crowded(vault: string, id: string): BackupError {
  return new BackupError({
    code: "JOURNAL_BLOCKED",
    message: `Somebody has replaced ${maxTries} objects of the journal of restore ${id.slice(0, 12)} in vault ${vault}`,
    hint: "Find out who can overwrite objects in the container; move the folder of this id under restores/ elsewhere, then run again.",
  });
}
