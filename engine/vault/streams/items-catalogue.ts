/**
 * Names of items for people who browse (docs/format.md 3.8): NDJSON sealed for the catalogue, a base and deltas. A
 * later line for the same id wins; `del` says that the item is gone.
 */
import { canonicalJson, parseObject, stringAt } from "../../foundation/json.ts";
import { compressedLines } from "../format/gzip-members.ts";
import type { KeyedLine } from "../format/gzip-members.ts";
import type { Ref } from "../format/ref.ts";
import { readObjectLines } from "../objects/sealed-objects.ts";
import type { SealedWriter, VaultAccess } from "../objects/sealed-objects.ts";
import type { CatalogueItem } from "../format/state.ts";
import { objectDamaged } from "../objects/stored-objects.ts";

const maxDeltas = 8;
/** Deltas that take more than this share of the base are merged into a new one. */
const maxDeltaShare = 0.5;

export interface ItemsUpdate {
  readonly previous: readonly Ref[];
  readonly lines: AsyncIterable<CatalogueItem>;
  /** The lines are all items there are. */
  readonly complete: boolean;
}

/** Writes a delta or a new base; the earlier refs unchanged when there is nothing new. */
export async function writeItems(
  sealed: SealedWriter,
  access: VaultAccess,
  { previous, lines, complete }: ItemsUpdate,
): Promise<readonly Ref[]> {
  if (complete || previous.length === 0) return [await writeLines(sealed, withoutDeleted(lines))];
  if (hasGrown(previous)) return [await writeLines(sealed, mergedItems(access, previous, lines))];
  const iterator = lines[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done === true) return previous;
  return [...previous, await writeLines(sealed, following(first.value, iterator))];
}

/** All items, deltas merged, deleted ones left out. The deltas are kept in memory, the base is streamed. */
export async function* readItems(access: VaultAccess, refs: readonly Ref[]): AsyncGenerator<CatalogueItem> {
  yield* mergedItems(access, refs, noItems());
}

async function* mergedItems(
  access: VaultAccess,
  refs: readonly Ref[],
  newest: AsyncIterable<CatalogueItem>,
): AsyncGenerator<CatalogueItem> {
  const [base, ...deltas] = refs;
  const later = new Map<string, CatalogueItem>();
  for (const delta of deltas) for await (const item of itemsOf(access, delta)) later.set(item.id, item);
  for await (const item of newest) later.set(item.id, item);
  if (base !== undefined) {
    for await (const item of itemsOf(access, base)) {
      const current = later.get(item.id) ?? item;
      later.delete(item.id);
      if (current.del !== true) yield current;
    }
  }
  for (const item of later.values()) if (item.del !== true) yield item;
}

function hasGrown([base, ...deltas]: readonly Ref[]): boolean {
  const deltaBytes = deltas.reduce((sum, { n }) => sum + n, 0);
  return deltas.length >= maxDeltas || deltaBytes > maxDeltaShare * (base?.n ?? 0);
}

function writeLines(sealed: SealedWriter, items: AsyncIterable<CatalogueItem>): Promise<Ref> {
  return sealed.write("ndjson.gz.age", "catalogue", compressedLines(sealed.cryptography, itemLines(items)));
}

async function* itemLines(items: AsyncIterable<CatalogueItem>): AsyncGenerator<KeyedLine<string>> {
  for await (const item of items) yield { key: item.id, line: canonicalJson(item) };
}

async function* itemsOf(access: VaultAccess, ref: Ref): AsyncGenerator<CatalogueItem> {
  for await (const line of readObjectLines(access, ref)) {
    const item = parseItem(line);
    if (item === undefined) throw objectDamaged(access, ref);
    yield item;
  }
}

function parseItem(line: string): CatalogueItem | undefined {
  const value = parseObject(line);
  if (value === undefined || stringAt(value, "id") === undefined) return undefined;
  const { name, type, state, rev, at, by, del } = value;
  const areTexts = [name, type, state, at, by].every((text) => text === undefined || typeof text === "string");
  const isGood = areTexts && (rev === undefined || typeof rev === "number") && (del === undefined || del === true);
  return isGood ? (value as unknown as CatalogueItem) : undefined;
}

async function* withoutDeleted(items: AsyncIterable<CatalogueItem>): AsyncGenerator<CatalogueItem> {
  for await (const item of items) if (item.del !== true) yield item;
}

async function* following(
  first: CatalogueItem,
  rest: AsyncIterator<CatalogueItem>,
): AsyncGenerator<CatalogueItem, undefined> {
  yield first;
  for (;;) {
    const next = await rest.next();
    if (next.done === true) return;
    yield next.value;
  }
}

async function* noItems(): AsyncGenerator<CatalogueItem> {
  yield* [];
}
