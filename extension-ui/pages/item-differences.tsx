import { Link } from "azure-devops-ui/Link";
import * as React from "react";
import { counted } from "../../engine/foundation/text.ts";
import type { CatalogueItem } from "../../engine/vault/state.ts";
import { ErrorCard } from "../components/error-card.tsx";
import { Loading } from "../components/loading.tsx";
import { useLoaded } from "../components/use-loaded.ts";
import { compareItems, type ItemDifference, type StreamDifference } from "../model/compare.ts";
import { itemFieldsText } from "../model/format.ts";
import type { StreamLine, VaultSource, ViewerKey } from "../model/vault-source.ts";
import { useHub } from "./hub-context.ts";

/** More than anybody reads; the count goes on. */
const listed = 300;

interface Found {
  readonly shown: readonly ItemDifference[];
  readonly count: number;
}

/** Items of one stream that differ between two snapshots. */
export function ItemDifferences({ difference }: { readonly difference: StreamDifference }): React.ReactElement | null {
  const { vault, viewer, route, go } = useHub();
  const { source } = vault;
  const found = useLoaded(
    async (signal) =>
      source === undefined || viewer === undefined ? undefined : differencesOf(difference, { source, viewer, signal }),
    [source, viewer, difference],
  );
  if (found.error !== undefined) return <ErrorCard error={found.error} retry={found.reload} />;
  if (found.value === undefined) return <Loading label="Comparing the items" />;
  const { shown, count } = found.value;
  if (count === 0) return <div className="hub-details secondary-text">No item that people see is different.</div>;
  return (
    <ul className="hub-details" aria-label="Items that differ">
      {shown.map((one) => (
        <li key={one.id}>
          <Link onClick={() => go({ ...route, stream: difference.stream, item: one.id })}>{itemName(one)}</Link>
          <span className="secondary-text">{` ${explanation(one)}`}</span>
        </li>
      ))}
      {count > shown.length && (
        <li className="secondary-text">{`and ${counted(count - shown.length, "item")} more`}</li>
      )}
    </ul>
  );
}

interface Reading {
  readonly source: VaultSource;
  readonly viewer: ViewerKey;
  readonly signal: AbortSignal;
}

async function differencesOf({ before, after }: StreamDifference, reading: Reading): Promise<Found> {
  const shown: ItemDifference[] = [];
  let count = 0;
  for await (const one of compareItems(itemsOf(before, reading), itemsOf(after, reading))) {
    count += 1;
    if (shown.length < listed) shown.push(one);
  }
  return { shown, count };
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

function explanation({ change, fields }: ItemDifference): string {
  return change === "changed" ? `changed: ${itemFieldsText(fields)}` : change;
}
