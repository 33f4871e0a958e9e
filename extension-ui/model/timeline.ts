/** The states of one item over the snapshots. */
import { mapConcurrent } from "../../engine/foundation/concurrency.ts";
import { hasCode } from "../../engine/foundation/errors.ts";
import type { CatalogueItem, StreamStatus } from "../../engine/vault/format/state.ts";
import { differenceOf, type ItemField } from "./compare.ts";
import type { Snapshot, StreamLine, VaultSource, ViewerKey } from "./vault-source.ts";

/** What one snapshot says of the item. */
export interface Sighting {
  readonly snapshot: Snapshot;
  /** Undefined: it is not in the snapshot. */
  readonly item: CatalogueItem | undefined;
  /** Status of its stream; undefined when the snapshot does not have the stream. */
  readonly status: StreamStatus | undefined;
}

export interface TimelineRow {
  /** The snapshot that shows the change first. */
  readonly snapshot: Snapshot;
  readonly change: "first" | "changed" | "deleted" | "restored";
  readonly fields: readonly ItemField[];
  /** As it was from then on; for `deleted` as it was last. */
  readonly item: CatalogueItem;
  /** As it was before the change; undefined when it was not there. */
  readonly before?: CatalogueItem | undefined;
  /** Its stream could not be read then: the state is an older one that was carried on. */
  readonly isStale: boolean;
  /** The newest snapshot that still shows this state. */
  readonly until: Snapshot;
}

/** One row for each change, newest first, of sightings that come oldest first. */
export function timelineOf(sightings: readonly Sighting[]): readonly TimelineRow[] {
  const rows: TimelineRow[] = [];
  let shown: CatalogueItem | undefined;
  for (const { snapshot, item, status } of sightings) {
    const difference = differenceOf(shown, item);
    const last = rows.at(-1);
    if (difference === undefined) {
      if (last !== undefined) rows[rows.length - 1] = { ...last, until: snapshot };
    } else {
      const seen = item ?? shown;
      const change = difference.change === "added" ? (last === undefined ? "first" : "restored") : difference.change;
      if (seen !== undefined)
        rows.push({
          snapshot,
          change,
          fields: difference.fields,
          item: seen,
          ...(difference.change === "changed" ? { before: shown } : {}),
          isStale: isStale(status),
          until: snapshot,
        });
    }
    shown = item;
  }
  return rows.reverse();
}

function isStale(status: StreamStatus | undefined): boolean {
  return status === "stale" || status === "missing";
}

export interface ItemAddress {
  readonly stream: string;
  readonly itemId: string;
}

/** Read ahead, so that fetching one and opening another overlap. */
const indexesAtATime = 4;

export interface SightingFacts {
  readonly source: VaultSource;
  readonly viewer: ViewerKey;
  readonly signal: AbortSignal;
}

/**
 * Looks the item up in one snapshot after another, in the given order. A stream is read again only where its list of
 * items is another one than in the snapshot before; snapshots whose content is gone are passed over.
 */
export async function* sightingsOf(
  { stream, itemId }: ItemAddress,
  snapshots: Iterable<Snapshot>,
  { source, viewer, signal }: SightingFacts,
): AsyncGenerator<Sighting> {
  let known: { readonly key: string; readonly item: CatalogueItem | undefined } | undefined;
  const kept = [...snapshots].filter(({ isRetired }) => !isRetired);
  const indexes = mapConcurrent(kept, indexesAtATime, async (snapshot) => ({
    snapshot,
    lines: await linesOf(source, snapshot, { viewer, signal }),
  }));
  for await (const { snapshot, lines } of indexes) {
    if (lines === undefined) continue;
    const line = lines.find(({ s }) => s === stream);
    const key = line === undefined ? "" : itemsKey(line);
    if (known?.key !== key) known = { key, item: await find(line, itemId, { source, viewer, signal }) };
    const item = line?.st === "deleted" ? undefined : known.item;
    yield { snapshot, item, status: line?.st };
  }
}

async function linesOf(
  source: VaultSource,
  snapshot: Snapshot,
  { viewer, signal }: Omit<SightingFacts, "source">,
): Promise<readonly StreamLine[] | undefined> {
  try {
    return await source.streams(snapshot, viewer, signal);
  } catch (error) {
    if (hasCode(error, "OBJECT_MISSING", "OBJECT_DAMAGED", "SNAPSHOT_RETIRED")) return undefined;
    throw error;
  }
}

async function find(
  line: StreamLine | undefined,
  itemId: string,
  { source, viewer, signal }: SightingFacts,
): Promise<CatalogueItem | undefined> {
  if (line === undefined) return undefined;
  for await (const item of source.items(line, viewer, signal)) if (item.id === itemId) return item;
  return undefined;
}

function itemsKey({ items = [] }: StreamLine): string {
  return items.map(({ o, h }) => `${o} ${h}`).join(" ");
}
