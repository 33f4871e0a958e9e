/** What a backup of work items has read: keys and names for later, on encrypted spools, and figures for the summary. */
import type { JsonObject } from "../../../../foundation/json.ts";
import { sortLines, type LineSorter } from "../../../../native/sorted-lines.ts";
import type { CatalogueItem } from "../../../../vault/format/state.ts";
import type { RecordLine } from "../../../../vault/streams/stream-writer.ts";
import { IdSet } from "../id-set.ts";
import type { ReadRecord } from "../record-json.ts";
import { linkedIds } from "../relations.ts";
import { storedKey, type Key, type Keys } from "./keys.ts";

const spoolBytes = 4 << 20;

export interface TallyOptions {
  /** What the parent snapshot knew. */
  readonly before: Keys;
  /** Everything is stored anew: what is not read now is not in it any more. */
  readonly isBase: boolean;
  readonly folder: string;
}

export class Tally {
  /** Items that are neither listed nor in the recycle bin any more, since this run. */
  readonly lost: number[] = [];
  records = 0;
  /** Items the stream holds now. */
  held: number;
  /** Of them those that are lost, since this run or longer. */
  heldLost: number;
  /** Of them those in the recycle bin. */
  heldDeleted: number;
  readonly #before: Keys;
  readonly #isBase: boolean;
  /** Read now, or known to have moved away. */
  readonly #accounted = new IdSet();
  readonly #keySpool: LineSorter<number>;
  readonly #itemSpool: LineSorter<number>;
  #added = 0;
  #changed = 0;
  #deleted = 0;

  constructor({ before, isBase, folder }: TallyOptions) {
    this.#before = before;
    this.#isBase = isBase;
    this.held = isBase ? 0 : before.size;
    this.heldLost = isBase ? 0 : before.lost;
    this.heldDeleted = isBase ? 0 : before.deleted;
    this.#keySpool = sortLines<number>({ folder, memoryBytes: spoolBytes });
    this.#itemSpool = sortLines<number>({ folder, memoryBytes: spoolBytes });
  }

  /** Each item once. */
  async addRecord(
    record: ReadRecord,
    { c, line }: { readonly c: string | undefined; readonly line: CatalogueItem },
  ): Promise<void> {
    const before = this.#before.get(record.id);
    const deleted = record.deleted === true;
    // The recycle bin does not show links: the ones known before are what comes back with the item.
    const linked = deleted ? (before?.l ?? []) : linkedIds(record.item);
    const key: Key = {
      rev: record.rev,
      deleted,
      lost: false,
      ...(c === undefined ? {} : { c }),
      ...(linked.length === 0 ? {} : { l: linked }),
    };
    this.#count(before, key);
    this.records += 1;
    this.#accounted.add(record.id);
    if (this.#isBase || before === undefined) this.held += 1;
    else if (before.lost) this.heldLost -= 1;
    this.heldDeleted += Number(deleted) - Number(!this.#isBase && before?.deleted === true);
    await this.#keySpool.add(record.id, JSON.stringify(storedKey(record.id, key)));
    await this.#itemSpool.add(record.id, JSON.stringify(line));
  }

  /** The stream goes on with what it has of the item, unless it is stored now. */
  holds(id: number): boolean {
    return !this.#isBase && this.#before.has(id);
  }

  #count(before: Key | undefined, key: Key): void {
    if (before === undefined) this.#added += 1;
    else if (key.deleted && !before.deleted) this.#deleted += 1;
    else if (!this.#isBase || before.rev !== key.rev || before.c !== key.c) this.#changed += 1;
  }

  /** True when the stream held the item and must drop it: it lives in another project now. */
  async addGone(id: number, gone: "moved" | "lost"): Promise<boolean> {
    if (gone === "moved") this.#accounted.add(id);
    const before = this.#isBase ? undefined : this.#before.get(id);
    if (before === undefined || (gone === "lost" && before.lost)) return false;
    if (gone === "lost") {
      this.lost.push(id);
      this.heldLost += 1;
      await this.#keySpool.add(id, JSON.stringify(storedKey(id, { ...before, lost: true })));
      return false;
    }
    this.#deleted += 1;
    this.held -= 1;
    if (before.lost) this.heldLost -= 1;
    if (before.deleted) this.heldDeleted -= 1;
    await this.#keySpool.add(id, "");
    await this.#itemSpool.add(id, JSON.stringify({ id: String(id), del: true }));
    return true;
  }

  /** Items that the parent snapshot held and a new base does not, without having moved away. */
  vanished(): readonly number[] {
    if (!this.#isBase) return [];
    return [...this.#before.ids()].filter((id) => !this.#accounted.has(id));
  }

  changes(): { readonly added: number; readonly changed: number; readonly deleted: number } {
    return { added: this.#added, changed: this.#changed, deleted: this.#deleted };
  }

  async *keyLines(): AsyncGenerator<RecordLine> {
    for await (const [key, json] of this.#keySpool.entries())
      yield json === "" ? { key, deleted: true } : { key, json };
  }

  async *catalogueLines(): AsyncGenerator<CatalogueItem> {
    for await (const [, line] of this.#itemSpool.entries()) yield catalogueItem(JSON.parse(line) as JsonObject);
  }

  async dispose(): Promise<void> {
    await this.#keySpool.dispose();
    await this.#itemSpool.dispose();
  }
}

/** As `addRecord` was given it. */
function catalogueItem(line: JsonObject): CatalogueItem {
  return line as unknown as CatalogueItem;
}
