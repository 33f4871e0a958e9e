import { Button } from "azure-devops-ui/Button";
import { Link } from "azure-devops-ui/Link";
import * as React from "react";
import { counted } from "../../../engine/foundation/text.ts";
import type { CatalogueItem } from "../../../engine/vault/format/state.ts";
import { ErrorCard } from "../../components/error-card.tsx";
import { Details } from "../../components/item-group.tsx";
import { Loading } from "../../components/loading.tsx";
import { useLoaded } from "../../components/use-loaded.ts";
import { compareItems, type ItemDifference, type StreamDifference } from "../../model/compare.ts";
import { fieldChangeLines } from "../../model/field-changes.ts";
import { selectorsFor } from "../../model/selector.ts";
import type { Snapshot, StreamLine, VaultSource, ViewerKey } from "../../model/vault-source.ts";
import { useHub, type Hub } from "../hub/hub-context.ts";

/** More than anybody reads; the count goes on. */
const listed = 300;
/** More than one run takes. */
const mostRestored = 1000;

interface Found {
  readonly shown: readonly ItemDifference[];
  readonly count: number;
  /** Ids of the first ones of those that are gone. */
  readonly deleted: readonly string[];
}

export interface ItemDifferencesProps {
  readonly difference: StreamDifference;
  /** Where the differences start from, and what was lost is taken from. */
  readonly older: Snapshot;
}

/** Items of one stream that differ between two snapshots; what was deleted or changed can be had back. */
export function ItemDifferences({ difference, older }: ItemDifferencesProps): React.ReactElement | null {
  const hub = useHub();
  const { vault, viewer } = hub;
  const { source } = vault;
  const { stream } = difference;
  const found = useLoaded(
    async (signal) =>
      source === undefined || viewer === undefined ? undefined : differencesOf(difference, { source, viewer, signal }),
    [source, viewer, difference],
  );
  if (found.error !== undefined) return <ErrorCard error={found.error} retry={found.reload} />;
  if (found.value === undefined) return <Loading label="Comparing the items" />;
  const { shown, count, deleted } = found.value;
  if (count === 0) return <div className="hub-details secondary-text">No item that people see is different.</div>;
  return (
    <>
      {deleted.length > 1 && (
        <Button
          className="hub-decision"
          text={`Restore ${deleted.length === mostRestored ? "the first " : ""}${counted(deleted.length, "deleted item")}`}
          iconProps={{ iconName: "Download" }}
          onClick={() => restore(hub, older, { stream, ids: deleted, isOverwriting: false })}
        />
      )}
      <ul className="hub-details" aria-label="Items that differ">
        {shown.map((one) => (
          <li key={one.id}>
            <DifferingItem stream={stream} item={one} older={older} />
          </li>
        ))}
        {count > shown.length && (
          <li className="secondary-text">{`and ${counted(count - shown.length, "item")} more`}</li>
        )}
      </ul>
    </>
  );
}

interface DifferingItemProps {
  readonly stream: string;
  readonly item: ItemDifference;
  readonly older: Snapshot;
}

function DifferingItem({ stream, item, older }: DifferingItemProps): React.ReactElement {
  const hub = useHub();
  const { id, change } = item;
  const name = itemName(item);
  const bringBack = (): void => restore(hub, older, { stream, ids: [id], isOverwriting: change === "changed" });
  return (
    <>
      <div className="flex-row flex-center flex-wrap rhythm-horizontal-8">
        <Link onClick={() => hub.go({ ...hub.route, stream, item: id })}>{name}</Link>
        <span className="secondary-text">{change}</span>
        {change === "deleted" && <Button text="Restore" ariaLabel={`Restore ${name}`} subtle onClick={bringBack} />}
        {change === "changed" && (
          <Button
            text="Restore the older state"
            ariaLabel={`Restore the older state of ${name}`}
            subtle
            onClick={bringBack}
          />
        )}
      </div>
      {change === "changed" && <Details lines={fieldChangeLines(item)} />}
    </>
  );
}

interface Wanted {
  readonly stream: string;
  readonly ids: readonly string[];
  /** What is there now is to become as it was. */
  readonly isOverwriting: boolean;
}

function restore({ openPanel }: Hub, { id: snapshot }: Snapshot, { stream, ids, isOverwriting }: Wanted): void {
  const items = selectorsFor(ids.map((itemId) => ({ what: "item", stream, itemId })));
  const choice = isOverwriting ? ({ conflictPolicy: "overwrite" } as const) : {};
  openPanel({ form: "restore", selection: { snapshot, items, choice } });
}

interface Reading {
  readonly source: VaultSource;
  readonly viewer: ViewerKey;
  readonly signal: AbortSignal;
}

async function differencesOf({ before, after }: StreamDifference, reading: Reading): Promise<Found> {
  const shown: ItemDifference[] = [];
  const deleted: string[] = [];
  let count = 0;
  for await (const one of compareItems(itemsOf(before, reading), itemsOf(after, reading))) {
    count += 1;
    if (shown.length < listed) shown.push(one);
    if (one.change === "deleted" && deleted.length < mostRestored) deleted.push(one.id);
  }
  return { shown, count, deleted };
}

async function* itemsOf(
  line: StreamLine | undefined,
  { source, viewer, signal }: Reading,
): AsyncGenerator<CatalogueItem> {
  if (line !== undefined) yield* source.items(line, viewer, signal);
}

function itemName({ id, before, after }: ItemDifference): string {
  const name = after?.name ?? before?.name;
  return name === undefined || name === id ? id : `${id} ${name}`;
}
