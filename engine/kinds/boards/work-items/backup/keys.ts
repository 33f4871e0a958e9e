/**
 * What a backup remembers of each work item without its content: the stored `keys`, readable by the agent. They tell
 * what changed without a word in any feed.
 */
import { BackupError } from "../../../../foundation/errors.ts";
import { arrayAt, numberAt, stringAt, type JsonObject } from "../../../../foundation/json.ts";
import type { PreviousStream } from "../../../kind.ts";

export interface Key {
  readonly rev: number;
  /** Keyed hash of the comments; absent without comments. */
  readonly c?: string;
  /** Linked work items: when this one enters or leaves the recycle bin, theirs change as well. */
  readonly l?: readonly number[];
  /** In the recycle bin. */
  readonly deleted: boolean;
  /** Neither listed nor in the recycle bin: destroyed, or hidden from us; its last record is carried. */
  readonly lost: boolean;
}

/** Keys by the id of their work item. */
export interface Keys {
  readonly size: number;
  /** How many of them are lost. */
  readonly lost: number;
  /** How many of them are in the recycle bin. */
  readonly deleted: number;
  has(id: number): boolean;
  get(id: number): Key | undefined;
  /** Ascending. */
  ids(): Iterable<number>;
}

export async function readKeys({ keys }: Pick<PreviousStream, "keys">): Promise<Keys> {
  const table = new KeyTable();
  for await (const { key, value } of keys()) {
    const c = stringAt(value, "c");
    const l = arrayAt(value, "l")?.filter((id) => typeof id === "number");
    table.add(Number(key), {
      rev: numberAt(value, "rev") ?? 0,
      deleted: value.del === true,
      lost: value.lost === true,
      ...(c === undefined ? {} : { c }),
      ...(l === undefined ? {} : { l }),
    });
  }
  return table;
}

export function noKeys(): Keys {
  return new KeyTable();
}

/** The key as it is stored, without what is the rule. */
export function storedKey(id: number, { rev, c, l, deleted, lost }: Key): JsonObject {
  return {
    id,
    rev,
    ...(c === undefined ? {} : { c }),
    ...(l === undefined ? {} : { l }),
    ...(deleted ? { del: true } : {}),
    ...(lost ? { lost: true } : {}),
  };
}

const digestBytes = 32;
const [isDeleted, isLost] = [1, 2];

/**
 * Keys in columns: an object for each of a million work items would take some 300 MB, this takes 21 MB, 4 bytes for
 * each link and 32 for each item with comments.
 */
export class KeyTable implements Keys {
  #size = 0;
  #lost = 0;
  #deleted = 0;
  #digests = 0;
  #ids: Float64Array = new Float64Array(256);
  #revs: Uint32Array = new Uint32Array(256);
  #flags: Uint8Array = new Uint8Array(256);
  /** One more than the number of its digest; 0 without comments. */
  #digestOf: Uint32Array = new Uint32Array(256);
  /** Where its links end, which is where the next one's begin. */
  #linkEnds: Uint32Array = new Uint32Array(256);
  #links: Uint32Array = new Uint32Array(256);
  #digestColumn: Buffer = Buffer.alloc(256 * digestBytes);

  get size(): number {
    return this.#size;
  }

  get lost(): number {
    return this.#lost;
  }

  get deleted(): number {
    return this.#deleted;
  }

  /** In the order of their ids; throws STATE_INVALID for any other. */
  add(id: number, { rev, c, l = [], deleted, lost }: Key): void {
    const row = this.#size;
    if (!(id > (this.#ids[row - 1] ?? -1))) throw outOfOrder(id);
    this.#makeRoom(row + 1);
    this.#ids[row] = id;
    this.#revs[row] = rev;
    this.#flags[row] = (deleted ? isDeleted : 0) | (lost ? isLost : 0);
    this.#digestOf[row] = this.#addDigest(c);
    this.#linkEnds[row] = this.#addLinks(row, l);
    this.#size += 1;
    if (lost) this.#lost += 1;
    if (deleted) this.#deleted += 1;
  }

  has(id: number): boolean {
    return this.#rowOf(id) !== undefined;
  }

  get(id: number): Key | undefined {
    const row = this.#rowOf(id);
    if (row === undefined) return undefined;
    const flags = this.#flags[row] ?? 0;
    const c = this.#digestAt(this.#digestOf[row] ?? 0);
    const l = this.#links.subarray(this.#linkEnds[row - 1] ?? 0, this.#linkEnds[row]);
    return {
      rev: this.#revs[row] ?? 0,
      deleted: (flags & isDeleted) !== 0,
      lost: (flags & isLost) !== 0,
      ...(c === undefined ? {} : { c }),
      ...(l.length === 0 ? {} : { l: [...l] }),
    };
  }

  ids(): Iterable<number> {
    return this.#ids.subarray(0, this.#size);
  }

  #rowOf(id: number): number | undefined {
    let [low, high] = [0, this.#size];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ids[middle] ?? 0) < id) low = middle + 1;
      else high = middle;
    }
    return low < this.#size && this.#ids[low] === id ? low : undefined;
  }

  #makeRoom(rows: number): void {
    if (rows <= this.#ids.length) return;
    const length = 2 * rows;
    this.#ids = copied(this.#ids, new Float64Array(length));
    this.#revs = copied(this.#revs, new Uint32Array(length));
    this.#flags = copied(this.#flags, new Uint8Array(length));
    this.#digestOf = copied(this.#digestOf, new Uint32Array(length));
    this.#linkEnds = copied(this.#linkEnds, new Uint32Array(length));
  }

  /** Anything that is no SHA-256 counts as none: the comments are then compared anew. */
  #addDigest(hex: string | undefined): number {
    const digest = Buffer.from(hex ?? "", "hex");
    if (digest.length !== digestBytes) return 0;
    const at = this.#digests * digestBytes;
    if (at === this.#digestColumn.length) this.#digestColumn = copied(this.#digestColumn, Buffer.alloc(2 * at));
    this.#digestColumn.set(digest, at);
    this.#digests += 1;
    return this.#digests;
  }

  #digestAt(number: number): string | undefined {
    const end = number * digestBytes;
    return number === 0 ? undefined : this.#digestColumn.toString("hex", end - digestBytes, end);
  }

  #addLinks(row: number, links: readonly number[]): number {
    const start = this.#linkEnds[row - 1] ?? 0;
    const end = start + links.length;
    if (end > this.#links.length) this.#links = copied(this.#links, new Uint32Array(2 * end));
    this.#links.set(links, start);
    return end;
  }
}

function copied<Column extends Float64Array | Uint32Array | Uint8Array>(from: Column, into: Column): Column {
  into.set(from);
  return into;
}

function outOfOrder(id: number): BackupError {
  return new BackupError({
    code: "STATE_INVALID",
    message: `The keys of work items in the vault are out of order at ${id}`,
    hint: "The vault was damaged or written by another tool; run VerifyBackup.",
  });
}
