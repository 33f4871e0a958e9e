import { Card } from "azure-devops-ui/Card";
import { ZeroData, ZeroDataActionType } from "azure-devops-ui/ZeroData";
import * as React from "react";
import { lazyPart } from "../../components/lazy-part.tsx";
import { Loading } from "../../components/loading.tsx";
import { historyOf } from "../../model/history-chart.ts";
import { hindranceOf, whyKept } from "../../model/kept-by.ts";
import { filteredRows, snapshotRows, type RowFilter, type SnapshotRow } from "../../model/snapshot-rows.ts";
import type { VaultView } from "../../model/vault-source.ts";
import { ChainNote } from "../shared/chain-note.tsx";
import { useHub } from "../hub/hub-context.ts";
import { SnapshotFilter } from "./snapshot-filter.tsx";
import { SnapshotTable } from "./snapshot-table.tsx";
import { VaultError } from "../access/vault-error.tsx";

const HistoryFigure = lazyPart(async () => (await import("../../components/history-figure.tsx")).HistoryFigure);
const EmptyVault = lazyPart(async () => (await import("./empty-vault.tsx")).EmptyVault);

/** All snapshots of the project, newest first, with their history as a picture. */
export function SnapshotsPage(): React.ReactElement {
  const { vault } = useHub();
  const { view } = vault;
  return (
    <>
      <VaultError />
      {view === undefined && !vault.isDone && <Loading label="Reading the snapshots" />}
      {view !== undefined && <ChainNote />}
      {view !== undefined && <SnapshotList view={view} isDone={vault.isDone} />}
    </>
  );
}

interface SnapshotListProps {
  readonly view: VaultView;
  readonly isDone: boolean;
}

function SnapshotList({ view, isDone }: SnapshotListProps): React.ReactElement {
  const { snapshots } = view;
  const { vault } = useHub();
  const rows = useRows(view);
  const none = rows.length === 0 ? <NoSnapshots /> : <SnapshotRows view={view} rows={rows} />;
  // Of storage that holds nothing, people must know whether it once did.
  if (snapshots.length === 0 && vault.source?.origin === "storage")
    return (
      <EmptyVault view={view} isDone={isDone}>
        {none}
      </EmptyVault>
    );
  return snapshots.length > 0 || !isDone ? <SnapshotRows view={view} rows={rows} /> : none;
}

function useRows(view: VaultView): readonly SnapshotRow[] {
  const { snapshots, answers, chain, canRetire } = view;
  const { settings, clock, runs } = useHub();
  const retention = settings?.retention;
  const isChecked = chain.state === "checked";
  const kept = React.useMemo(
    () => whyKept({ ...view, isChecked, retention, now: clock.now(), hindrance: hindranceOf(view) }),
    [snapshots, answers, isChecked, retention, canRetire],
  );
  return React.useMemo(
    () => snapshotRows({ snapshots, runs: runs.value ?? [], now: clock.now(), kept }),
    [snapshots, runs.value, kept],
  );
}

interface SnapshotRowsProps {
  readonly view: VaultView;
  readonly rows: readonly SnapshotRow[];
}

function SnapshotRows({ view: { snapshots }, rows }: SnapshotRowsProps): React.ReactElement {
  const { go, route } = useHub();
  const { states, from, to } = route;
  const filter = React.useMemo(() => ({ states: new Set(states), from, to }), [states, from, to]);
  const setFilter = (next: RowFilter): void =>
    go({ ...route, from: next.from, to: next.to, states: [...next.states] }, "replace");
  const shown = React.useMemo(() => filteredRows(rows, filter), [rows, filter]);
  const history = React.useMemo(() => historyOf(snapshots), [snapshots]);
  // The same functions as before: while the log is checked, the page is told often how far that has come.
  const openSnapshot = React.useCallback((snapshot: string) => go({ snapshot }), [go]);
  const open = React.useCallback(
    ({ snapshot, run }: SnapshotRow): void => {
      if (snapshot !== undefined) openSnapshot(snapshot.id);
      else if (run !== undefined) go({ run: run.id });
    },
    [openSnapshot, go],
  );
  return (
    <>
      {history !== undefined && snapshots.length > 1 && <HistoryFigure history={history} onOpen={openSnapshot} />}
      <SnapshotFilter filter={filter} rows={rows} onChange={setFilter} />
      <div className="secondary-text" role="status">
        {shown.length === rows.length
          ? ""
          : `${shown.length.toLocaleString()} of ${rows.length.toLocaleString()} shown`}
      </div>
      <Card className="bolt-table-card" contentProps={{ contentPadding: false }}>
        <SnapshotTable rows={shown} onOpen={open} />
      </Card>
    </>
  );
}

function NoSnapshots(): React.ReactElement {
  const { openPanel, vault, settings } = useHub();
  if (vault.source?.origin === "runs" && settings?.containerUrl !== undefined)
    return (
      <ZeroData
        iconProps={{ iconName: "PlugConnected" }}
        imageAltText=""
        primaryText="No run has reported a snapshot"
        secondaryText="Storage was not read; it may hold snapshots all the same."
        actionText="Connect to storage"
        actionType={ZeroDataActionType.ctaButton}
        onActionClick={() => openPanel({ form: "storage" })}
      />
    );
  return (
    <ZeroData
      iconProps={{ iconName: "CloudUpload" }}
      imageAltText=""
      primaryText="No snapshot yet"
      secondaryText="The first backup takes everything; each one after it only what has changed."
      actionText="Back up now"
      actionType={ZeroDataActionType.ctaButton}
      onActionClick={() => openPanel({ form: "back-up" })}
    />
  );
}
