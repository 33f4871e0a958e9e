/** A vault as far as somebody knows it: from storage, checked or being checked, or from what runs have reported. */
import type { SnapshotStatus, SnapshotSum } from "../vault/format/log-entry.ts";
import type { IndexLine } from "../vault/format/state.ts";
import type { SeenImmutability } from "./immutability.ts";
import type { KnownAnomaly } from "./recovery-point.ts";

/** One snapshot, from its log entry or from what its run reported. */
export interface Snapshot {
  /** Run id of the snapshot: what RestoreItem takes as `snapshot`. */
  readonly id: string;
  readonly seq: number;
  /** The storage service's clock (the run's, where only the run told); ISO 8601. */
  readonly at: string;
  /** What its log entry says of that clock; absent where only the run told. */
  readonly srv?: string;
  readonly status: SnapshotStatus;
  readonly sum: SnapshotSum;
  readonly anomalies: readonly KnownAnomaly[];
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

/** Something wrong with the log itself: a code of engine/vault/log/problems.ts, and one line for people. */
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

/** A stream's line in a snapshot, and whether something is to be told about it. */
export type StreamLine = IndexLine;
