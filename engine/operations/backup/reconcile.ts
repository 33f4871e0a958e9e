/** When the weekly full comparison is due. */
import type { LoggedSnapshot } from "../../vault/snapshots/snapshots.ts";

/** Once in each ISO week, counted by the storage's clock, until a complete snapshot has done it. */
export function isReconcileDue(snapshots: readonly LoggedSnapshot[], now: Date): boolean {
  const thisWeek = weekOf(now);
  return !snapshots.some(
    ({ entry }) => entry.snapshot.status === "complete" && weekOf(new Date(entry.srv)) === thisWeek,
  );
}

/** Number of the Monday-to-Sunday week since the epoch. */
function weekOf(time: Date): number {
  const mondayOffsetDays = 3;
  return Math.floor((time.getTime() / 86_400_000 + mondayOffsetDays) / 7);
}
