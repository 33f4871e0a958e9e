/**
 * What a snapshot shows of its project (docs/decisions/0013-insight.md): alarms, and notes that are worth a look. Pure:
 * backups judge what they commit, verifications judge again from what is stored, and both must come to the same.
 */
import type { Anomaly } from "../vault/format/log-entry.ts";
import type { SnapshotFacts } from "./facts.ts";
import { judgeGit } from "./judge-git.ts";
import { judgeItems } from "./judge-items.ts";
import { judgeListing } from "./judge-listing.ts";
import { judgeProtection } from "./judge-protection.ts";

const skewToleratedMs = 15 * 60_000;

/** What the owner has announced is worth a note, no alarm. */
export function judgeSnapshot(facts: SnapshotFacts): readonly Anomaly[] {
  const found = [
    ...judgeGit(facts),
    ...judgeListing(facts),
    ...judgeItems(facts),
    ...judgeProtection(facts),
    ...clockSkew(facts),
  ];
  return found.map((anomaly) => (facts.expected.has(anomaly.code) ? { ...anomaly, note: true } : anomaly));
}

function clockSkew({ skewMs = 0 }: SnapshotFacts): readonly Anomaly[] {
  return Math.abs(skewMs) > skewToleratedMs ? [{ code: "clock-skew", n: Math.round(Math.abs(skewMs) / 60_000) }] : [];
}
