import { SimpleTableCell, TwoLineTableCell, type ITableColumn } from "azure-devops-ui/Table";
import * as React from "react";

export interface Column<T> {
  readonly id: string;
  readonly name: string;
  /** Pixels, or (negative) its share of what is left. */
  readonly width: number;
  readonly isPrimary?: boolean;
  /** What people must read whole goes on in the next line; other texts end in an ellipsis and say all when pointed at. */
  readonly wraps?: boolean;
  readonly cell: (row: T) => React.ReactNode;
  /** Second, quieter line of each cell. */
  readonly below?: (row: T) => React.ReactNode;
}

export function tableColumns<T>(columns: readonly Column<T>[]): ITableColumn<T>[] {
  return columns.map((column) => ({
    id: column.id,
    name: column.name,
    width: column.width,
    minWidth: 60,
    renderCell: (...[, columnIndex, tableColumn, row]: Parameters<ITableColumn<T>["renderCell"]>) =>
      renderCell(column, row, { columnIndex, tableColumn }),
  }));
}

interface Place<T> {
  readonly columnIndex: number;
  readonly tableColumn: ITableColumn<T>;
}

function renderCell<T>(column: Column<T>, row: T, place: Place<T>): React.ReactElement {
  const { id, isPrimary, wraps, cell, below } = column;
  const base = wraps === true ? "hub-wrap hub-whole" : "hub-cell";
  const text = (content: React.ReactNode, extra: string): React.ReactElement => (
    <span className={`${base} ${extra}`} {...(typeof content === "string" ? { title: content } : {})}>
      {content}
    </span>
  );
  const first = text(cell(row), isPrimary === true ? "font-weight-semibold" : "");
  if (below === undefined)
    return (
      <SimpleTableCell key={id} {...place}>
        {first}
      </SimpleTableCell>
    );
  return <TwoLineTableCell key={id} {...place} line1={first} line2={text(below(row), "secondary-text font-size")} />;
}
