/** Where the hub reads a vault from, as pages see it. Implementations: vault/ (storage, attachments of runs). */
import type { Anomaly, SnapshotStatus, SnapshotSum } from "../../engine/vault/log-entry.ts";
import type { CatalogueItem, IndexLine } from "../../engine/vault/state.ts";
import type { SeenImmutability } from "./immutability.ts";

/** One snapshot, from its log entry or from what its run reported. */
export interface Snapshot {
  /** Run id of the snapshot: what RestoreItem takes as `snapshot`. */
  readonly id: string;
  readonly seq: number;
  /** The storage service's clock (the run's, where only the run told); ISO 8601. */
  readonly at: string;
  readonly status: SnapshotStatus;
  readonly sum: SnapshotSum;
  readonly anomalies: readonly Anomaly[];
  /** Build that made it; empty when none is known. */
  readonly build: string;
  /** Newest verification of each level that covers it. */
  readonly verifications: readonly Verification[];
  /** Its content is gone: retention has retired it. */
  readonly isRetired: boolean;
  /** An incident entry names it: some of its objects were found damaged. */
  readonly isDamaged: boolean;
  /** What the storage service has told of it; absent when no verification has asked. */
  readonly immutability?: SeenImmutability;
  /** Pipeline run that reported it; only where runs are the source. */
  readonly runId?: number;
}

export interface Verification {
  readonly level: "catalogue" | "stored" | "content" | "drill";
  readonly at: string;
  readonly sample: string;
  readonly checked: number;
  readonly damaged: number;
  readonly rtoSeconds?: number;
}

/** Something wrong with the log itself: a code of engine/vault/log-problems.ts, and one line for people. */
export interface ChainProblem {
  readonly code: string;
  readonly message: string;
}

/** How far the log is checked. Only storage can be checked; attachments of runs are claims. */
export type ChainState =
  | { readonly state: "checking"; readonly read: number; readonly of: number }
  | {
      readonly state: "checked";
      readonly problems: readonly ChainProblem[];
      /** All signatures come from signers that are pinned in the settings, or are trusted on first use. */
      readonly signers: "pinned" | "first-use";
      /** `<seq>:<sha256>`; undefined for an empty log. */
      readonly head: string | undefined;
      /** A head known from elsewhere (an earlier visit, a run) is part of the log. */
      readonly isHeadPinned: boolean;
      /** Heads known from elsewhere that the log does not hold: it was taken back, or is another one. */
      readonly lostHeads?: readonly string[];
      /** SHA-256 of each valid entry by its number, to compare with heads that runs report. */
      readonly hashes: ReadonlyMap<number, string>;
    }
  | { readonly state: "unchecked" };

/** What is known of a vault at one moment; the next one knows more. */
export interface VaultView {
  /**
   * Newest first. While the chain is being checked: the newest ones, of which only their own signatures are checked,
   * and the oldest ones as far as the check has come.
   */
  readonly snapshots: readonly Snapshot[];
  readonly chain: ChainState;
  /** Newest keys entry or genesis: the public signers, `ed25519:…` each. */
  readonly signers: readonly string[];
  /** Whether any key may retire snapshots; absent while that is not known. */
  readonly canRetire?: boolean;
  /** Public halves of the recovery keys, `age1…` each; absent while they are not known. */
  readonly recipients?: readonly string[];
}

/** A stream's line in a snapshot, and whether something is to be told about it. */
export type StreamLine = IndexLine;

export interface VaultSource {
  readonly origin: "storage" | "runs";
  /** Grows until everything is read and checked; throws HubError-like BackupErrors (code, message, hint). */
  watch(signal: AbortSignal): AsyncIterable<VaultView>;
  /** Streams of a snapshot, in stream-id order. Needs the viewer key; throws KEY_MISMATCH when it does not open them. */
  streams(snapshot: Snapshot, viewer: ViewerKey, signal: AbortSignal): Promise<readonly StreamLine[]>;
  /** Items of one stream as people browse them. */
  items(line: StreamLine, viewer: ViewerKey, signal: AbortSignal): AsyncIterable<CatalogueItem>;
}

/** A viewer key that has the right form; kept in memory, or in the session's storage when the person asks for it. */
export interface ViewerKey {
  readonly identity: string;
}
