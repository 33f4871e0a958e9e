import { SimpleTableCell, TwoLineTableCell, type ITableColumn } from "azure-devops-ui/Table";
import * as React from "react";

export interface Column<T> {
  readonly id: string;
  readonly name: string;
  /** Pixels, or (negative) its share of what is left. */
  readonly width: number;
  readonly isPrimary?: boolean;
  readonly cell: (row: T) => React.ReactNode;
  /** Second, quieter line of each cell. */
  readonly below?: (row: T) => React.ReactNode;
}

/** Columns as the tables of azure-devops-ui take them; texts that are too long end in an ellipsis. */
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

function renderCell<T>({ id, isPrimary, cell, below }: Column<T>, row: T, place: Place<T>): React.ReactElement {
  const first = <span className={isPrimary === true ? "hub-cell font-weight-semibold" : "hub-cell"}>{cell(row)}</span>;
  if (below === undefined)
    return (
      <SimpleTableCell key={id} {...place}>
        {first}
      </SimpleTableCell>
    );
  const second = <span className="hub-cell secondary-text font-size">{below(row)}</span>;
  return <TwoLineTableCell key={id} {...place} line1={first} line2={second} />;
}
