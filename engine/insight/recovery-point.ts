/**
 * Which snapshot to restore from after something bad has happened: the one rule of RestoreItem's `recommended`, of runs
 * and of the hub.
 */
import { alarmsOf, isAboutTheProject } from "../vault/format/alarms.ts";
import type { Anomaly, SnapshotStatus, SnapshotSum } from "../vault/format/log-entry.ts";
import type { IndexLine } from "../vault/format/state.ts";
import { entriesOf, type LoggedEntries } from "../vault/format/logged-entry.ts";
import { isFiles } from "../vault/format/stream-ids.ts";

/** An anomaly, and whether the owner has acknowledged it. */
export interface KnownAnomaly extends Anomaly {
  readonly acknowledged?: true;
}

/** What the rule needs of a snapshot. */
export interface PointFacts {
  /** Run id. */
  readonly id: string;
  readonly seq: number;
  /** ISO 8601. */
  readonly at: string;
  /** By its log entry, where `at` is when storage created that: a copied container looks younger. */
  readonly srv?: string | undefined;
  readonly status: SnapshotStatus;
  readonly sum?: Pick<SnapshotSum, "kinds"> | undefined;
  readonly anomalies: readonly KnownAnomaly[];
  readonly isRetired: boolean;
  readonly isDamaged: boolean;
}

/** An alarm that nobody has acknowledged. A clock that is off is no attack. */
export function isOpenAlarm(anomaly: KnownAnomaly): boolean {
  return anomaly.note !== true && anomaly.acknowledged !== true && isAboutTheProject(anomaly);
}

/** Something happened in the project. */
export function isAlarming({ anomalies }: Pick<PointFacts, "anomalies">): boolean {
  return anomalies.some(isOpenAlarm);
}

/** Its content is there and was not found damaged. */
export function isUsable({ isRetired, isDamaged }: Pick<PointFacts, "isRetired" | "isDamaged">): boolean {
  return !isRetired && !isDamaged;
}

/** The newest complete snapshot that can be restored. `snapshots`: newest first. */
export function lastGoodSnapshot<Snapshot extends PointFacts>(snapshots: readonly Snapshot[]): Snapshot | undefined {
  return snapshots.find((snapshot) => isUsable(snapshot) && snapshot.status === "complete");
}

export interface RecoveryPoint<Snapshot extends PointFacts = PointFacts> {
  readonly snapshot: Snapshot;
  /** The first alarming snapshot; undefined when nothing alarming was seen. */
  readonly before: Snapshot | undefined;
}

/**
 * The newest complete, undamaged snapshot from before anything alarming began; where there is none, the newest partial
 * one. Undefined when nothing from before is kept. `snapshots`: newest first, retired ones too: their alarms count.
 */
export function recoveryPoint<Snapshot extends PointFacts>(
  snapshots: readonly Snapshot[],
): RecoveryPoint<Snapshot> | undefined {
  const oldestFirst = snapshots.toSorted((one, other) => one.seq - other.seq);
  const alarming = oldestFirst.filter(isAlarming);
  const began = Math.min(...alarming.map(beganMs));
  const firstAlarm = alarming.find((snapshot) => beganMs(snapshot) === began);
  const times = takenMs(oldestFirst);
  const calm = oldestFirst.filter(
    (snapshot, index) => isUsable(snapshot) && !isAlarming(snapshot) && (times[index] ?? 0) < began,
  );
  const snapshot = calm.findLast(({ status }) => status === "complete") ?? calm.at(-1);
  return snapshot === undefined ? undefined : { snapshot, before: firstAlarm };
}

function timeOf({ at, srv }: PointFacts): number {
  return Date.parse(srv ?? at);
}

/** No entry is older than one that it continues, whatever it says. */
function takenMs(oldestFirst: readonly PointFacts[]): readonly number[] {
  let latest = -Infinity;
  return oldestFirst.map((snapshot) => (latest = Math.max(latest, timeOf(snapshot))));
}

function beganMs(snapshot: PointFacts): number {
  const own = timeOf(snapshot);
  const since = snapshot.anomalies.filter(isOpenAlarm).map((anomaly) => Date.parse(anomaly.since ?? ""));
  return Math.min(own, ...since.filter((time) => !Number.isNaN(time)));
}

/** The snapshots of a log, newest first, as the rule takes them. */
export function pointFacts(log: LoggedEntries): readonly PointFacts[] {
  const retired = new Set(entriesOf(log, "retire").flatMap(({ entry }) => entry.retire.snapshots));
  const damaged = new Set(entriesOf(log, "incident").flatMap(({ entry }) => entry.incident.snapshots));
  const anomalies = knownAnomalies(log);
  return entriesOf(log, "snapshot")
    .map(({ entry }) => ({
      id: entry.by.run,
      seq: entry.seq,
      at: entry.srv,
      status: entry.snapshot.status,
      sum: entry.snapshot.sum,
      anomalies: anomalies.get(entry.seq) ?? [],
      isRetired: retired.has(entry.seq),
      isDamaged: damaged.has(entry.seq),
    }))
    .toReversed();
}

/** Anomalies by the number of the snapshot's entry. */
export function knownAnomalies(log: LoggedEntries): ReadonlyMap<number, readonly KnownAnomaly[]> {
  const acknowledged = new Set(
    alarmsOf(log).flatMap(({ anomaly, acknowledgedBy }) => (acknowledgedBy === undefined ? [] : [anomaly])),
  );
  return new Map(
    entriesOf(log, "snapshot").map(({ entry }) => [
      entry.seq,
      entry.snapshot.anomaly.map((one) => (acknowledged.has(one) ? { ...one, acknowledged: true as const } : one)),
    ]),
  );
}

export interface LostStream {
  readonly stream: string;
  readonly name?: string;
  /** What going back to the point would undo; `deleted` comes back by it. */
  readonly what: "added" | "changed" | "deleted";
}

/** What has happened to streams since the recovery point, and would be lost by going back to all of it. */
export function lostAfter(atPoint: Iterable<IndexLine>, now: Iterable<IndexLine>): readonly LostStream[] {
  const before = new Map([...atPoint].map((line) => [line.s, line]));
  return [...now].flatMap((line) => {
    const what = differenceOf(before.get(line.s), line);
    if (what === undefined || isFiles(line.s)) return [];
    return [{ stream: line.s, ...(line.name === undefined ? {} : { name: line.name }), what }];
  });
}

function differenceOf(before: IndexLine | undefined, now: IndexLine): LostStream["what"] | undefined {
  if (before?.state === undefined) return now.state === undefined ? undefined : "added";
  if (now.st === "deleted" && before.st !== "deleted") return "deleted";
  return now.state !== undefined && now.state.h !== before.state.h ? "changed" : undefined;
}
