/** Snapshots as the log tells of them. */
import type { LoggedEntry } from "../format/logged-entry.ts";
import type { SnapshotEntry } from "../format/log-entry.ts";
import { entriesOf } from "../format/logged-entry.ts";
import type { Log } from "../log/log.ts";

export type LoggedSnapshot = LoggedEntry<SnapshotEntry>;

/** Snapshots that no retire entry names, oldest first. */
export function keptSnapshots(log: Pick<Log, "entries">): readonly LoggedSnapshot[] {
  const retired = new Set(entriesOf(log, "retire").flatMap(({ entry }) => entry.retire.snapshots));
  return entriesOf(log, "snapshot").filter(({ entry }) => !retired.has(entry.seq));
}

/** The snapshot that a new one continues. */
export function newestSnapshot(log: Pick<Log, "entries">): LoggedSnapshot | undefined {
  return keptSnapshots(log).at(-1);
}

/** The snapshot that the run has committed, retired or not. */
export function snapshotOfRun(log: Pick<Log, "entries">, run: string): LoggedSnapshot | undefined {
  return entriesOf(log, "snapshot").find(({ entry }) => entry.by.run === run);
}
