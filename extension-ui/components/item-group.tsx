import { Card } from "azure-devops-ui/Card";
import * as React from "react";
import { StateLabel, type Mark } from "./state-label.tsx";

/** How a group of items is headed. */
export interface GroupWords {
  readonly mark: Mark;
  readonly text: string;
}

export interface ItemGroupProps<Row> extends GroupWords {
  /** The first ones, perhaps not all. */
  readonly rows: readonly Row[];
  readonly count: number;
  readonly children: (row: Row) => React.ReactNode;
}

/** Items that are listed; the run's own page lists all. */
const listed = 200;

/** Items of which the same is told, with their number; each row is shown by `children`. */
export function ItemGroup<Row extends { readonly id: string }>(props: ItemGroupProps<Row>): React.ReactElement {
  const { mark, text, rows, count, children } = props;
  const more = count - Math.min(rows.length, listed);
  return (
    <section aria-label={`${text}: ${count}`} className="flex-column rhythm-vertical-8">
      <h3 className="hub-heading">
        <StateLabel mark={mark} text={`${text} (${count.toLocaleString()})`} />
      </h3>
      <Card className="bolt-table-card" contentProps={{ contentPadding: false }}>
        <ul className="hub-rows">
          {rows.slice(0, listed).map((row) => (
            <li key={row.id}>{children(row)}</li>
          ))}
          {more > 0 && (
            <li className="secondary-text">{`and ${more.toLocaleString()} more, listed on the run's page`}</li>
          )}
        </ul>
      </Card>
    </section>
  );
}

/** What is to be said about one item, below its name. */
export function Details({ lines }: { readonly lines: readonly string[] }): React.ReactElement | null {
  if (lines.length === 0) return null;
  return (
    <ul className="hub-details secondary-text">
      {lines.map((line, index) => (
        <li key={index}>{line}</li>
      ))}
    </ul>
  );
}
