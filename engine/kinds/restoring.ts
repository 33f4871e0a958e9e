/** Restoring, as kinds see it: the target, what is selected, steps as values that can be shown and hashed. */
import type { JsonObject } from "../foundation/json.ts";
import type { SnapshotReader, StreamReader } from "../vault/streams/stream-reader.ts";
import type { ProjectRef, Surroundings } from "./surroundings.ts";

export type ConflictPolicy = "skip" | "overwrite" | "rename";

export type WorkItemHistory =
  { readonly mode: "attach" } | { readonly mode: "last"; readonly revisions: number } | { readonly mode: "replay" };

/** Ids in the target of what the snapshot has. The planner and the journal fill it; kinds read it. */
export interface IdMap {
  /**
   * What `old` of the snapshot is in the target, when it is known to be there: found by the plan, made by this restore or
   * by any earlier one. `space` is a kind's name (ids of items), or one that a kind has besides, such as `areas.path`.
   */
  get(space: string, old: string): string | undefined;
  /** This restore is to make it and has not: what belongs to it waits for it, and never goes to the original instead. */
  isAwaited(kind: string, old: string): boolean;
  /** A journal shows that `now` was made of `old`, or found to be it: not merely the plan that is carried out says so. */
  isMade(space: string, old: string, now: string): boolean;
}

/** What `old` is in the target; `space` as in `IdMap`. */
export type TranslatedId = readonly [space: string, old: string, now: string];

export interface TargetProject extends Surroundings {
  /** While `isNew`, the id is empty: ask for it only in `apply`. */
  readonly project: ProjectRef;
  /** The project does not exist yet: plan as for an empty one, without reading it. */
  readonly isNew: boolean;
  /** Where the snapshot came from. */
  readonly source: { readonly organizationUrl: string; readonly project: ProjectRef };
  /** The target is the very project (same id) the snapshot was taken of: ids are kept, a thing's own counts before copies. */
  readonly isSource: boolean;
  /** It lies in the source's organisation (same id, whatever its address is now): ids of the organisation mean the same. */
  readonly isSameOrganization: boolean;
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
 * Steps of all kinds run phase by phase, inside a phase kind by kind (`after`): `create` makes things,
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
  /** Id in the target of what the plan found there: goes into the id map, so that what refers to it is translated. */
  readonly targetId?: string;
  /** The same for names it has in other spaces, such as a path. */
  readonly ids?: readonly TranslatedId[];
  /** What needs it, where it was not asked for itself; only the planner says so. */
  readonly neededBy?: string;
  /** What `apply` needs to know again; part of the plan's hash. */
  readonly detail?: JsonObject;
  /** Secrets a person has to enter again afterwards. */
  readonly secrets?: readonly string[];
}

export interface StepResult {
  readonly outcome: "created" | "updated" | "undeleted" | "skipped" | "adopted" | "failed";
  /** Id in the target. */
  readonly newId?: string;
  /** What it is in other spaces of the id map; journalled with the step. */
  readonly ids?: readonly TranslatedId[];
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

export interface ItemReference {
  readonly kind: string;
  /** Item id as its kind's catalogue knows it. */
  readonly id: string;
  readonly neededBy: string;
}

/** How a kind is written back. */
export interface Restoring {
  /** Kinds whose steps of the same phase come first; `everything`: all that do not say so themselves. */
  readonly after: readonly string[] | "everything";
  /** `ordered`: steps of one phase depend on each other's order. */
  readonly applying: "ordered" | "concurrent";
  /** What the selection needs to exist in the target: made where it is missing, never changed, whatever the policy. */
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
}
