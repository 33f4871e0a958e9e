/**
 * What runs have reported against what the storage holds: a snapshot that a run reported and the log lacks, or has
 * with other bytes, is a rollback or another history. The other way round nothing follows: runs are deleted in time.
 */
import { parseHead } from "../../engine/vault/format/head-pin.ts";
import type { VaultView } from "../model/vault-source.ts";
import type { RunReport } from "./run-reports.ts";

export interface ReportDifference {
  /** `missing`: not in the storage's log. `different`: the log holds another entry where the run saw its head. */
  readonly what: "missing" | "different";
  readonly snapshot: string;
  readonly runId: number;
  readonly runUrl: string;
  /** Head that the run reported, `<seq>:<sha256>`. */
  readonly reported: string;
  /** What the log holds under that number; undefined when nothing. */
  readonly stored: string | undefined;
}

/** Newest run first. Empty while the storage's log is not checked to its end: nothing can be said before. */
export function compareReports(
  reports: readonly RunReport[],
  { snapshots, chain }: VaultView,
): readonly ReportDifference[] {
  if (chain.state !== "checked") return [];
  const known = new Map(snapshots.map(({ id, seq }) => [id, seq]));
  return reports.flatMap(({ run, reported }) => {
    const head = parseHead(reported.head);
    if (head === undefined) return [];
    const sha256 = chain.hashes.get(head.seq);
    const isMissing = known.get(reported.snapshot) !== reported.seq || sha256 === undefined;
    if (!isMissing && sha256 === head.sha256) return [];
    return [
      {
        what: isMissing ? "missing" : "different",
        snapshot: reported.snapshot,
        runId: run.id,
        runUrl: run.url,
        reported: reported.head,
        stored: sha256 === undefined ? undefined : `${head.seq}:${sha256}`,
      },
    ];
  });
}
