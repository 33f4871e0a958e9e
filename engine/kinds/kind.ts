/**
 * The interface every resource kind implements: one file per kind, one line in registry.ts. A kind knows one
 * area of Azure DevOps: how to list and read it, how to write it back. It never touches the store, other kinds,
 * the log or the task; ids of other kinds go through `target.ids`.
 *
 * Backing up: `streams` lists what there is; for each stream `backUp` compares with `previous` and writes news.
 * Restoring: `plan` compares a stored selection with the target and yields steps (values that can be printed and
 * hashed); `apply` carries out one step and must be safe to repeat.
 */
import type { AzureDevOps } from "../azure-devops/azure-devops.ts";
import type { GitAccess } from "../git/git-access.ts";
import type { Clock } from "../foundation/clock.ts";
import type { JsonObject } from "../foundation/json.ts";
import type { Reporter } from "../foundation/reporter.ts";
import type { GitDelta, ItemFigures } from "../vault/format/figures.ts";
import type { Ref } from "../vault/format/ref.ts";
import type { FilesState, StreamState } from "../vault/format/state.ts";
import type { SnapshotReader, StoredRecord, StreamReader } from "../vault/streams/stream-reader.ts";
import type { StreamWriter } from "../vault/streams/stream-writer.ts";

/** Something that could not be read this time: makes the snapshot partial. */
export interface Gap {
  readonly stream: string;
  readonly item?: string;
  /** Azure DevOps' own code where there is one (`TF401019`), else ours. */
  readonly code: string;
  /** What was found. */
  readonly message: string;
  /** What to do. */
  readonly cure: string;
}

/** Something worth knowing that is not a gap: the source itself lost it, or a verification noticed it. */
export interface Finding {
  readonly stream: string;
  readonly item?: string;
  readonly code: string;
  readonly message: string;
  readonly severity: "note" | "warning" | "damage";
}

export interface ProjectRef {
  readonly id: string;
  readonly name: string;
}

/** Tools an operation hands to kinds. */
interface Surroundings {
  readonly azureDevOps: AzureDevOps;
  readonly git: GitAccess;
  readonly clock: Clock;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  /** Upper bound of concurrent requests of one stream. */
  readonly parallelism: number;
  /** A folder of ours for temporary files; content in it must be encrypted or not be content. */
  readonly temporaryFolder: string;
}

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
  | { readonly status: "unchanged"; readonly findings?: readonly Finding[] }
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

/** Why a stream of the parent snapshot is not listed any more (design.md §6.13). */
export type Absence =
  { readonly status: "deleted"; readonly evidence: string } | { readonly status: "missing"; readonly reason: string };

export type ConflictPolicy = "skip" | "overwrite" | "rename";

export type WorkItemHistory =
  { readonly mode: "attach" } | { readonly mode: "last"; readonly revisions: number } | { readonly mode: "replay" };

export interface IdMap {
  /** The id in the target of what had `oldId` in the snapshot, when it is known to exist there. */
  get(kind: string, oldId: string): string | undefined;
  set(kind: string, oldId: string, newId: string): void;
  /** This restore is to make it and has not: what belongs to it waits for it, and never goes to the original instead. */
  isAwaited(kind: string, oldId: string): boolean;
}

export interface TargetProject extends Surroundings {
  /** While `isNew`, the id is empty: ask for it only in `apply`. */
  readonly project: ProjectRef;
  /** The project does not exist yet: plan as for an empty one, without reading it. */
  readonly isNew: boolean;
  /** Where the snapshot came from. */
  readonly source: { readonly organizationUrl: string; readonly project: ProjectRef };
  /** The target is the very project (same id) the snapshot was taken of: ids can be kept. */
  readonly isSource: boolean;
  readonly conflictPolicy: ConflictPolicy;
  readonly workItemHistory: WorkItemHistory;
  readonly ids: IdMap;
  /** Identities and names that the person settled by `mappingFile`. */
  readonly mapping: JsonObject;
  /** The restore's id: put into markers, so that a rerun finds what it made. */
  readonly restoreId: string;
  readonly snapshot: SnapshotReader;
}

/** What to restore of one stream. */
export interface Selection {
  readonly stream: StreamReader;
  /** Item ids; `all` for the whole stream. */
  readonly keys: "all" | ReadonlySet<string>;
  /** Parts of the item, e.g. one branch (`refs/heads/main`); empty for all of it. */
  readonly parts: readonly string[];
}

/**
 * Steps of all kinds run phase by phase, inside a phase kind by kind (`restoreAfter`): `create` makes things,
 * `fill` gives them content, `connect` links them to each other, `finish` switches them on.
 */
export const phases = ["create", "fill", "connect", "finish"] as const;
export type Phase = (typeof phases)[number];

export interface Step {
  readonly kind: string;
  readonly stream: string;
  /** Item id in the snapshot. */
  readonly key: string;
  readonly name: string;
  readonly phase: Phase;
  readonly action: "create" | "update" | "undelete" | "skip" | "cannot";
  /** One line per thing that will be changed, removed or cannot be kept. */
  readonly changes: readonly string[];
  /** Why it is skipped or cannot be done, or why it is needed (dependency). */
  readonly reason?: string;
  /** What `apply` needs to know again; part of the plan's hash. */
  readonly detail?: JsonObject;
  /** Secrets a person has to enter again afterwards. */
  readonly secrets?: readonly string[];
}

export interface StepResult {
  readonly outcome: "created" | "updated" | "undeleted" | "skipped" | "adopted" | "failed";
  /** Id in the target. */
  readonly newId?: string;
  readonly message?: string;
  /** Things that came out different from the snapshot, with the reason. */
  readonly fidelity?: readonly string[];
}

export interface ApplyContext {
  readonly selection: Selection;
  readonly target: TargetProject;
  /** An earlier run may have begun this step: look for its effect before making anything. */
  readonly attempted: boolean;
}

/** What `applyMany` is told. */
export interface ManyContext extends Omit<ApplyContext, "attempted"> {
  /** Steps that an earlier run may have begun. */
  readonly attempted: ReadonlySet<Step>;
  /** Throws once another run may have taken over; to be called before each request that makes something. */
  mustHold(): void;
}

export interface ItemReference {
  readonly kind: string;
  /** Item id as its kind's catalogue knows it. */
  readonly id: string;
  readonly neededBy: string;
}

export interface Permission {
  /** Scope of a personal access token, e.g. `vso.code`. */
  readonly scope: string;
  /** Permission of the identity, as Azure DevOps shows it. */
  readonly permission: string;
}

export interface ResourceKind {
  /** Written to disk: never renamed, never reused. */
  readonly name: string;
  /** Title for people, plural: `Git repositories`. */
  readonly title: string;
  /** Kinds whose steps of the same phase come first. */
  readonly restoreAfter: readonly string[];
  readonly permissions: { readonly backUp: readonly Permission[]; readonly restore: readonly Permission[] };
  /** `ordered`: steps of one phase depend on each other's order. */
  readonly applying: "ordered" | "concurrent";

  /** All streams, completely, or an error: a listing that ends early must throw. */
  streams(source: SourceProject): AsyncIterable<SourceStream>;
  /** Whether the service may have left streams out of what it listed, because the identity is kept from them. */
  unseen?(listed: readonly SourceStream[], source: SourceProject): Promise<Gap | undefined>;
  /** Why a stream known before is not listed now; only positive evidence is `deleted`. */
  absence(stream: string, source: SourceProject): Promise<Absence>;
  /** Throws when the stream cannot be read: the last good state is carried as stale. */
  backUp(stream: SourceStream, work: BackupWork): Promise<StreamOutcome>;

  /** What the selection needs to exist in the target. */
  references(selection: Selection): AsyncIterable<ItemReference>;
  /** Reads only. Same snapshot, target and request give the same steps. */
  plan(selection: Selection, target: TargetProject): AsyncIterable<Step>;
  /**
   * Tells which keys steps of the selection can have. Without it: the stream's own id where each item has a stream,
   * else the selected keys.
   */
  covers?(selection: Selection, target: TargetProject): Promise<(key: string) => boolean>;
  /** Does one step, or finds it done. Throws when it fails; the other steps go on. */
  apply(step: Step, context: ApplyContext): Promise<StepResult>;
  /**
   * Does many steps of one phase and stream together, where the service takes them so; what came of each, in their
   * order. Throws only what concerns the whole run.
   */
  applyMany?(steps: readonly Step[], context: ManyContext): Promise<readonly PromiseSettledResult<StepResult>[]>;

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
}

export interface BackupWork {
  readonly source: SourceProject;
  readonly previous: PreviousStream;
  readonly into: StreamWriter;
}

export interface VerifyTools {
  readonly git: GitAccess;
  readonly temporaryFolder: string;
  readonly signal: AbortSignal;
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
