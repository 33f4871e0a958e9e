import { mapConcurrent } from "../../engine/foundation/concurrency.ts";
import { hasCode } from "../../engine/foundation/errors.ts";
import type { CatalogueItem } from "../../engine/vault/format/state.ts";
import type { StreamLine, VaultSource, ViewerKey } from "../model/vault-source.ts";

export interface StreamItems {
  readonly line: StreamLine;
  /** As far as they could be read. */
  readonly items: readonly CatalogueItem[];
  /** Why they could not be read to the end; undefined when they were. */
  readonly error: unknown;
}

/** Browsers keep six connections to one host. */
const streamsAtATime = 6;

/**
 * The items of many streams, in the order of the lines, several read at a time. One damaged list is a value and does
 * not keep people from the others; a key that does not fit (KEY_MISMATCH, KEY_FORM) and the end of the page are thrown.
 */
export function itemsOfStreams(
  lines: Iterable<StreamLine>,
  {
    source,
    viewer,
    signal,
  }: { readonly source: VaultSource; readonly viewer: ViewerKey; readonly signal: AbortSignal },
): AsyncGenerator<StreamItems> {
  return mapConcurrent(lines, streamsAtATime, async (line) => {
    signal.throwIfAborted();
    const items: CatalogueItem[] = [];
    try {
      for await (const item of source.items(line, viewer, signal)) items.push(item);
      return { line, items, error: undefined };
    } catch (error) {
      if (signal.aborted || hasCode(error, "KEY_MISMATCH", "KEY_FORM")) throw error;
      return { line, items, error };
    }
  });
}
