/** What the bench finds, as rows (contract: name, value, unit, peer, peerValue, ratio, bar, holds). */
export interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What it is compared with, measured in the same run; null without one. */
  readonly peer: string | null;
  readonly peerValue: number | null;
  /** value / peerValue. */
  readonly ratio: number | null;
  /** Upper bound: of the ratio where there is a peer, of the value otherwise; null for mere figures. */
  readonly bar: number | null;
  readonly holds: boolean | null;
  /** Share of the full amounts, when it is not 1: the bars are meant for full amounts. */
  readonly scale?: number;
}

export interface Compared {
  readonly peer: string;
  readonly peerValue: number;
  readonly bar?: number;
}

/** A figure, with an upper bound when there is one. */
export function figure(name: string, [value, unit]: readonly [number, string], bar?: number): Row {
  const holds = bar === undefined ? null : value <= bar;
  return { name, value: rounded(value), unit, peer: null, peerValue: null, ratio: null, bar: bar ?? null, holds };
}

/** A figure beside the same work done by something else. */
export function compared(name: string, [value, unit]: readonly [number, string], with_: Compared): Row {
  const { peer, peerValue, bar } = with_;
  const ratio = value / peerValue;
  const holds = bar === undefined ? null : ratio <= bar;
  return {
    name,
    value: rounded(value),
    unit,
    peer,
    peerValue: rounded(peerValue),
    ratio: rounded(ratio),
    bar: bar ?? null,
    holds,
  };
}

function rounded(value: number): number {
  return Number.isInteger(value) ? value : Number(value.toPrecision(4));
}

export function tableOf(rows: readonly Row[]): string {
  const cells = rows.map((row) => [
    row.name,
    `${row.value.toLocaleString("en")} ${row.unit}`,
    row.peer === null ? "" : `${row.peer}: ${(row.peerValue ?? 0).toLocaleString("en")} ${row.unit}`,
    row.ratio === null ? "" : row.ratio.toFixed(3),
    row.bar === null ? "" : `≤ ${row.bar.toLocaleString("en")}${row.ratio === null ? "" : " ×"}`,
    row.holds === null ? "" : row.holds ? "holds" : "DOES NOT HOLD",
  ]);
  const all = [["benchmark", "ours", "peer", "ratio", "bar", ""], ...cells];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? [];
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
