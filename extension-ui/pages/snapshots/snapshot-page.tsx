import { ZeroData, ZeroDataActionType } from "azure-devops-ui/ZeroData";
import * as React from "react";
import { Loading } from "../../components/loading.tsx";
import { previousSnapshot } from "../../model/snapshot-rows.ts";
import type { Snapshot, StreamLine } from "../../model/vault-source.ts";
import { ChainNote } from "../shared/chain-note.tsx";
import { CompareView, Differences } from "./compare-view.tsx";
import { GapList } from "./gap-list.tsx";
import { useHub } from "../hub/hub-context.ts";
import { ItemsView } from "./items-view.tsx";
import { Opened } from "../access/opened.tsx";
import { SnapshotAlarms } from "../shared/owner-answers.tsx";
import { SnapshotFacts } from "./snapshot-facts.tsx";
import { SnapshotKeeping } from "./snapshot-keeping.tsx";
import { StreamTable } from "./stream-table.tsx";
import { TimelineView } from "./timeline-view.tsx";
import { useStreams } from "../shared/use-streams.ts";
import { VaultError } from "../access/vault-error.tsx";

/** One snapshot: what the address asks for of it. */
export function SnapshotPage({ id }: { readonly id: string }): React.ReactElement {
  const { vault, route, go } = useHub();
  const snapshot = vault.view?.snapshots.find((one) => one.id === id);
  const loaded = useStreams(snapshot);
  if (snapshot === undefined) {
    if (vault.view === undefined && vault.error !== undefined) return <VaultError />;
    if (!vault.isDone) return <Loading label="Looking for the snapshot" />;
    return (
      <ZeroData
        iconProps={{ iconName: "Search" }}
        imageAltText=""
        primaryText="There is no such snapshot"
        secondaryText="The address names one that this vault does not have."
        actionText="Show all snapshots"
        actionType={ZeroDataActionType.ctaButton}
        onActionClick={() => go({})}
      />
    );
  }
  if (route.stream !== undefined && route.item !== undefined)
    return <TimelineView address={{ stream: route.stream, itemId: route.item }} />;
  return (
    <>
      <ChainNote />
      {route.view === "changes" && (
        <SnapshotFacts snapshot={snapshot}>
          <SnapshotKeeping snapshot={snapshot} />
        </SnapshotFacts>
      )}
      {route.view === "changes" && <SnapshotAlarms snapshot={snapshot} />}
      {!snapshot.isRetired && (
        <Opened loaded={loaded} label="Opening the snapshot">
          {(lines) => <View snapshot={snapshot} lines={lines} />}
        </Opened>
      )}
    </>
  );
}

interface ViewProps {
  readonly snapshot: Snapshot;
  readonly lines: readonly StreamLine[];
}

function View({ snapshot, lines }: ViewProps): React.ReactElement {
  const { route, vault } = useHub();
  if (route.view === "items") return <ItemsView snapshot={snapshot} lines={lines} />;
  if (route.view === "streams") return <StreamTable lines={lines} />;
  if (route.view === "compare") return <CompareView snapshot={snapshot} lines={lines} />;
  const previous = previousSnapshot(vault.view?.snapshots ?? [], snapshot);
  return (
    <div className="flex-column rhythm-vertical-16">
      <GapList lines={lines} />
      {previous === undefined ? (
        <div className="secondary-text">This is the oldest snapshot that is left: everything in it is its own.</div>
      ) : (
        <Differences snapshot={snapshot} lines={lines} other={previous} />
      )}
    </div>
  );
}
