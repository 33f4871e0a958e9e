/** Backing up, as kinds see it: the source, what the parent snapshot holds of a stream, and what came of reading it. */
import type { JsonObject } from "../foundation/json.ts";
import type { GitDelta, ItemFigures } from "../vault/format/figures.ts";
import type { Ref } from "../vault/format/ref.ts";
import type { FilesState, StreamState } from "../vault/format/state.ts";
import type { StoredRecord } from "../vault/streams/stream-reader.ts";
import type { StreamWriter } from "../vault/streams/stream-writer.ts";
import type { Finding, Gap, ProjectRef, Surroundings } from "./surroundings.ts";

export interface SourceProject extends Surroundings {
  readonly project: ProjectRef;
  /** The run signs in as a job of a pipeline of this project (id or name), whose settings may limit what it sees. */
  readonly jobProject?: string | undefined;
  readonly options: BackupOptions;
}

export interface BackupOptions {
  readonly pullRequestRefs: boolean;
  readonly gitEngine: "auto" | "wire" | "git";
  readonly catalogueNames: "names" | "ids";
}

/** A stream as the source lists it. */
export interface SourceStream {
  /** `<kind>` or `<kind>/<guid>`. */
  readonly id: string;
  readonly name: string;
  /** What the listing said, raw. */
  readonly facts: JsonObject;
}

/** What the parent snapshot holds of the stream. */
export interface PreviousStream {
  /** Digest of the index line; equal to the new digest means unchanged. */
  readonly digest: string | undefined;
  readonly items: readonly Ref[];
  state(): Promise<StreamState | undefined>;
  /** State of `<stream>/files`. */
  files(): Promise<FilesState | undefined>;
  /** The same also where its chain cannot be used, for what it tells of the past; undefined when it cannot be read. */
  past(): Promise<StreamState | undefined>;
  /** Records of the state's `keys` chain, merged, in key order. */
  keys(): AsyncIterable<StoredRecord>;
  /** Why the stored chain cannot be used (missing objects, new keys): read everything even when nothing changed. */
  readonly broken: string | undefined;
  /** Why the chain has to start anew, `broken` included; ask once a change is found, it reads the state. */
  rebase(): Promise<string | undefined>;
  /** Set when the weekly full comparison is due. */
  readonly reconcile: boolean;
}

/** What the night changed in a repository, without what its past says of it. */
export type GitNight = Omit<GitDelta, "at" | "crossed">;

export interface GitFigures {
  /** Absent where the stream is seen for the first time. */
  readonly night?: GitNight;
  /** Files of the default branch now, where they were counted. */
  readonly filesNow?: number;
  /** Whether the server builds on what it sent before, where that is known. */
  readonly thin?: boolean;
}

export type StreamOutcome =
  /** `gaps`: what could not be read and is kept as it was stored; a gap in every run until it can be read. */
  | { readonly status: "unchanged"; readonly gaps?: readonly Gap[]; readonly findings?: readonly Finding[] }
  | {
      readonly status: "changed";
      readonly digest: string;
      readonly state: StreamState;
      /** State of `<stream>/files`, when it has files. */
      readonly files?: FilesState;
      readonly items?: readonly Ref[];
      /** Items in the stream now. */
      readonly count: number;
      /** What changed, for the summary and for anomaly detection. */
      readonly changes: {
        readonly added: number;
        readonly changed: number;
        readonly deleted: number;
        readonly rewritten?: number;
      };
      /** Of kinds of items: what insight judges beside `changes`. */
      readonly figures?: ItemFigures;
      /** Of repositories. */
      readonly git?: GitFigures;
      readonly gaps?: readonly Gap[];
      readonly findings?: readonly Finding[];
    }
  /**
   * The service itself does not deliver it now (disabled repository): the last state is carried, with the finding. While
   * nothing of it was ever stored there is none to carry: then it is the gap.
   */
  | { readonly status: "carried"; readonly finding: Finding; readonly gap: Pick<Gap, "message" | "cure"> };

/** Why a stream of the parent snapshot is not listed any more. */
export type Absence =
  { readonly status: "deleted"; readonly evidence: string } | { readonly status: "missing"; readonly reason: string };

export interface BackupWork {
  readonly source: SourceProject;
  readonly previous: PreviousStream;
  readonly into: StreamWriter;
  /** Of kinds that are narrowed by items: whether one is wanted. What is not keeps the record that it has. */
  readonly takes?: (item: { readonly id: string; readonly name?: string }) => boolean;
}
