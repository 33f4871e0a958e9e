/**
 * Signs that something is wrong at the source rather than with the backup: an attacker or an accident deletes,
 * rewrites or hides much at once. They stand in the log entry, pause retention and are reported (format.md, fault 62).
 */
import type { Anomaly } from "../vault/log-entry.ts";
import type { StreamDraft } from "./back-up-stream.ts";
import type { ParentIndex } from "./previous-stream.ts";

/** Below these numbers a share says nothing: small projects change in large shares every day. */
const fewStreams = 5;
const fewItems = 50;
const alarmingShare = 0.3;

export function anomaliesOf(parent: ParentIndex, drafts: ReadonlyMap<string, StreamDraft>): readonly Anomaly[] {
  const mains = [...parent.values()].filter((line) => !line.s.endsWith("/files"));
  const statusNow = (stream: string): string | undefined => drafts.get(stream)?.lines[0]?.st;
  const newly = (status: string): number =>
    mains.filter((line) => line.st !== status && statusNow(line.s) === status).length;
  const deletedStreams = newly("deleted");
  const missingStreams = newly("missing");
  const items = mains.reduce((sum, line) => sum + (line.count ?? 0), 0);
  const deletedItems = sumOf(drafts, ({ changes }) => changes.deleted);
  const changedItems = sumOf(drafts, ({ changes }) => changes.changed);
  const rewritten = sumOf(drafts, ({ changes }) => changes.rewritten);
  return [
    ...(deletedStreams > fewStreams && deletedStreams > alarmingShare * mains.length
      ? [{ code: "mass-delete", n: deletedStreams }]
      : []),
    ...(deletedItems > fewItems && deletedItems > alarmingShare * items
      ? [{ code: "mass-delete", n: deletedItems }]
      : []),
    ...(missingStreams > fewStreams && missingStreams > alarmingShare * mains.length
      ? [{ code: "mass-disappearance", n: missingStreams }]
      : []),
    ...(changedItems > fewItems && changedItems > 2 * alarmingShare * items
      ? [{ code: "mass-change", n: changedItems }]
      : []),
    ...(rewritten > fewStreams ? [{ code: "branches-rewritten", n: rewritten }] : []),
  ];
}

function sumOf(drafts: ReadonlyMap<string, StreamDraft>, of: (draft: StreamDraft) => number): number {
  return [...drafts.values()].reduce((sum, draft) => sum + of(draft), 0);
}
