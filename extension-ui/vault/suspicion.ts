/**
 * Differences between what runs have reported and what storage holds become an alarm only when two readings of the
 * storage show them, both begun after the reports were read: a page may have been open for long, and a backup may
 * end between two of its requests.
 */
import type { ReportDifference } from "./compare-reports.ts";

export interface Reading {
  /** When it began; readings of one page have a beginning each. */
  readonly startedAt: number;
  readonly differences: readonly ReportDifference[];
}

export interface Suspicion {
  /** Beginnings of the readings that count, newest last. */
  readonly readings: readonly number[];
  /** What all of them show. */
  readonly differences: readonly ReportDifference[];
}

export const noSuspicion: Suspicion = { readings: [], differences: [] };

export const readingsForAlarm = 2;

/** What is suspected after one more reading. One from before the reports, or one that is known already, changes nothing. */
export function afterReading(before: Suspicion, reading: Reading, reportsReadAt: number): Suspicion {
  const { startedAt, differences } = reading;
  if (startedAt <= reportsReadAt || before.readings.includes(startedAt)) return before;
  if (differences.length === 0) return noSuspicion;
  const known = new Set(differences.map(keyOf));
  const shared = before.differences.filter((difference) => known.has(keyOf(difference)));
  // Nothing in common with what was seen before: the suspicion begins anew.
  return shared.length === 0
    ? { readings: [startedAt], differences }
    : { readings: [...before.readings, startedAt], differences: shared };
}

export function isAlarm({ readings }: Suspicion): boolean {
  return readings.length >= readingsForAlarm;
}

function keyOf({ runId, snapshot, reported, what }: ReportDifference): string {
  return [runId, snapshot, reported, what].join(" ");
}
