/** What is different between two snapshots: first by their indexes alone, then within a stream by its items. */
import type { Ref } from "../../engine/vault/format/ref.ts";
import type { CatalogueItem } from "../../engine/vault/format/state.ts";
import { isInRecycleBin } from "./item-tree.ts";
import type { StreamLine } from "./vault-source.ts";
import { isFiles, streamOf } from "../../engine/vault/format/stream-ids.ts";

export interface StreamDifference {
  readonly stream: string;
  readonly change: "added" | "changed" | "deleted";
  /** Only its files or its state of reading changed when the content itself is the same. */
  readonly isContentSame: boolean;
  readonly before: StreamLine | undefined;
  readonly after: StreamLine | undefined;
}

export interface StreamComparison {
  /** In stream-id order. */
  readonly differences: readonly StreamDifference[];
  readonly same: number;
}

/** A stream that is `deleted` in the later snapshot counts as deleted although its last state is carried on. */
export function compareStreams(before: readonly StreamLine[], after: readonly StreamLine[]): StreamComparison {
  const [old, now] = [streamsOf(before), streamsOf(after)];
  const differences: StreamDifference[] = [];
  const ids = [...new Set([...old.keys(), ...now.keys()])].sort();
  for (const stream of ids) {
    const [was, is] = [old.get(stream), now.get(stream)];
    const change = changeOf(was, is);
    if (change === undefined) continue;
    const isContentSame = change === "changed" && sameRef(was?.line.state, is?.line.state);
    differences.push({ stream, change, isContentSame, before: was?.line, after: is?.line });
  }
  return { differences, same: ids.length - differences.length };
}

interface Stream {
  readonly line: StreamLine;
  readonly files: StreamLine | undefined;
}

function streamsOf(lines: readonly StreamLine[]): ReadonlyMap<string, Stream> {
  const files = new Map(lines.filter(({ s }) => isFiles(s)).map((line) => [streamOf(line.s), line]));
  const streams = lines.filter((line) => !isFiles(line.s));
  return new Map(streams.map((line) => [line.s, { line, files: files.get(line.s) }]));
}

function changeOf(before: Stream | undefined, after: Stream | undefined): StreamDifference["change"] | undefined {
  const [was, is] = [isThere(before), isThere(after)];
  if (was !== is) return is ? "added" : "deleted";
  if (!was || before === undefined || after === undefined) return undefined;
  return sameLine(before.line, after.line) && sameRef(before.files?.state, after.files?.state) ? undefined : "changed";
}

function isThere(stream: Stream | undefined): boolean {
  return stream !== undefined && stream.line.st !== "deleted";
}

function sameLine(left: StreamLine, right: StreamLine): boolean {
  return left.st === right.st && left.name === right.name && sameRef(left.state, right.state);
}

function sameRef(left: Ref | undefined, right: Ref | undefined): boolean {
  return left?.o === right?.o && left?.h === right?.h;
}

export type ItemField = "name" | "type" | "state" | "rev" | "at" | "by";

export interface ItemDifference {
  readonly id: string;
  readonly change: "added" | "changed" | "deleted";
  /** Fields that differ; empty for added and deleted ones. */
  readonly fields: readonly ItemField[];
  readonly before: CatalogueItem | undefined;
  readonly after: CatalogueItem | undefined;
}

/**
 * Items that differ between two states of a stream: added and changed ones in the later state's order, then deleted
 * ones. An item in the recycle bin counts as deleted. One side is kept in memory.
 */
export async function* compareItems(
  before: AsyncIterable<CatalogueItem>,
  after: AsyncIterable<CatalogueItem>,
): AsyncGenerator<ItemDifference> {
  const old = new Map<string, CatalogueItem>();
  for await (const item of before) old.set(item.id, item);
  for await (const item of after) {
    const difference = differenceOf(old.get(item.id), item);
    old.delete(item.id);
    if (difference !== undefined) yield difference;
  }
  for (const item of old.values()) {
    const difference = differenceOf(item, undefined);
    if (difference !== undefined) yield difference;
  }
}

/** Undefined when nothing that people see is different. */
export function differenceOf(
  before: CatalogueItem | undefined,
  after: CatalogueItem | undefined,
): ItemDifference | undefined {
  const id = after?.id ?? before?.id;
  const [was, is] = [present(before), present(after)];
  if (id === undefined || (was === undefined && is === undefined)) return undefined;
  if (was === undefined) return { id, change: "added", fields: [], before, after };
  if (is === undefined) return { id, change: "deleted", fields: [], before, after };
  const fields = fieldsThatDiffer(was, is);
  return fields.length === 0 ? undefined : { id, change: "changed", fields, before, after };
}

const fields: readonly ItemField[] = ["name", "type", "state", "rev", "at", "by"];

function fieldsThatDiffer(before: CatalogueItem, after: CatalogueItem): readonly ItemField[] {
  return fields.filter((field) => before[field] !== after[field]);
}

function present(item: CatalogueItem | undefined): CatalogueItem | undefined {
  return item === undefined || item.del === true || isInRecycleBin(item) ? undefined : item;
}
