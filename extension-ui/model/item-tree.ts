/** What a snapshot holds as a tree: kinds, their streams, and below them items that are read when they are opened. */
import { kindTitle } from "../../engine/foundation/wording.ts";
import type { CatalogueItem, StreamStatus } from "../../engine/vault/format/state.ts";
import type { StreamLine } from "./vault-source.ts";
import { isFiles, kindOf, streamOf } from "../../engine/vault/format/stream-ids.ts";

export interface KindNode {
  readonly kind: string;
  readonly title: string;
  /** The kind keeps all its items in one stream: they stand directly below the kind. */
  readonly isSingle: boolean;
  readonly streams: readonly StreamNode[];
  readonly items: number;
  readonly bytes: number;
  /** Streams that could not be read when the snapshot was taken. */
  readonly gaps: number;
}

export interface StreamNode {
  /** Stream id. */
  readonly id: string;
  readonly kind: string;
  /** Its name; without names in the catalogue the last part of its id. */
  readonly label: string;
  readonly status: StreamStatus;
  readonly items: number | undefined;
  readonly bytes: number;
  readonly line: StreamLine;
}

export interface ItemNode {
  readonly id: string;
  readonly label: string;
  /** In the source's recycle bin when the snapshot was taken. */
  readonly isDeleted: boolean;
  readonly item: CatalogueItem;
}

/** Kinds by title, streams by name. Files stay with the stream that they accompany. */
export function itemTree(lines: readonly StreamLine[]): readonly KindNode[] {
  const kinds = new Map<string, StreamNode[]>();
  const bytesOfFiles = new Map(lines.filter(({ s }) => isFiles(s)).map(({ s, bytes }) => [streamOf(s), bytes ?? 0]));
  for (const line of lines) {
    if (isFiles(line.s)) continue;
    const node = streamNode(line, bytesOfFiles.get(line.s) ?? 0);
    const own = kinds.get(node.kind);
    if (own === undefined) kinds.set(node.kind, [node]);
    else own.push(node);
  }
  return [...kinds].map(kindNode).sort((a, b) => compareNames(a.title, b.title));
}

/** Numbers by value, everything else by name. */
export function itemNodes(items: readonly CatalogueItem[]): readonly ItemNode[] {
  return items.map(itemNode).sort(compareItems);
}

export function itemNode(item: CatalogueItem): ItemNode {
  const { id, name } = item;
  return { id, label: name === undefined || name === "" ? id : name, isDeleted: isInRecycleBin(item), item };
}

export function isInRecycleBin({ state }: CatalogueItem): boolean {
  return state === "Deleted";
}

function streamNode(line: StreamLine, bytesOfFiles: number): StreamNode {
  const { s, name, st, count, bytes = 0 } = line;
  const label = name === undefined || name === "" ? (s.split("/").at(-1) ?? s) : name;
  return { id: s, kind: kindOf(s), label, status: st, items: count, bytes: bytes + bytesOfFiles, line };
}

function kindNode([kind, streams]: readonly [string, readonly StreamNode[]]): KindNode {
  return {
    kind,
    title: kindTitle(kind),
    isSingle: streams.length === 1 && streams[0]?.id === kind,
    streams: [...streams].sort((a, b) => compareNames(a.label, b.label)),
    items: streams.reduce((sum, { items = 0 }) => sum + items, 0),
    bytes: streams.reduce((sum, { bytes }) => sum + bytes, 0),
    gaps: streams.filter(({ status }) => status === "stale" || status === "missing").length,
  };
}

const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

function compareNames(left: string, right: string): number {
  return collator.compare(left, right);
}

function compareItems(left: ItemNode, right: ItemNode): number {
  const [a, b] = [numberOf(left.id), numberOf(right.id)];
  if (a !== undefined && b !== undefined) return a - b;
  if (a !== undefined || b !== undefined) return a === undefined ? 1 : -1;
  return compareNames(left.label, right.label);
}

function numberOf(id: string): number | undefined {
  return /^[0-9]{1,15}$/.test(id) ? Number(id) : undefined;
}
