import { Button } from "azure-devops-ui/Button";
import { Card } from "azure-devops-ui/Card";
import { ZeroData, ZeroDataActionType } from "azure-devops-ui/ZeroData";
import * as React from "react";
import { counted } from "../../../engine/foundation/text.ts";
import { kindTitle } from "../../../engine/foundation/wording.ts";
import { ErrorCard } from "../../components/error-card.tsx";
import { StateLabel, type Mark } from "../../components/state-label.tsx";
import { localTime } from "../../components/times.tsx";
import { selectorFor } from "../../model/selector.ts";
import type { ItemField } from "../../model/compare.ts";
import { changeText, type FieldChanges } from "../../model/field-changes.ts";
import { itemFieldsText } from "../../model/format.ts";
import { shownText } from "../../model/shown-text.ts";
import { sightingsOf, timelineOf, type ItemAddress, type Sighting, type TimelineRow } from "../../model/timeline.ts";
import type { Snapshot } from "../../model/vault-source.ts";
import { useHub } from "../hub/hub-context.ts";
import { NeedsKey } from "../access/needs-key.tsx";
import { kindOf } from "../../../engine/vault/format/stream-ids.ts";

/** Snapshots that are looked through at first: as far back as people usually mean. */
const firstSnapshots = 60;
/** Drawing after each one would take longer than reading. */
const sightingsPerView = 10;

/** What became of one item over the snapshots, newest first; each state can be restored. */
export function TimelineView({ address }: { readonly address: ItemAddress }): React.ReactElement {
  const { vault, viewer, openPanel } = useHub();
  const [limit, setLimit] = React.useState(firstSnapshots);
  const kept = React.useMemo(
    () => (vault.view?.snapshots ?? []).filter(({ isRetired }) => !isRetired),
    [vault.view?.snapshots],
  );
  const chosen = React.useMemo(() => kept.slice(0, limit).reverse(), [kept, limit]);
  const { rows, looked, error } = useTimeline(address, chosen);
  if (viewer === undefined || vault.source?.origin === "runs") return <NeedsKey />;
  const restore = ({ id }: Snapshot): void => {
    const item = selectorFor({ what: "item", stream: address.stream, itemId: address.itemId });
    // Whoever wants this state does not want the one that is there.
    const choice = { conflictPolicy: "overwrite" } as const;
    openPanel({ form: "restore", selection: { snapshot: id, items: [item], choice } });
  };
  return (
    <div className="flex-column rhythm-vertical-16">
      {error !== undefined && <ErrorCard error={error} />}
      <div role="status" className="secondary-text">
        {looked < chosen.length
          ? `Looking through the snapshots: ${looked} of ${chosen.length}`
          : `${counted(rows.length, "change")} in the newest ${counted(chosen.length, "snapshot")}`}
      </div>
      {rows.length === 0 && looked >= chosen.length && error === undefined && <NotFound address={address} />}
      {rows.length > 0 && (
        <Card className="bolt-table-card" contentProps={{ contentPadding: false }}>
          <ol className="hub-rows" aria-label="States of the item, newest first">
            {rows.map((row) => (
              <TimelineEntry key={row.snapshot.id} row={row} onRestore={restore} />
            ))}
          </ol>
        </Card>
      )}
      {kept.length > limit && (
        <div>
          <Button text="Look further back" onClick={() => setLimit(limit * 4)} />
        </div>
      )}
    </div>
  );
}

/** An address that somebody has mistyped, or an item from before the snapshots that are kept. */
function NotFound({ address }: { readonly address: ItemAddress }): React.ReactElement {
  const { go, route } = useHub();
  return (
    <ZeroData
      iconProps={{ iconName: "Search" }}
      imageAltText=""
      primaryText={`No snapshot that was looked at has ${shownText(address.itemId)}`}
      secondaryText={`It is not among what they hold of ${kindTitle(kindOf(address.stream))}. It may have been deleted before them, or the address is wrong.`}
      actionText="Show the items of this snapshot"
      actionType={ZeroDataActionType.ctaButton}
      onActionClick={() => go({ snapshot: route.snapshot, view: "items", stream: undefined, search: undefined })}
    />
  );
}

interface TimelineEntryProps {
  readonly row: TimelineRow;
  readonly onRestore: (snapshot: Snapshot) => void;
}

const words: Readonly<Record<TimelineRow["change"], { readonly mark: Mark; readonly text: string }>> = {
  first: { mark: "none", text: "Oldest state looked at" },
  changed: { mark: "warning", text: "Changed" },
  deleted: { mark: "bad", text: "Deleted" },
  restored: { mark: "good", text: "There again" },
};

function TimelineEntry({ row, onRestore }: TimelineEntryProps): React.ReactElement {
  const { snapshot, change, item, fields, before, isStale, until } = row;
  const { mark, text } = words[change];
  const facts = factsOf({ fields, before, after: item });
  return (
    <li className="flex-row flex-center rhythm-horizontal-16">
      <div className="flex-column flex-grow hub-cell">
        <StateLabel mark={mark} text={fields.length === 0 ? text : `${text}: ${itemFieldsText(fields)}`} />
        <span className="font-weight-semibold hub-wrap">{item.name ?? item.id}</span>
        <span className="secondary-text hub-wrap">{facts.join(" · ")}</span>
        <span className="secondary-text">
          {`${localTime(snapshot.at)}${until.id === snapshot.id ? "" : ` to ${localTime(until.at)}`}`}
          {isStale ? ", carried on because it could not be read then" : ""}
        </span>
      </div>
      {change !== "deleted" && (
        <Button
          text="Restore this state"
          ariaLabel={`Restore this state of ${localTime(snapshot.at)}`}
          onClick={() => onRestore(until)}
        />
      )}
    </li>
  );
}

/** What people see of the item in a line; of what has changed both values. */
function factsOf(changes: FieldChanges): readonly string[] {
  const { after } = changes;
  const shown = (field: ItemField): string => {
    if (changes.fields.includes(field)) return changeText(changes, field);
    return String(after?.[field] ?? "");
  };
  const renamed = changes.fields.includes("name") ? [changeText(changes, "name")] : [];
  const revision = shown("rev");
  const facts = [...renamed, shown("type"), shown("state"), revision === "" ? "" : `revision ${revision}`, shown("by")];
  return facts.filter((fact) => fact !== "");
}

interface Timeline {
  readonly rows: readonly TimelineRow[];
  readonly looked: number;
  readonly error: unknown;
}

const empty: Timeline = { rows: [], looked: 0, error: undefined };

/** `snapshots` come oldest first. */
function useTimeline({ stream, itemId }: ItemAddress, snapshots: readonly Snapshot[]): Timeline {
  const { vault, viewer } = useHub();
  const { source } = vault;
  const [timeline, setTimeline] = React.useState(empty);
  React.useEffect(() => {
    const abort = new AbortController();
    setTimeline(empty);
    const tell = (next: Timeline): void => {
      if (!abort.signal.aborted) setTimeline(next);
    };
    if (source !== undefined && viewer !== undefined) {
      const sightings = sightingsOf({ stream, itemId }, snapshots, { source, viewer, signal: abort.signal });
      void lookThrough(sightings, snapshots.length, tell);
    }
    return () => abort.abort();
  }, [source, viewer, stream, itemId, snapshots]);
  return timeline;
}

async function lookThrough(
  sightings: AsyncIterable<Sighting>,
  of: number,
  tell: (next: Timeline) => void,
): Promise<void> {
  const seen: Sighting[] = [];
  try {
    for await (const sighting of sightings) {
      seen.push(sighting);
      if (seen.length % sightingsPerView === 0) tell({ rows: timelineOf(seen), looked: seen.length, error: undefined });
    }
    tell({ rows: timelineOf(seen), looked: of, error: undefined });
  } catch (error) {
    tell({ rows: timelineOf(seen), looked: of, error });
  }
}
