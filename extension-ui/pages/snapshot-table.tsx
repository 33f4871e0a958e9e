import { Pill, PillSize } from "azure-devops-ui/Pill";
import { Table } from "azure-devops-ui/Table";
import { ArrayItemProvider } from "azure-devops-ui/Utilities/Provider";
import * as React from "react";
import { bytesForPeople, counted } from "../../engine/foundation/text.ts";
import { StateLabel, type Mark } from "../components/state-label.tsx";
import { tableColumns } from "../components/table-cells.tsx";
import { Age, localTime } from "../components/times.tsx";
import { useNarrow } from "../components/use-narrow.ts";
import { changesText, levelText, rowStateText } from "../model/format.ts";
import type { RowState, SnapshotRow } from "../model/snapshot-rows.ts";

const marks: Readonly<Record<RowState, Mark>> = {
  running: "running",
  failed: "bad",
  damaged: "bad",
  anomaly: "warning",
  partial: "warning",
  complete: "good",
  retired: "none",
};

const columns = tableColumns<SnapshotRow>([
  {
    id: "taken",
    name: "Snapshot",
    width: 210,
    isPrimary: true,
    cell: ({ at }) => localTime(at),
    below: ({ at }) => <Age instant={at} />,
  },
  { id: "state", name: "State", width: -20, cell: (row) => <RowStates row={row} /> },
  {
    id: "changed",
    name: "What changed",
    width: -28,
    cell: ({ snapshot, run }) => (snapshot === undefined ? `Run ${run?.id ?? ""}` : changesText(snapshot.sum)),
    below: ({ snapshot }) => (snapshot === undefined ? "" : counted(snapshot.sum.items, "item")),
  },
  {
    id: "new",
    name: "New",
    width: -10,
    cell: ({ snapshot }) => (snapshot === undefined ? "" : bytesForPeople(snapshot.sum.newBytes)),
  },
  {
    id: "total",
    name: "Total",
    width: -10,
    cell: ({ snapshot }) => (snapshot === undefined ? "" : bytesForPeople(snapshot.sum.totalBytes)),
  },
  {
    id: "verified",
    name: "Verified",
    width: -20,
    cell: ({ verified }) =>
      verified === undefined ? <span className="secondary-text">Not yet</span> : levelName(verified.level),
    below: ({ verified }) => (verified === undefined ? "" : <Age instant={verified.at} />),
  },
  {
    id: "kept",
    name: "Kept as",
    width: -14,
    cell: ({ keptBy }) => keptBy?.join(", ") ?? "",
  },
]);

/** Left out where the page is narrow: a snapshot's own page shows them. */
const sizes = ["new", "total"];

export interface SnapshotTableProps {
  readonly rows: readonly SnapshotRow[];
  /** Without retention rules nothing is known about what keeps a snapshot. */
  readonly showsRetention: boolean;
  readonly onOpen: (row: SnapshotRow) => void;
}

/** Snapshots and runs that made none, one per row; only the rows that are in sight are drawn, and only when they change. */
export const SnapshotTable = React.memo(function SnapshotTable(props: SnapshotTableProps): React.ReactElement {
  const { rows, showsRetention, onOpen } = props;
  const provider = React.useMemo(() => new ArrayItemProvider([...rows]), [rows]);
  const isNarrow = useNarrow();
  const shown = React.useMemo(
    () => columns.filter(({ id }) => (showsRetention || id !== "kept") && !(isNarrow && sizes.includes(id))),
    [showsRetention, isNarrow],
  );
  return (
    <Table<SnapshotRow>
      ariaLabel="Snapshots"
      role="table"
      columns={shown}
      itemProvider={provider}
      singleClickActivation
      onActivate={(_event, { data }) => onOpen(data)}
    />
  );
});

/** The state that people must know first, and the others beside it. */
export function RowStates({ row }: { readonly row: Pick<SnapshotRow, "state" | "states"> }): React.ReactElement {
  const others = [...row.states].filter((state) => state !== row.state && state !== "complete");
  return (
    <span className="flex-row flex-center rhythm-horizontal-8">
      <StateLabel mark={marks[row.state]} text={rowStateText(row.state)} />
      {others.map((state) => (
        <Pill key={state} size={PillSize.compact}>
          {rowStateText(state)}
        </Pill>
      ))}
    </span>
  );
}

function levelName(level: Parameters<typeof levelText>[0]): string {
  return levelText(level).split(":")[0] ?? level;
}
