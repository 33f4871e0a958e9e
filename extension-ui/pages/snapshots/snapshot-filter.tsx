import { Button } from "azure-devops-ui/Button";
import * as React from "react";
import { rowStateText } from "../../model/format.ts";
import { rowStates, type RowFilter, type RowState, type SnapshotRow } from "../../model/snapshot-rows.ts";

export interface SnapshotFilterProps {
  readonly filter: RowFilter;
  readonly rows: readonly SnapshotRow[];
  readonly onChange: (filter: RowFilter) => void;
}

export const noFilter: RowFilter = { states: new Set() };

/** Chooses rows by state and by day. */
export function SnapshotFilter({ filter, rows, onChange }: SnapshotFilterProps): React.ReactElement {
  const present = rowStates.filter((state) => rows.some((row) => row.states.has(state)));
  const isSet = filter.states.size > 0 || filter.from !== undefined || filter.to !== undefined;
  return (
    <div className="hub-filter flex-row flex-center flex-wrap" role="group" aria-label="Filter snapshots">
      {(present.length > 1 ? present : []).map((state) => (
        <button
          key={state}
          type="button"
          className={filter.states.has(state) ? "hub-chip hub-chip-on" : "hub-chip"}
          aria-pressed={filter.states.has(state)}
          onClick={() => onChange({ ...filter, states: toggled(filter.states, state) })}
        >
          {rowStateText(state)}
        </button>
      ))}
      <DayField label="From" day={dayOf(filter.from)} onChange={(day) => onChange({ ...filter, from: startOf(day) })} />
      <DayField label="To" day={dayOf(filter.to)} onChange={(day) => onChange({ ...filter, to: endOf(day) })} />
      {isSet && <Button subtle text="Clear filter" onClick={() => onChange(noFilter)} />}
    </div>
  );
}

interface DayFieldProps {
  readonly label: string;
  /** `2026-11-22`, or empty. */
  readonly day: string;
  readonly onChange: (day: string) => void;
}

function DayField({ label, day, onChange }: DayFieldProps): React.ReactElement {
  return (
    <label className="hub-day flex-row flex-center">
      <span className="secondary-text">{label}</span>
      <input type="date" value={day} onChange={({ target }) => onChange(target.value)} />
    </label>
  );
}

function toggled(states: ReadonlySet<RowState>, state: RowState): ReadonlySet<RowState> {
  return states.has(state) ? new Set([...states].filter((one) => one !== state)) : new Set([...states, state]);
}

/** Days are the person's own, instants are the world's. */
function startOf(day: string): string | undefined {
  return instantOf(`${day}T00:00:00`);
}

function endOf(day: string): string | undefined {
  return instantOf(`${day}T23:59:59.999`);
}

function instantOf(local: string): string | undefined {
  const date = new Date(local);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

function dayOf(instant: string | undefined): string {
  if (instant === undefined) return "";
  const date = new Date(instant);
  const two = (part: number): string => String(part).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
