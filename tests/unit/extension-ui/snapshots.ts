/** Snapshots, index lines and the like, with defaults. */
import type { ReportedSnapshot } from "../../../engine/vault/format/reported-snapshot.ts";
import type { Ref } from "../../../engine/vault/format/ref.ts";
import type { Snapshot, StreamLine, Verification } from "../../../extension-ui/model/vault-source.ts";
import type { RunReport } from "../../../extension-ui/vault/run-reports.ts";
import { aRef, vaultId } from "../vault/log/log-vault.ts";
import { aRun } from "./builders.ts";
import { runNumber } from "./vault-world.ts";

const dayMs = 86_400_000;
const firstDay = Date.parse("2026-11-01T02:00:00Z");

/** Two o'clock of the given day in November 2026. */
export function day(number: number): string {
  return new Date(firstDay + (number - 1) * dayMs).toISOString();
}

export const aSum = {
  streams: 10,
  changed: 2,
  failed: 0,
  stale: 0,
  missing: 0,
  deleted: 0,
  skipped: 0,
  items: 100,
  newBytes: 1000,
  totalBytes: 50_000,
};

/** Entry `seq` of the log, of that day. */
export function aSnapshot(seq: number, over: Partial<Snapshot> = {}): Snapshot {
  return {
    id: runNumber(seq),
    seq,
    at: day(seq),
    status: "complete",
    sum: aSum,
    anomalies: [],
    build: `Backup_${seq}`,
    verifications: [],
    isRetired: false,
    isDamaged: false,
    ...over,
  };
}

export function aVerified(over: Partial<Verification> = {}): Verification {
  return { level: "stored", at: day(20), sample: "100%", checked: 40, damaged: 0, ...over };
}

export function aLine(s: string, over: Partial<StreamLine> = {}): StreamLine {
  return { s, st: "ok", state: hashed(s), ...over };
}

/** A reference that is another one for each text. */
export function hashed(text: string): Ref {
  const hex = Array.from(text, (character) => character.charCodeAt(0).toString(16)).join("");
  return aRef({ h: hex.padEnd(64, "0").slice(-64) });
}

export function aReport(seq: number, over: Partial<ReportedSnapshot> = {}): RunReport {
  const id = runNumber(seq);
  const head = `${seq}:${String(seq).padStart(64, "0")}`;
  const reported = {
    vault: vaultId,
    project: { id: vaultId, name: "Shop" },
    snapshot: id,
    seq,
    head,
    status: "complete",
    facts: { sum: aSum },
    ...over,
  } as const;
  const run = aRun({ id: 1000 + seq, state: "succeeded", queuedAt: day(seq), finishedAt: day(seq) });
  return { run, reported };
}
