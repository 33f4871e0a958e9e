import { Button } from "azure-devops-ui/Button";
import { Checkbox } from "azure-devops-ui/Checkbox";
import { ListSelection } from "azure-devops-ui/List";
import { ColumnSelect, Table, type ITableColumn } from "azure-devops-ui/Table";
import { ArrayItemProvider } from "azure-devops-ui/Utilities/Provider";
import * as React from "react";
import { counted } from "../../../engine/foundation/text.ts";
import { tableColumns } from "../../components/table-cells.tsx";
import { localTime } from "../../components/times.tsx";
import type { ItemNode } from "../../model/item-tree.ts";
import { useHub } from "../hub/hub-context.ts";

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
    wraps: true,
    cell: ({ label }) => label,
    below: ({ id, place, label }) => [place, ...(id === label ? [] : [id])].filter((part) => part !== "").join(" · "),
  },
  { id: "type", name: "Type", width: -18, cell: ({ item }) => item.type ?? "" },
  {
    id: "state",
    name: "State",
    width: -16,
    wraps: true,
    cell: ({ item, isDeleted }) =>
      isDeleted ? "In the recycle bin" : <span title={item.state}>{shortState(item.state)}</span>,
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
  /** Which list it is: what is ticked in it is there again when people come back to it. */
  readonly list: string;
  readonly rows: readonly ItemRow[];
  readonly onOpen: (row: ItemRow) => void;
  readonly onRestore: (rows: readonly ItemRow[]) => void;
}

/** Items to choose from; opening one shows its history. */
export function ItemTable({ label, list, rows, onOpen, onRestore }: ItemTableProps): React.ReactElement {
  const provider = React.useMemo(() => new ArrayItemProvider([...rows]), [rows]);
  const [selection, count] = useSelection(list, rows);
  const shown = React.useRef({ rows, selection });
  shown.current = { rows, selection };
  // One column for the table's whole life: the table introduces itself to its columns only once.
  const selectable = React.useMemo(() => [selectColumn(() => shown.current), ...columns], []);
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

/** What is ticked, kept by what the rows are: rows come in steps, and lists are left and come back to. */
function useSelection(list: string, rows: readonly ItemRow[]): readonly [ListSelection, number] {
  const { picks } = useHub();
  const selection = React.useMemo(() => {
    const made = new ListSelection({ selectOnFocus: false, multiSelect: true });
    const ticked = picks.of(list);
    if (ticked.size > 0)
      rows.forEach((row, index) => {
        if (ticked.has(keyOf(row))) made.select(index, 1, true);
      });
    return made;
  }, [list, rows]);
  const [count, setCount] = React.useState(selection.selectedCount);
  React.useEffect(() => {
    setCount(selection.selectedCount);
    const here = new Set(rows.map(keyOf));
    const listen = (): void => {
      const elsewhere = [...picks.of(list)].filter((key) => !here.has(key));
      const ticked = rows.filter((_row, index) => selection.selected(index)).map(keyOf);
      picks.keep(list, new Set([...elsewhere, ...ticked]));
      setCount(selection.selectedCount);
    };
    selection.subscribe(listen);
    return () => selection.unsubscribe(listen);
  }, [selection]);
  return [selection, count];
}

function keyOf({ stream, id }: ItemRow): string {
  return `${stream}\n${id}`;
}

interface Shown {
  readonly rows: readonly ItemRow[];
  readonly selection: ListSelection;
}

/** Each box is named by what it stands for: "Select row" says nothing to those who do not see the row. */
function selectColumn(shown: () => Shown): ITableColumn<ItemRow> {
  const column = new ColumnSelect();
  const plain = column.renderCell;
  column.renderCell = (rowIndex, columnIndex, listColumn) => {
    const cell = plain(rowIndex, columnIndex, listColumn);
    const { rows, selection } = shown();
    const row = rows[rowIndex];
    if (row === undefined) return cell;
    const box = <Checkbox ariaLabel={`Select ${nameOf(row)}`} checked={selection.selected(rowIndex)} excludeTabStop />;
    return React.cloneElement(cell, {}, <div className="flex-row justify-center">{box}</div>);
  };
  // It reads nothing of its rows, so it fits rows of any type; its own type does not say so.
  return column as unknown as ITableColumn<ItemRow>;
}

function nameOf({ id, label, stream }: ItemRow): string {
  return [...(id === label || id === "" ? [] : [id]), label === "" ? stream : label].join(" ");
}

/** Tips of branches are known by the first digits of their commit. */
function shortState(state: string | undefined): string {
  if (state === undefined) return "";
  return /^[0-9a-f]{40}([0-9a-f]{24})?$/.test(state) ? state.slice(0, 8) : state;
}
