/**
 * What snapshots of a log have shown, and what the owner has said of it (docs/format.md 3.1). An alarm counts until an
 * `acknowledge` entry names its snapshot and its code; later clean snapshots do not end it.
 */
import type { AcknowledgeEntry, Anomaly, ExpectEntry } from "./log-entry.ts";
import { entriesOf, type LoggedEntries } from "./logged-entry.ts";

export interface Alarm {
  /** Entry of the snapshot that shows it, its run id, and when the storage service created it. */
  readonly seq: number;
  readonly run: string;
  readonly at: string;
  readonly anomaly: Anomaly;
  /** Entry that acknowledges it. */
  readonly acknowledgedBy?: number;
}

/** Every alarm of the log, oldest first, also of snapshots that are retired; notes are none. */
export function alarmsOf(log: LoggedEntries): readonly Alarm[] {
  const acknowledgements = entriesOf(log, "acknowledge");
  return entriesOf(log, "snapshot").flatMap(({ entry }) =>
    entry.snapshot.anomaly
      .filter(({ note }) => note !== true)
      .map((anomaly): Alarm => {
        const by = acknowledgements.find((one) => isAcknowledged({ seq: entry.seq, anomaly }, one.entry));
        const alarm = { seq: entry.seq, run: entry.by.run, at: entry.srv, anomaly };
        return by === undefined ? alarm : { ...alarm, acknowledgedBy: by.entry.seq };
      }),
  );
}

/** Alarms that nobody has acknowledged. */
export function openAlarms(log: LoggedEntries): readonly Alarm[] {
  return alarmsOf(log).filter(({ acknowledgedBy }) => acknowledgedBy === undefined);
}

/** Alarms about the project; a clock that is off says nothing about its content. */
export function isAboutTheProject({ code }: Pick<Anomaly, "code">): boolean {
  return code !== "clock-skew";
}

/** A snapshot as far as it matters for going back to. */
interface Candidate {
  readonly seq: number;
  readonly status: "complete" | "partial";
  readonly createdAt: string;
}

/**
 * Snapshots, by entry number, that are from before anything that an open alarm about the project tells of: the newest
 * complete one before the first such snapshot, and the newest complete one before the first moment that they name.
 * `snapshots`: oldest first. What an alarm says of its beginning is the writer's word; its place in the log is not.
 */
export function pointsBeforeAlarms(
  snapshots: readonly Candidate[],
  alarms: readonly { readonly seq: number; readonly anomaly: Pick<Anomaly, "code" | "since"> }[],
): ReadonlySet<number> {
  const grave = alarms.filter(({ anomaly }) => isAboutTheProject(anomaly));
  const firstSeq = Math.min(...grave.map(({ seq }) => seq));
  const since = Math.min(...grave.flatMap(({ anomaly }) => anomaly.since ?? []).map(Date.parse));
  const complete = snapshots.filter(({ seq, status }) => status === "complete" && seq < firstSeq);
  const points = [complete, complete.filter(({ createdAt }) => Date.parse(createdAt) < since)].map((all) => all.at(-1));
  return new Set(grave.length === 0 ? [] : points.flatMap((point) => point?.seq ?? []));
}

/** Codes that the owner has announced for this time. */
export function expectedCodes(log: LoggedEntries, at: Date): ReadonlySet<string> {
  const valid = entriesOf(log, "expect").filter(
    ({ entry }) => Date.parse(entry.srv) <= at.getTime() && at.getTime() <= endOfAnnouncement(entry),
  );
  return new Set(valid.flatMap(({ entry }) => entry.expect.codes));
}

/** An announcement holds for 72 hours at most, whatever it says. */
export const maxExpectHours = 72;

/** Milliseconds since 1970. */
export function endOfAnnouncement({ srv, expect: { until } }: Pick<ExpectEntry, "srv" | "expect">): number {
  return Math.min(Date.parse(until), Date.parse(srv) + maxExpectHours * 3_600_000);
}

function isAcknowledged(
  { seq, anomaly }: { readonly seq: number; readonly anomaly: Anomaly },
  { seq: after, acknowledge: { seq: of, codes, streams } }: AcknowledgeEntry,
): boolean {
  if (of !== seq || after <= seq || !codes.includes(anomaly.code)) return false;
  if (streams.length === 0) return true;
  // An alarm that names no stream is about more than some of them.
  return anomaly.streams?.every((stream) => streams.includes(stream)) === true;
}
