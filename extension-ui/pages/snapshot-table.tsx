import { Pill, PillSize } from "azure-devops-ui/Pill";
import { Table } from "azure-devops-ui/Table";
import { ArrayItemProvider } from "azure-devops-ui/Utilities/Provider";
import * as React from "react";
import { bytesForPeople, counted } from "../../engine/foundation/text.ts";
import { StateLabel, type Mark } from "../components/state-label.tsx";
import { tableColumns } from "../components/table-cells.tsx";
import { Age, localTime } from "../components/times.tsx";
import type { Snapshot, Verification } from "../model/vault-source.ts";

export interface SnapshotTableProps {
  readonly snapshots: readonly Snapshot[];
  readonly onOpen: (snapshot: Snapshot) => void;
}

const columns = tableColumns<Snapshot>([
  {
    id: "taken",
    name: "Snapshot",
    width: -24,
    isPrimary: true,
    cell: ({ at }) => localTime(at),
    below: ({ at }) => <Age instant={at} />,
  },
  { id: "state", name: "State", width: -22, cell: (snapshot) => <SnapshotState snapshot={snapshot} /> },
  { id: "changed", name: "What changed", width: -26, cell: ({ sum }) => changesOf(sum) },
  { id: "new", name: "New", width: -9, cell: ({ sum }) => bytesForPeople(sum.newBytes) },
  { id: "total", name: "Total", width: -9, cell: ({ sum }) => bytesForPeople(sum.totalBytes) },
  { id: "verified", name: "Verified", width: -18, cell: ({ verifications }) => <Verified newest={verifications[0]} /> },
]);

/** Snapshots, one per row; only the rows that are in sight are drawn. */
export function SnapshotTable({ snapshots, onOpen }: SnapshotTableProps): React.ReactElement {
  const rows = React.useMemo(() => new ArrayItemProvider([...snapshots]), [snapshots]);
  return (
    <Table<Snapshot>
      ariaLabel="Snapshots"
      role="table"
      columns={columns}
      itemProvider={rows}
      singleClickActivation
      onActivate={(_event, { data }) => onOpen(data)}
    />
  );
}

/** What a snapshot is like, worst first. */
export function SnapshotState({ snapshot }: { readonly snapshot: Snapshot }): React.ReactElement {
  const { mark, text } = stateOf(snapshot);
  const alarms = snapshot.anomalies.length;
  return (
    <span className="flex-row flex-center rhythm-horizontal-8">
      <StateLabel mark={mark} text={text} />
      {alarms > 0 && (
        <Pill size={PillSize.compact} iconProps={{ iconName: "Warning" }}>
          {counted(alarms, "anomaly", "anomalies")}
        </Pill>
      )}
    </span>
  );
}

function stateOf({ isRetired, isDamaged, status }: Snapshot): { readonly mark: Mark; readonly text: string } {
  if (isDamaged) return { mark: "bad", text: "Damaged" };
  if (isRetired) return { mark: "none", text: "Retired" };
  return status === "complete" ? { mark: "good", text: "Complete" } : { mark: "warning", text: "Partial" };
}

function changesOf(sum: Snapshot["sum"]): string {
  const parts = [
    sum.changed === 0 ? "Nothing" : counted(sum.changed, "stream"),
    ...(sum.deleted === 0 ? [] : [`${sum.deleted} deleted`]),
    ...(sum.stale + sum.missing === 0 ? [] : [`${sum.stale + sum.missing} not read`]),
  ];
  return parts.join(", ");
}

function Verified({ newest }: { readonly newest: Verification | undefined }): React.ReactElement {
  if (newest === undefined) return <span className="secondary-text">Not yet</span>;
  if (newest.damaged > 0) return <StateLabel mark="bad" text={`${newest.level}: damage`} />;
  return (
    <span>
      {newest.level}, <Age instant={newest.at} />
    </span>
  );
}
