/** What operations hand to reports and tasks: plain values. */
import type { Finding, Gap, Step, StepResult, TranslatedId } from "../kinds/kind.ts";
import type { Coverage } from "../vault/format/coverage.ts";
import type { ToldAlarm } from "../insight/told-alarms.ts";
import type { SnapshotImmutability, ToldImmutability } from "../vault/format/immutability.ts";
import type { Anomaly, Head, SnapshotStatus, SnapshotSum } from "../vault/format/log-entry.ts";

export interface KindSummary {
  readonly kind: string;
  readonly title: string;
  readonly streams: number;
  readonly changedStreams: number;
  readonly added: number;
  readonly changed: number;
  readonly deleted: number;
  readonly newBytes: number;
  readonly gaps: number;
}

export interface BackupResult {
  readonly project: { readonly id: string; readonly name: string };
  readonly vault: string;
  /** Run id. */
  readonly snapshot: string;
  readonly seq: number;
  readonly status: SnapshotStatus;
  readonly head: Head;
  readonly signer: string;
  /** False: trust on first use, shown as such. */
  readonly signerPinned: boolean;
  readonly headPinned: boolean;
  readonly firstSnapshot: boolean;
  /** SHA-256 of the vault's README.txt as it is stored; undefined where it is none of ours. */
  readonly readmeSha256?: string | undefined;
  readonly sum: SnapshotSum;
  readonly kinds: readonly KindSummary[];
  /** How much of the project the snapshot covers; undefined when a version that did not count it made the snapshot. */
  readonly coverage: Coverage | undefined;
  readonly gaps: readonly Gap[];
  /** Kinds that were never stored and that the identity may not read: said with their cure, no gaps. */
  readonly notCovered: readonly Gap[];
  /** Kinds that could not be listed or are not covered, and kinds that may hold more than was shown. */
  readonly kindsNotRead: readonly string[];
  readonly kindsUnsure: readonly string[];
  readonly findings: readonly Finding[];
  /** What this snapshot shows: alarms, and notes. */
  readonly anomalies: readonly Anomaly[];
  /** Alarms that nobody has acknowledged, of this snapshot and of earlier ones. */
  readonly alarms: readonly ToldAlarm[];
  /** Names of streams that anomalies are about, where they are known. */
  readonly names: ReadonlyMap<string, string>;
  readonly drift: readonly string[];
  /** Streams stale for longer than `maxStaleDays`. */
  readonly overdue: readonly string[];
  readonly retention: RetentionSummary | undefined;
  readonly requests: number;
  readonly durationMs: number;
}

export interface RetentionSummary {
  readonly kept: number;
  readonly retired: number;
  readonly objects: number;
  readonly bytes: number;
  readonly carriedOut: boolean;
  /** Why it was not carried out, or what a guard refused. */
  readonly note?: string;
}

/** Values in their order, perhaps very many: to be gone through, not to be held. */
export interface Listed<Value> extends Iterable<Value> {
  readonly length: number;
}

export type DoneStep = Step & { readonly result: StepResult };

export interface RestorePlan {
  readonly source: {
    readonly organizationUrl: string;
    readonly project: { readonly id: string; readonly name: string };
  };
  readonly target: {
    readonly organizationUrl: string;
    readonly project: { readonly id: string; readonly name: string };
    readonly createsProject: boolean;
  };
  readonly snapshot: string;
  readonly takenAt: string;
  readonly conflictPolicy: string;
  readonly steps: Listed<Step>;
  /** What is only needed and is there already: its id in the target; left out when there is nothing. */
  readonly found?: readonly TranslatedId[];
  /** Streams whose content in this snapshot is older than the snapshot. */
  readonly stale: readonly { readonly stream: string; readonly asOf: string }[];
  /** SHA-256 over lines of canonical JSON, hex: everything above but the steps, then each step. */
  readonly hash: string;
  /** What people should know besides; not part of the hash. */
  readonly notes?: readonly string[];
  /** What of the selection was never stored, in one line each; left out when there is nothing. No part of the hash. */
  readonly neverStored?: readonly string[];
}

export interface RestoreResult {
  readonly plan: RestorePlan;
  readonly restoreId: string;
  /** An earlier, unfinished run of the same request was continued. */
  readonly resumed: boolean;
  readonly applied: boolean;
  readonly steps: Listed<DoneStep>;
  readonly created: number;
  readonly updated: number;
  readonly skipped: number;
  readonly failed: number;
  /** Secrets to enter again, one line each. */
  readonly worksheet: readonly string[];
  readonly durationMs: number;
}

export interface VerifiedStream {
  readonly stream: string;
  readonly name?: string;
  /** Run ids of the snapshots that use it. */
  readonly snapshots: readonly string[];
  readonly findings: readonly Finding[];
  readonly checkedBytes: number;
  readonly durationMs: number;
}

export interface VerifyResult {
  readonly vault: string;
  readonly level: "catalogue" | "stored" | "content" | "drill";
  readonly sample: string;
  readonly snapshots: readonly string[];
  readonly head: Head;
  readonly headPinned: boolean;
  readonly signerPinned: boolean;
  readonly streams: readonly VerifiedStream[];
  /** Findings about the log itself. */
  readonly log: readonly Finding[];
  readonly damaged: number;
  readonly checkedObjects: number;
  readonly checkedBytes: number;
  readonly newestCompleteAt: string | undefined;
  readonly tooOld: boolean;
  readonly rtoSeconds: number | undefined;
  readonly immutability: VerifiedImmutability;
  readonly durationMs: number;
}

/** Of the verified snapshots, oldest first, with their run ids. */
export type VerifiedImmutability = ToldImmutability<SnapshotImmutability & { readonly id: string }>;
