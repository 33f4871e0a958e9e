/** Which snapshots of a vault people mean: `latest`, `all`, a snapshot id, an ISO time, `recommended`. */
import { BackupError } from "../foundation/errors.ts";
import type { Log } from "../vault/log.ts";
import { keptSnapshots, type LoggedSnapshot } from "../vault/snapshots.ts";

/** Oldest first. Throws SNAPSHOT_UNKNOWN with what there is. */
export function chooseSnapshots(log: Pick<Log, "entries">, selector: string): readonly LoggedSnapshot[] {
  const kept = keptSnapshots(log);
  if (kept.length === 0) throw nothing();
  if (selector.toLowerCase() === "all") return kept;
  const one = chooseOne(kept, selector);
  if (one === undefined) throw unknown(selector, kept);
  return [one];
}

/** One snapshot; `all` is none. */
export function chooseSnapshot(log: Pick<Log, "entries">, selector: string): LoggedSnapshot {
  const kept = keptSnapshots(log);
  if (kept.length === 0) throw nothing();
  const one = chooseOne(kept, selector);
  if (one === undefined) throw unknown(selector, kept);
  return one;
}

function chooseOne(kept: readonly LoggedSnapshot[], selector: string): LoggedSnapshot | undefined {
  const word = selector.toLowerCase();
  if (word === "latest") return kept.at(-1);
  if (word === "recommended") return recommended(kept);
  const byId = kept.find(({ entry }) => entry.by.run === selector);
  if (byId !== undefined) return byId;
  const time = /^\d{4}-\d{2}-\d{2}/.test(selector) ? Date.parse(selector) : Number.NaN;
  return Number.isNaN(time) ? undefined : kept.filter(({ entry }) => Date.parse(entry.srv) <= time).at(-1);
}

/** The newest complete snapshot from before anything alarming was seen. */
function recommended(kept: readonly LoggedSnapshot[]): LoggedSnapshot | undefined {
  const isCalm = ({ entry }: LoggedSnapshot): boolean =>
    entry.snapshot.anomaly.every(({ code }) => code === "clock-skew");
  const firstAlarm = kept.findIndex((snapshot) => !isCalm(snapshot));
  const before = firstAlarm < 0 ? kept : kept.slice(0, firstAlarm);
  return before.filter(({ entry }) => entry.snapshot.status === "complete").at(-1) ?? before.at(-1) ?? kept.at(-1);
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
