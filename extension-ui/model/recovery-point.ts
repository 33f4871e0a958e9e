/** Which snapshot to restore from after something bad has happened; the same rule as RestoreItem's `recommended`. */
import type { Snapshot } from "./vault-source.ts";

/** Something happened in the project. A clock that is off is no attack. */
export function isAlarming({ anomalies }: Pick<Snapshot, "anomalies">): boolean {
  return anomalies.some(({ code }) => code !== "clock-skew");
}

/** Its content is there and was not found damaged. */
export function isUsable({ isRetired, isDamaged }: Snapshot): boolean {
  return !isRetired && !isDamaged;
}

/** The newest complete snapshot that can be restored. `snapshots`: newest first. */
export function lastGoodSnapshot(snapshots: readonly Snapshot[]): Snapshot | undefined {
  return snapshots.find((snapshot) => isUsable(snapshot) && snapshot.status === "complete");
}

export interface RecoveryPoint {
  readonly snapshot: Snapshot;
  /** The first alarming snapshot after it; undefined when nothing alarming was seen. */
  readonly before: Snapshot | undefined;
}

/** The newest complete snapshot from before anything alarming. `snapshots`: newest first. */
export function recoveryPoint(snapshots: readonly Snapshot[]): RecoveryPoint | undefined {
  const kept = snapshots.filter(({ isRetired }) => !isRetired).toReversed();
  const firstAlarm = kept.findIndex(isAlarming);
  const calm = (firstAlarm < 0 ? kept : kept.slice(0, firstAlarm)).filter(({ isDamaged }) => !isDamaged);
  const snapshot = calm.findLast(({ status }) => status === "complete") ?? calm.at(-1);
  return snapshot === undefined ? undefined : { snapshot, before: kept[firstAlarm] };
}
