/**
 * What a night of a repository can show, and how rare it is: measured on 824 years of 63 public repositories, but for
 * `rewritten` and `refsDeleted`, which are assumed (docs/decisions/0013-insight.md).
 */

/** A share of what was held (or a number of nights), and how often an ordinary repository crosses it, times a year. */
export type Level = readonly [level: number, timesAYear: number];

export interface Signal {
  readonly code: string;
  /** Fewer files, branches or nights are no sign at all. */
  readonly least: number;
  /** Whether levels are shares, nights in a row, or say only that it happened. */
  readonly unit: "share" | "nights" | "once";
  /** Ascending. */
  readonly levels: readonly Level[];
}

/** Names are stored in index lines and states: add, never rename; the same holds for the numbers of levels. */
export const signals = {
  dense: {
    code: "content-scrambled",
    least: 5,
    unit: "share",
    levels: [
      [0.02, 0.031],
      [0.05, 0.0115],
      [0.1, 0.0018],
      [0.15, 0.0009],
      [0.2, 0.0006],
      [0.3, 0.0003],
      [0.5, 0.0001],
      [0.8, 0.00003],
    ],
  },
  scrambling: {
    code: "content-scrambled",
    least: 1,
    unit: "nights",
    levels: [
      [2, 0.0055],
      [3, 0.0018],
      [4, 0.0006],
    ],
  },
  halfDense: {
    code: "content-scrambled",
    least: 5,
    unit: "share",
    levels: [
      [0.05, 0.0225],
      [0.1, 0.0055],
      [0.2, 0.0018],
      [0.3, 0.0012],
      [0.5, 0.0006],
      [0.8, 0.0002],
    ],
  },
  swapped: {
    code: "content-scrambled",
    least: 5,
    unit: "share",
    levels: [
      [0.05, 0.0067],
      [0.1, 0.0018],
      [0.2, 0.0006],
    ],
  },
  lost: {
    code: "files-lost",
    least: 10,
    unit: "share",
    levels: [
      [0.05, 0.18],
      [0.1, 0.12],
      [0.2, 0.063],
      [0.3, 0.044],
      [0.5, 0.021],
      [0.7, 0.013],
      [0.9, 0.003],
      [0.98, 0.0015],
    ],
  },
  losing: {
    code: "files-lost",
    least: 1,
    unit: "nights",
    levels: [
      [4, 0.0042],
      [5, 0.0006],
    ],
  },
  edited: {
    code: "files-replaced",
    least: 10,
    unit: "share",
    levels: [
      [0.5, 0.13],
      [0.7, 0.039],
      [0.9, 0.014],
    ],
  },
  replaced: {
    code: "files-replaced",
    least: 10,
    unit: "share",
    levels: [
      [0.2, 0.0055],
      [0.3, 0.0018],
      [0.4, 0.0006],
    ],
  },
  rewritten: { code: "history-rewritten", least: 1, unit: "once", levels: [[1, 0.0015]] },
  refsDeleted: {
    code: "branches-deleted",
    least: 5,
    unit: "share",
    levels: [
      [0.5, 0.6],
      [0.9, 0.02],
    ],
  },
} as const satisfies Readonly<Record<string, Signal>>;

export type SignalName = keyof typeof signals;

export const signalNames = Object.keys(signals) as readonly SignalName[];

/** Undefined for signals of other versions. */
export function signalOf(name: string): Signal | undefined {
  return Object.hasOwn(signals, name) ? signals[name as SignalName] : undefined;
}
