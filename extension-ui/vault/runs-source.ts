/**
 * The vault as runs of the pipelines have reported it: for people who may see runs and cannot read the storage. Whoever
 * may change a pipeline can forge what it reports, so the chain stays `unchecked`.
 */
import { parseSigners } from "../../engine/crypto/keys.ts";
import { BackupError } from "../../engine/foundation/errors.ts";
import { stringAt } from "../../engine/foundation/json.ts";
import { newerSeen, type SeenImmutability } from "../../engine/insight/immutability.ts";
import type { Snapshot, VaultSource, VaultView, Verification } from "../model/vault-source.ts";
import { snapshotOfReport, snapshotReports, verificationReports } from "./run-reports.ts";
import type { ReportedVerification, RunReport, RunsFacts } from "./run-reports.ts";

/** Throws what the pipelines' service throws; names of streams and items are never in what runs report. */
export function runsSource(facts: RunsFacts): VaultSource {
  return {
    origin: "runs",
    async *watch(signal) {
      let reports: readonly RunReport[] = [];
      for await (const step of snapshotReports(facts, signal)) {
        reports = step.reports;
        yield viewOf(reports, []);
      }
      if (facts.verifyPipelineId === undefined) return;
      for await (const step of verificationReports(facts, signal)) yield viewOf(reports, step.reports);
    },
    streams: () => Promise.reject(namesNeedStorage()),
    items: async function* () {
      yield* [];
      throw namesNeedStorage();
    },
  };
}

function viewOf(reports: readonly RunReport[], verifications: readonly ReportedVerification[]): VaultView {
  const snapshots = new Map<string, Snapshot>();
  for (const report of reports) {
    const { snapshot } = report.reported;
    if (snapshots.has(snapshot)) continue; // a later attempt of the same run tells of it again
    const made = snapshotOfReport(report, verificationsOf(snapshot, verifications));
    if (made === undefined) continue;
    const immutability = immutabilityOf(snapshot, verifications);
    snapshots.set(snapshot, immutability === undefined ? made : { ...made, immutability });
  }
  const newestFirst = [...snapshots.values()].sort((a, b) => b.seq - a.seq);
  return { snapshots: newestFirst, chain: { state: "unchecked" }, signers: signersOf(reports) };
}

/** Newest of each level; the reports come newest first. */
function verificationsOf(snapshot: string, reports: readonly ReportedVerification[]): readonly Verification[] {
  const newest = new Map<Verification["level"], Verification>();
  for (const { snapshots, verification } of reports)
    if (snapshots.includes(snapshot) && !newest.has(verification.level)) newest.set(verification.level, verification);
  return [...newest.values()];
}

function immutabilityOf(snapshot: string, reports: readonly ReportedVerification[]): SeenImmutability | undefined {
  return reports.reduce<SeenImmutability | undefined>((newest, { immutability, snapshots, others }) => {
    const own = immutability.get(snapshot) ?? (snapshots.includes(snapshot) ? others : undefined);
    return newerSeen(newest, own);
  }, undefined);
}

function signersOf([newest]: readonly RunReport[]): readonly string[] {
  const line = newest === undefined ? undefined : stringAt(newest.reported.facts, "signer");
  try {
    return parseSigners(line ?? "").map(({ signer }) => signer);
  } catch {
    return []; // what a run has attached may be anything
  }
}

function namesNeedStorage(): BackupError {
  return new BackupError({
    code: "NAMES_NEED_STORAGE",
    message: "What runs have reported holds no names of streams and items",
    hint: "Sign in to the storage account or enter a read-only SAS, then give the viewer key.",
  });
}
