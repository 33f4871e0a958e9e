import { Pill, PillSize } from "azure-devops-ui/Pill";
import { Table } from "azure-devops-ui/Table";
import { ArrayItemProvider } from "azure-devops-ui/Utilities/Provider";
import * as React from "react";
import { bytesForPeople, counted } from "../../../engine/foundation/text.ts";
import { ProtectionNote, ProtectionText } from "../../components/protection-text.tsx";
import { StateLabel, type Mark } from "../../components/state-label.tsx";
import { tableColumns } from "../../components/table-cells.tsx";
import { Age, localTime } from "../../components/times.tsx";
import { useWidth } from "../../components/use-width.ts";
import { changesText, levelName, rowStateText } from "../../model/format.ts";
import type { RowState, SnapshotRow } from "../../model/snapshot-rows.ts";

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
  { id: "state", name: "State", width: -16, cell: (row) => <RowStates row={row} /> },
  {
    id: "changed",
    name: "What changed",
    width: -18,
    wraps: true,
    cell: ({ snapshot, run }) => (snapshot === undefined ? `Run ${run?.id ?? ""}` : changesText(snapshot.sum)),
    below: ({ snapshot }) => (snapshot === undefined ? "" : counted(snapshot.sum.items, "item")),
  },
  {
    id: "new",
    name: "New",
    width: -9,
    cell: ({ snapshot }) => (snapshot === undefined ? "" : bytesForPeople(snapshot.sum.newBytes)),
    below: ({ snapshot }) => (snapshot === undefined ? "" : `of ${bytesForPeople(snapshot.sum.totalBytes)}`),
  },
  {
    id: "verified",
    name: "Verified",
    width: -11,
    cell: ({ verified }) =>
      verified === undefined ? <span className="secondary-text">Not yet</span> : levelName(verified.level),
    below: ({ verified }) => (verified === undefined ? "" : <Age instant={verified.at} />),
  },
  {
    id: "immutable",
    name: "Immutable until",
    width: -16,
    cell: ({ protection }) => (protection === undefined ? "" : <ProtectionText protection={protection} />),
    below: ({ protection }) => (protection === undefined ? "" : <ProtectionNote protection={protection} />),
  },
  {
    id: "kept",
    name: "Kept by",
    width: -16,
    cell: ({ kept }) => (kept === undefined ? "" : <span title={kept.detail}>{kept.text}</span>),
  },
]);

/** Columns that need a wider table, in pixels; a snapshot's own page shows what they hold. */
const leastWidths: Readonly<Record<string, number>> = { new: 1000, kept: 800, verified: 760 };

export interface SnapshotTableProps {
  readonly rows: readonly SnapshotRow[];
  readonly onOpen: (row: SnapshotRow) => void;
}

/** Snapshots and runs that made none, one per row; only the rows that are in sight are drawn, and only when they change. */
export const SnapshotTable = React.memo(function SnapshotTable(props: SnapshotTableProps): React.ReactElement {
  const { rows, onOpen } = props;
  const provider = React.useMemo(() => new ArrayItemProvider([...rows]), [rows]);
  const [place, width] = useWidth();
  const hidden = hiddenAt(width).join(" ");
  const shown = React.useMemo(() => columns.filter(({ id }) => !hidden.split(" ").includes(id)), [hidden]);
  return (
    <div ref={place} className="hub-fill">
      <Table<SnapshotRow>
        ariaLabel="Snapshots"
        role="table"
        columns={shown}
        itemProvider={provider}
        singleClickActivation
        onActivate={(_event, { data }) => onOpen(data)}
      />
    </div>
  );
});

/** None as long as the width is not known. */
function hiddenAt(width: number): readonly string[] {
  return Object.entries(leastWidths).flatMap(([id, least]) => (width > 0 && width < least ? [id] : []));
}

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
