/**
 * Log entries: the only truth about a vault (docs/format.md 3.1). An entry is two lines: canonical JSON, then the
 * base64 Ed25519 signature over exactly the bytes of line 1 without its line feed.
 */
import type { KindSum, RunSum } from "./figures.ts";
import type { Coverage } from "./coverage.ts";
import type { ToldImmutability } from "./immutability.ts";
import type { Ref } from "./ref.ts";
import type { VoidNumbers } from "./void-numbers.ts";

export type SnapshotStatus = "complete" | "partial";

export interface SnapshotSum {
  readonly streams: number;
  readonly changed: number;
  readonly failed: number;
  readonly stale: number;
  readonly missing: number;
  readonly deleted: number;
  readonly skipped: number;
  readonly items: number;
  readonly newBytes: number;
  readonly totalBytes: number;
  /** Absent in entries of versions that did not record it, like `run`. */
  readonly kinds?: readonly KindSum[];
  readonly run?: RunSum;
  /** Absent in entries of versions that did not count it. */
  readonly coverage?: Coverage;
}

/**
 * Something at the source that looks like an attack or an accident. Whole numbers and ids only: the log is in clear,
 * and its readers refuse fractions.
 */
export interface Anomaly {
  /** `engine/insight` names them all; entries of versions before hold `code` and `n` only, and are alarms. */
  readonly code: string;
  readonly n: number;
  /** Out of how many. */
  readonly of?: number;
  /** What was crossed, where a rule has several levels: a share in per cent, or nights in a row. */
  readonly level?: number;
  /** Up to five stream ids. */
  readonly streams?: readonly string[];
  /** How many streams show it, and how many it was judged among. */
  readonly hit?: number;
  readonly active?: number;
  /** When it began; ISO 8601. */
  readonly since?: string;
  /** How often a project of this size shows this by chance, in millionths a year. */
  readonly chance?: number;
  /** True: worth a note, no alarm. */
  readonly note?: true;
}

interface EntryBase {
  readonly type: "azdo-vault/log/v1";
  readonly vault: string;
  readonly seq: number;
  /** `sha256:<hex>` over all bytes of the valid entry before; null for genesis. */
  readonly prev: string | null;
  /** Sequence numbers of void entries since the one before. */
  readonly void: VoidNumbers;
  /** The agent's clock. */
  readonly at: string;
  /** The storage service's clock. */
  readonly srv: string;
  readonly by: { readonly tool: string; readonly build: string; readonly run: string };
}

export interface SignerRole {
  /** `ed25519:<base64url>`. */
  readonly pub: string;
  readonly may: readonly LogKind[];
}

export interface VaultKeys {
  /** `age1…` of each recovery key. */
  readonly recipients: readonly string[];
  readonly catalogue: string;
  readonly signers: readonly SignerRole[];
}

export interface GenesisEntry extends EntryBase {
  readonly kind: "genesis";
  readonly genesis: VaultKeys & {
    readonly format: 1;
    readonly minReader: 1;
    readonly organization: { readonly id: string; readonly url: string };
    /** Absent for an organisation vault. */
    readonly project?: { readonly id: string };
  };
}

export interface SnapshotEntry extends EntryBase {
  readonly kind: "snapshot";
  readonly snapshot: {
    /** Sequence number of the snapshot this one continues; null for the first. */
    readonly parent: number | null;
    readonly status: SnapshotStatus;
    readonly window: readonly [from: string, to: string];
    readonly index: Ref;
    readonly sum: SnapshotSum;
    readonly anomaly: readonly Anomaly[];
  };
}

export interface RetireEntry extends EntryBase {
  readonly kind: "retire";
  readonly retire: {
    readonly snapshots: readonly number[];
    /** A catalogue object with one object name per line. */
    readonly objects: Ref;
    readonly runs: readonly string[];
  };
}

export interface KeysEntry extends EntryBase {
  readonly kind: "keys";
  readonly keys: VaultKeys & { readonly rekey: boolean };
}

export interface IncidentEntry extends EntryBase {
  readonly kind: "incident";
  readonly incident: {
    readonly code: string;
    readonly objects: readonly string[];
    readonly snapshots: readonly number[];
  };
}

export interface VerificationEntry extends EntryBase {
  readonly kind: "verification";
  readonly verification: {
    readonly snapshot: number | "all";
    readonly level: "catalogue" | "stored" | "content" | "drill";
    readonly sample: string;
    readonly checked: number;
    readonly damaged: number;
    readonly report?: Ref;
    readonly rtoSeconds?: number;
    /** Absent in entries of versions that did not ask. */
    readonly immutability?: ToldImmutability;
  };
}

/** The owner has looked at what a snapshot showed: it was meant, or it has been dealt with. */
export interface AcknowledgeEntry extends EntryBase {
  readonly kind: "acknowledge";
  readonly acknowledge: {
    /** Entry of the snapshot that shows the anomalies. */
    readonly seq: number;
    readonly codes: readonly string[];
    /** Stream ids; empty: whatever the anomalies name. */
    readonly streams: readonly string[];
  };
}

/** The owner announces a change of much at once: anomalies of these codes are notes until then. */
export interface ExpectEntry extends EntryBase {
  readonly kind: "expect";
  readonly expect: {
    readonly codes: readonly string[];
    /** ISO 8601, at most 72 hours after `srv`. */
    readonly until: string;
  };
}

export type LogEntry =
  | GenesisEntry
  | SnapshotEntry
  | RetireEntry
  | KeysEntry
  | IncidentEntry
  | VerificationEntry
  | AcknowledgeEntry
  | ExpectEntry;
export type LogKind = LogEntry["kind"];

/** Sequence number and hash of the newest valid entry; printed and pinned as `<seq>:<sha256>`. */
export interface Head {
  readonly seq: number;
  readonly sha256: string;
}
