/** Figures and words of snapshots and items as the hub shows them. Texts only: nothing here is markup. */
import { bytesForPeople, counted } from "../../engine/foundation/text.ts";
import type { SnapshotSum } from "../../engine/vault/format/log-entry.ts";
import { disabledCode, isNeverStored } from "../../engine/vault/format/coverage.ts";
import type { IndexLine, StreamStatus } from "../../engine/vault/format/state.ts";
import type { ItemField } from "./compare.ts";
import type { RowState } from "./snapshot-rows.ts";
import { idWithZone, localTime, withLocalTimes } from "./times.ts";
import type { ChainState, Snapshot, Verification } from "./vault-source.ts";

/** The snapshot that a run was asked for, as people know it. */
export function snapshotName(asked: string, snapshots: readonly Pick<Snapshot, "id" | "at">[]): string {
  if (asked === "latest") return "the latest snapshot";
  if (asked === "recommended") return "the recommended snapshot";
  const found = snapshots.find(({ id }) => id === asked);
  return found === undefined ? withLocalTimes(idWithZone(asked)) : `the snapshot of ${localTime(found.at)}`;
}

const rowStateNames: Readonly<Record<RowState, string>> = {
  running: "Running",
  failed: "Failed",
  damaged: "Damaged",
  anomaly: "Anomaly",
  partial: "Partial",
  complete: "Complete",
  retired: "Retired",
};

export function rowStateText(state: RowState): string {
  return rowStateNames[state];
}

const streamStatusNames: Readonly<Record<StreamStatus, string>> = {
  ok: "Read",
  stale: "Not read: an earlier state is kept",
  missing: "Not seen, and not known to be deleted: its last state is kept",
  deleted: "Deleted: its last state is kept",
  skipped: "Excluded: its last state is kept",
};

export function streamStatusText(status: StreamStatus): string {
  return streamStatusNames[status];
}

/** What became of a stream in a snapshot. A line that calls itself read and has no state was never stored. */
export function streamStateText(line: Pick<IndexLine, "st" | "state" | "note" | "err">): string {
  if (isNeverStored(line))
    return line.err === disabledCode
      ? "Never stored: the repository is disabled"
      : "Never stored: nothing of it is in this vault";
  if (line.st === "ok" && line.note !== undefined) {
    return line.note === disabledCode ? "Disabled: its last state is kept" : "Not delivered: its last state is kept";
  }
  return streamStatusText(line.st);
}

const levelNames: Readonly<Record<Verification["level"], string>> = {
  catalogue: "Catalogue: every object is there",
  stored: "Stored: every byte is the signed one",
  content: "Content: everything opens and is sound",
  drill: "Drill: restored and compared",
};

export function levelText(level: Verification["level"]): string {
  return levelNames[level];
}

/** One word. */
export function levelName(level: Verification["level"]): string {
  return levelText(level).split(":")[0] ?? level;
}

/** `12 streams changed, 1 deleted, 2 not read`. */
export function changesText({ changed, deleted, stale, missing }: SnapshotSum): string {
  const unread = stale + missing;
  return [
    changed === 0 ? "Nothing changed" : `${counted(changed, "stream")} changed`,
    ...(deleted === 0 ? [] : [`${counted(deleted, "stream")} deleted`]),
    ...(unread === 0 ? [] : [`${counted(unread, "stream")} not read`]),
  ].join(", ");
}

export function sizeText({ newBytes, totalBytes }: SnapshotSum): string {
  return `${bytesForPeople(newBytes)} new of ${bytesForPeople(totalBytes)}`;
}

const itemFields: Readonly<Record<ItemField, string>> = {
  name: "name",
  type: "type",
  state: "state",
  rev: "revision",
  at: "time of change",
  by: "changed by",
};

/** What of an item is different, in words. */
export function itemFieldsText(fields: readonly ItemField[]): string {
  return fields.map((field) => itemFields[field]).join(", ");
}

/** One line on how far the log can be relied on. */
export function chainText(chain: ChainState): string {
  if (chain.state === "unchecked") return "Reported by runs, not checked against storage";
  if (chain.state === "checking") return `Checking the log: ${chain.read} of ${chain.of} entries`;
  if (chain.problems.length > 0) return `The log has ${counted(chain.problems.length, "problem")}`;
  const signers = chain.signers === "pinned" ? "signed by the pinned keys" : "signers trusted on first use";
  return `Log checked: ${signers}${chain.isHeadPinned ? ", nothing was taken back" : ""}`;
}
