import { Button } from "azure-devops-ui/Button";
import { ListSelection } from "azure-devops-ui/List";
import { ColumnSelect, Table, type ITableColumn } from "azure-devops-ui/Table";
import { ArrayItemProvider } from "azure-devops-ui/Utilities/Provider";
import * as React from "react";
import { counted } from "../../engine/foundation/text.ts";
import { tableColumns } from "../components/table-cells.tsx";
import { localTime } from "../components/times.tsx";
import type { ItemNode } from "../model/item-tree.ts";

/** An item with the stream that it stands in. */
export interface ItemRow extends ItemNode {
  readonly stream: string;
  /** Where it stands, for hits of a search; empty inside its stream. */
  readonly place: string;
}

const columns = tableColumns<ItemRow>([
  {
    id: "name",
    name: "Name",
    width: -46,
    isPrimary: true,
    cell: ({ label }) => label,
    below: ({ id, place, label }) => [place, ...(id === label ? [] : [id])].filter((part) => part !== "").join(" · "),
  },
  { id: "type", name: "Type", width: -18, cell: ({ item }) => item.type ?? "" },
  {
    id: "state",
    name: "State",
    width: -16,
    cell: ({ item, isDeleted }) => (isDeleted ? "In the recycle bin" : shortState(item.state)),
  },
  {
    id: "changed",
    name: "Changed",
    width: 196,
    cell: ({ item }) => (item.at === undefined ? "" : localTime(item.at)),
    below: ({ item }) => item.by ?? "",
  },
]);

export interface ItemTableProps {
  readonly label: string;
  readonly rows: readonly ItemRow[];
  readonly onOpen: (row: ItemRow) => void;
  readonly onRestore: (rows: readonly ItemRow[]) => void;
}

/** Items to choose from; opening one shows its history. */
export function ItemTable({ label, rows, onOpen, onRestore }: ItemTableProps): React.ReactElement {
  const provider = React.useMemo(() => new ArrayItemProvider([...rows]), [rows]);
  const selection = React.useMemo(() => new ListSelection({ selectOnFocus: false, multiSelect: true }), [rows]);
  const [count, setCount] = React.useState(0);
  React.useEffect(() => {
    setCount(0);
    const listen = (): void => setCount(selection.selectedCount);
    selection.subscribe(listen);
    return () => selection.unsubscribe(listen);
  }, [selection]);
  const selectable = React.useMemo(() => [selectColumn(), ...columns], []);
  return (
    <div className="flex-column hub-fill">
      <div className="flex-row flex-center rhythm-horizontal-8 hub-toolbar">
        <Button
          text={count === 0 ? "Restore selected" : `Restore ${counted(count, "item")}`}
          iconProps={{ iconName: "Download" }}
          disabled={count === 0}
          onClick={() => onRestore(rows.filter((_row, index) => selection.selected(index)))}
        />
      </div>
      <Table<ItemRow>
        ariaLabel={label}
        role="table"
        columns={selectable}
        itemProvider={provider}
        selection={selection}
        singleClickActivation
        scrollable
        selectRowOnClick={false}
        onActivate={(_event, { data }) => onOpen(data)}
      />
    </div>
  );
}

/** It reads nothing of its rows, so it fits rows of any type; its own type does not say so. */
function selectColumn(): ITableColumn<ItemRow> {
  return new ColumnSelect() as unknown as ITableColumn<ItemRow>;
}

/** Tips of branches are known by the first digits of their commit. */
function shortState(state: string | undefined): string {
  if (state === undefined) return "";
  return /^[0-9a-f]{40}([0-9a-f]{24})?$/.test(state) ? state.slice(0, 8) : state;
}
