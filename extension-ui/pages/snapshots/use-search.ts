import * as React from "react";
import type { Clock } from "../../../engine/foundation/clock.ts";
import type { CatalogueItem } from "../../../engine/vault/format/state.ts";
import { itemNode, itemTree, type KindNode, type StreamNode } from "../../model/item-tree.ts";
import { searchIndex, type SearchIndex, type SearchResult } from "../../model/search.ts";
import type { StreamLine, VaultSource, ViewerKey } from "../../model/vault-source.ts";
import { itemsOfStreams } from "../../vault/items-of-streams.ts";
import { useHub } from "../hub/hub-context.ts";
import type { ItemRow } from "./item-table.tsx";

export interface Search {
  readonly hits: readonly ItemRow[];
  readonly found: number;
  /** Streams whose items have been looked through, of all. */
  readonly read: number;
  readonly of: number;
  readonly error: unknown;
}

/** A hit on a stream itself has no item id: `ItemRow.id` is empty then. */
type Entry = ItemRow & { readonly name: string };

const shownHits = 200;
const nothing: Search = { hits: [], found: 0, read: 0, of: 0, error: undefined };

/** Looks for names and ids in everything that the snapshot holds; what has been read once is kept while it is open. */
export function useSearch(lines: readonly StreamLine[], query: string): Search {
  const { vault, viewer, clock } = useHub();
  const { source } = vault;
  const [filled, setFilled] = React.useState({ read: 0, of: 0, error: undefined as unknown });
  const [result, setResult] = React.useState<SearchResult<Entry>>();
  const index = React.useMemo(() => searchIndex<Entry>(), [lines, source, viewer]);
  const isWanted = query.trim() !== "";
  // What has begun goes on while people rewrite their query; it ends with the index, or the page.
  const [wanted, setWanted] = React.useState<SearchIndex<Entry>>();
  React.useEffect(() => {
    if (isWanted) setWanted(index);
  }, [index, isWanted]);
  React.useEffect(() => {
    const abort = new AbortController();
    if (wanted === index && source !== undefined && viewer !== undefined)
      void fill(index, lines, {
        clock,
        reading: { source, viewer, signal: abort.signal },
        tell: (next) => {
          if (!abort.signal.aborted) setFilled(next);
        },
      });
    return () => abort.abort();
  }, [index, wanted]);
  React.useEffect(() => {
    const abort = new AbortController();
    setResult((before) => (isWanted ? before : undefined));
    void look(index, query, { signal: abort.signal, tell: setResult });
    return () => abort.abort();
  }, [index, query, filled.read]);
  if (!isWanted || result === undefined) return { ...nothing, ...filled };
  return { hits: result.hits, found: result.found, ...filled };
}

interface Filling {
  readonly reading: { readonly source: VaultSource; readonly viewer: ViewerKey; readonly signal: AbortSignal };
  readonly clock: Clock;
  readonly tell: (next: { readonly read: number; readonly of: number; readonly error: unknown }) => void;
}

/** Each time, everything that has been read so far is searched again. */
const tellEveryMs = 300;

async function fill(
  index: SearchIndex<Entry>,
  lines: readonly StreamLine[],
  { reading, clock, tell }: Filling,
): Promise<void> {
  const streams = itemTree(lines).flatMap((kind) => kind.streams.map((stream) => ({ kind, stream })));
  const nodes = new Map(streams.map((one) => [one.stream.line, one]));
  index.add(streams.map(({ kind, stream }) => streamEntry(kind.title, stream)));
  let read = 0;
  let problem: unknown;
  let toldAt = clock.monotonicMs();
  tell({ read, of: streams.length, error: undefined });
  try {
    for await (const { line, items, error } of itemsOfStreams(nodes.keys(), reading)) {
      const node = nodes.get(line);
      if (node !== undefined) index.add(items.map((item) => entryOf(item, node)));
      // One damaged list does not keep people from finding what stands in the others.
      problem ??= error;
      read += 1;
      if (clock.monotonicMs() - toldAt < tellEveryMs) continue;
      tell({ read, of: streams.length, error: problem });
      // Lets the page draw and take keys.
      await clock.sleep(0, reading.signal);
      toldAt = clock.monotonicMs();
    }
    tell({ read, of: streams.length, error: problem });
  } catch (error) {
    tell({ read, of: streams.length, error });
  }
}

interface Place {
  readonly kind: KindNode;
  readonly stream: StreamNode;
}

function entryOf(item: CatalogueItem, { kind, stream }: Place): Entry {
  const node = itemNode(item);
  const place = kind.isSingle ? kind.title : `${kind.title}: ${stream.label}`;
  return { ...node, name: node.label, stream: stream.id, place };
}

function streamEntry(title: string, { id, label }: StreamNode): Entry {
  return { id: "", label, name: label, isDeleted: false, item: { id: "", type: title }, stream: id, place: title };
}

interface Looking {
  readonly signal: AbortSignal;
  readonly tell: (result: SearchResult<Entry> | undefined) => void;
}

async function look(index: SearchIndex<Entry>, query: string, { signal, tell }: Looking): Promise<void> {
  const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));
  for await (const result of index.search(query, { limit: shownHits, signal, pause }))
    if (!signal.aborted) tell(result);
}
