/** What operations hand to reports and tasks: plain values. */
import type { Finding, Gap, Step, StepResult } from "../kinds/kind.ts";
import type { SnapshotImmutability, ToldImmutability } from "../vault/immutability.ts";
import type { Anomaly, Head, SnapshotStatus, SnapshotSum } from "../vault/log-entry.ts";

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
  readonly gaps: readonly Gap[];
  readonly findings: readonly Finding[];
  readonly anomalies: readonly Anomaly[];
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
  /** Streams whose content in this snapshot is older than the snapshot. */
  readonly stale: readonly { readonly stream: string; readonly asOf: string }[];
  /** SHA-256 over lines of canonical JSON, hex: everything above but the steps, then each step. */
  readonly hash: string;
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
