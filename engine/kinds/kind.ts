/**
 * The interface every resource kind implements: one file per kind, one line in registry.ts. A kind knows one
 * area of Azure DevOps: how to list and read it, how to write it back. It never touches the store, other kinds,
 * the log or the task; ids of other kinds go through `target.ids`. What stands in backing-up.ts, restoring.ts and
 * surroundings.ts is exported here too.
 *
 * Backing up: `streams` lists what there is; for each stream `backUp` compares with `previous` and writes news.
 * Restoring: `plan` compares a stored selection with the target and yields steps (values that can be printed and
 * hashed); `apply` carries out one step and must be safe to repeat.
 */
import type { GitAccess } from "../git/git-access.ts";
import type { FilesState, StreamState } from "../vault/format/state.ts";
import type { SnapshotReader, StreamReader } from "../vault/streams/stream-reader.ts";
import type { Absence, BackupWork, SourceProject, SourceStream, StreamOutcome } from "./backing-up.ts";
import type { Restoring, Selection } from "./restoring.ts";
import type { Finding, Gap, Permission } from "./surroundings.ts";

export type * from "./backing-up.ts";
export type * from "./restoring.ts";
export type * from "./surroundings.ts";
export { phases } from "./restoring.ts";

export interface ResourceKind {
  /** Written to disk: never renamed, never reused. */
  readonly name: string;
  /** Title for people, plural: `Git repositories`. */
  readonly title: string;
  readonly permissions: { readonly backUp: readonly Permission[]; readonly restore: readonly Permission[] };
  /** What `include` and `exclude` can name of it: its streams, or items of its one stream; absent: the whole kind alone. */
  readonly narrowedBy?: "streams" | "items";

  /** All streams, completely, or an error: a listing that ends early must throw. */
  streams(source: SourceProject): AsyncIterable<SourceStream>;
  /** Whether the service may have left streams out of what it listed, because the identity is kept from them. */
  unseen?(listed: readonly SourceStream[], source: SourceProject): Promise<Gap | undefined>;
  /** Why a stream known before is not listed now; only positive evidence is `deleted`. */
  absence(stream: string, source: SourceProject): Promise<Absence>;
  /** Throws when the stream cannot be read: the last good state is carried as stale. */
  backUp(stream: SourceStream, work: BackupWork): Promise<StreamOutcome>;

  /**
   * Where the digest of an index line is made of what stands in the state: whether it is. `files` are states of
   * `<stream>/files` that may belong to it. A kind without it is not asked.
   */
  holdsDigest?(
    state: StreamState,
    files: readonly FilesState[],
    told: { readonly digest: string; readonly digestOf: (value: unknown) => Promise<string> },
  ): Promise<boolean>;
  /** Opens and checks the content of a stored stream (level `content`). */
  verify(stream: StreamReader, tools: VerifyTools): AsyncIterable<Finding>;
  /** Writes the selection as files that people can read (`destination: archive`). */
  archive(selection: Selection, into: ArchiveFolder): Promise<void>;

  /** Absent: kept, searched and exported, never written back. */
  readonly restore?: Restoring;
}

export interface VerifyTools {
  readonly git: GitAccess;
  readonly temporaryFolder: string;
  readonly signal: AbortSignal;
  /** The snapshot that the stream is of: what it refers to can be looked up there. */
  readonly snapshot: SnapshotReader;
}

/** A place in the archive; names are made safe by the implementation. */
export interface ArchiveFolder {
  /** `path` uses `/`; every segment is cleaned of what Windows, macOS or zip cannot hold. */
  write(path: string, content: AsyncIterable<Uint8Array> | string): Promise<void>;
  /** A folder for this stream alone: another name when another stream has taken it. */
  folder(path: string): string;
  /** The stored sibling stream, e.g. `work-items/files`. */
  sibling(stream: string): Promise<StreamReader | undefined>;
}
