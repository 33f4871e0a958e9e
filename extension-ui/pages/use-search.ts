import * as React from "react";
import { hasCode } from "../../engine/foundation/errors.ts";
import { itemNode, itemTree, type StreamNode } from "../model/item-tree.ts";
import { searchIndex, type SearchIndex, type SearchResult } from "../model/search.ts";
import type { StreamLine, VaultSource, ViewerKey } from "../model/vault-source.ts";
import { useHub } from "./hub-context.ts";
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
  const { vault, viewer } = useHub();
  const { source } = vault;
  const [filled, setFilled] = React.useState({ read: 0, of: 0, error: undefined as unknown });
  const [result, setResult] = React.useState<SearchResult<Entry>>();
  const index = React.useMemo(() => searchIndex<Entry>(), [lines, source, viewer]);
  const isWanted = query.trim() !== "";
  React.useEffect(() => {
    const abort = new AbortController();
    if (isWanted && index.size === 0 && source !== undefined && viewer !== undefined)
      void fill(index, lines, {
        reading: { source, viewer, signal: abort.signal },
        tell: (next) => {
          if (!abort.signal.aborted) setFilled(next);
        },
      });
    return () => abort.abort();
  }, [index, isWanted]);
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
  readonly tell: (next: { readonly read: number; readonly of: number; readonly error: unknown }) => void;
}

async function fill(
  index: SearchIndex<Entry>,
  lines: readonly StreamLine[],
  { reading, tell }: Filling,
): Promise<void> {
  const { source, viewer, signal } = reading;
  const streams = itemTree(lines).flatMap((kind) => kind.streams.map((stream) => ({ kind, stream })));
  index.add(streams.map(({ kind, stream }) => streamEntry(kind.title, stream)));
  let read = 0;
  let error: unknown;
  for (const { kind, stream } of streams) {
    const place = kind.isSingle ? kind.title : `${kind.title}: ${stream.label}`;
    try {
      const entries: Entry[] = [];
      for await (const item of source.items(stream.line, viewer, signal)) {
        const node = itemNode(item);
        entries.push({ ...node, name: node.label, stream: stream.id, place });
      }
      index.add(entries);
    } catch (caught) {
      // One damaged list does not keep people from finding what stands in the others.
      if (signal.aborted) return;
      error = hasCode(caught, "KEY_MISMATCH") ? caught : (error ?? caught);
    }
    read += 1;
    tell({ read, of: streams.length, error });
  }
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
