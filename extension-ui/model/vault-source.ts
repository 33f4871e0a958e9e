/** Where the hub reads a vault from, as pages see it. Implementations: vault/ (storage, attachments of runs). */
import type { ChainProblem, ChainState, Snapshot, StreamLine, Verification } from "../../engine/insight/known-vault.ts";
import type { CatalogueItem } from "../../engine/vault/format/state.ts";
import type { OwnerAnswers } from "./owner-answers.ts";

export type { ChainProblem, ChainState, Snapshot, StreamLine, Verification };

/** What is known of a vault at one moment; the next one knows more. */
export interface VaultView {
  /** What the owner has said of alarms; only storage tells, and only as far as the log was read. */
  readonly answers?: OwnerAnswers;
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
