import * as React from "react";
import type { CatalogueItem } from "../../../engine/vault/format/state.ts";
import { itemNodes, type ItemNode } from "../../model/item-tree.ts";
import type { StreamLine } from "../../model/vault-source.ts";
import { useHub } from "../hub/hub-context.ts";

export interface StreamItems {
  readonly nodes: readonly ItemNode[];
  readonly isDone: boolean;
  readonly error: unknown;
}

/** Enough to fill a page at once; the rest comes in one piece. */
const firstItems = 200;
const none: StreamItems = { nodes: [], isDone: false, error: undefined };

/** Items of a stream, in order: the first ones as soon as they are there. */
export function useStreamItems(line: StreamLine | undefined): StreamItems {
  const { vault, viewer } = useHub();
  const { source } = vault;
  const [items, setItems] = React.useState(none);
  React.useEffect(() => {
    const abort = new AbortController();
    setItems(none);
    const tell = (next: StreamItems): void => {
      if (!abort.signal.aborted) setItems(next);
    };
    if (line !== undefined && source !== undefined && viewer !== undefined)
      void readItems(source.items(line, viewer, abort.signal), tell);
    return () => abort.abort();
  }, [source, viewer, line]);
  return items;
}

async function readItems(items: AsyncIterable<CatalogueItem>, tell: (next: StreamItems) => void): Promise<void> {
  const read: CatalogueItem[] = [];
  try {
    for await (const item of items) {
      read.push(item);
      if (read.length === firstItems) tell({ nodes: itemNodes(read), isDone: false, error: undefined });
    }
    tell({ nodes: itemNodes(read), isDone: true, error: undefined });
  } catch (error) {
    tell({ nodes: itemNodes(read), isDone: true, error });
  }
}
