/** Which snapshots of a vault people mean: `latest`, `all`, a snapshot id, an ISO time, `recommended`. */
import { BackupError } from "../foundation/errors.ts";
import { pointFacts, recoveryPoint } from "../insight/recovery-point.ts";
import type { Log } from "../vault/log/log.ts";
import { keptSnapshots, type LoggedSnapshot } from "../vault/snapshots/snapshots.ts";

/** Oldest first. Throws SNAPSHOT_UNKNOWN with what there is. */
export function chooseSnapshots(log: Pick<Log, "entries">, selector: string): readonly LoggedSnapshot[] {
  const kept = keptSnapshots(log);
  if (kept.length === 0) throw nothing();
  if (selector.toLowerCase() === "all") return kept;
  const one = chooseOne(log, kept, selector);
  if (one === undefined) throw unknown(selector, kept);
  return [one];
}

/** One snapshot; `all` is none. */
export function chooseSnapshot(log: Pick<Log, "entries">, selector: string): LoggedSnapshot {
  const kept = keptSnapshots(log);
  if (kept.length === 0) throw nothing();
  const one = chooseOne(log, kept, selector);
  if (one === undefined) throw unknown(selector, kept);
  return one;
}

function chooseOne(
  log: Pick<Log, "entries">,
  kept: readonly LoggedSnapshot[],
  selector: string,
): LoggedSnapshot | undefined {
  const word = selector.toLowerCase();
  if (word === "latest") return kept.at(-1);
  if (word === "recommended") return recommended(log, kept);
  const byId = kept.find(({ entry }) => entry.by.run === selector);
  if (byId !== undefined) return byId;
  const time = /^\d{4}-\d{2}-\d{2}/.test(selector) ? Date.parse(selector) : Number.NaN;
  return Number.isNaN(time) ? undefined : kept.filter(({ entry }) => Date.parse(entry.srv) <= time).at(-1);
}

/** The rule of the hub and of runs. Throws RECOMMENDED_UNKNOWN when nothing from before an alarm is kept. */
function recommended(log: Pick<Log, "entries">, kept: readonly LoggedSnapshot[]): LoggedSnapshot | undefined {
  const point = recoveryPoint(pointFacts(log));
  if (point === undefined) throw nothingRecommended(kept);
  return kept.find(({ entry }) => entry.seq === point.snapshot.seq);
}

function nothingRecommended(kept: readonly LoggedSnapshot[]): BackupError {
  return new BackupError({
    code: "RECOMMENDED_UNKNOWN",
    message:
      "Input snapshot is recommended, but every snapshot that is kept is damaged or shows an alarm that nobody has acknowledged",
    hint: `Name one by its id, such as ${kept.at(-1)?.entry.by.run ?? "latest"}, or acknowledge the alarm if it was meant.`,
  });
}

function nothing(): BackupError {
  return new BackupError({
    code: "SNAPSHOT_UNKNOWN",
    message: "This vault holds no snapshot yet",
    hint: "Run BackupProject first, or check the container and the project.",
  });
}

function unknown(selector: string, kept: readonly LoggedSnapshot[]): BackupError {
  const newest = kept.slice(-5).map(({ entry }) => entry.by.run);
  return new BackupError({
    code: "SNAPSHOT_UNKNOWN",
    message: `Input snapshot is "${selector}", which is no snapshot of this vault`,
    hint: `Use latest, recommended, an ISO time from ${kept[0]?.entry.srv ?? ""} on, or an id such as ${newest.join(", ")}.`,
  });
}
