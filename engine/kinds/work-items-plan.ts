/**
 * Planning the restore of work items: undelete what lies in the recycle bin, roll back what is there (policy
 * `overwrite`), create what is gone. An item found as the snapshot has it is skipped, so a restore can be repeated.
 */
import { workItemTypes } from "../azure-devops/work-item-settings.ts";
import { stringAt, type JsonObject } from "../foundation/json.ts";
import type { Selection, Step, TargetProject } from "./kind.ts";
import type { WorkItemRecord } from "./work-item-record.ts";
import { relationsOf } from "./work-item-relations.ts";
import { liveComments } from "./work-item-comments.ts";
import { compare, describeComparison, isSame } from "./work-items-comparison.ts";
import { historyFiles } from "./work-items-history.ts";
import { selectedWorkItems } from "./work-items-selection.ts";
import { findLive, knownTargetId, projectOf, titleOf, typeOf, type LiveItem } from "./work-items-target.ts";

const kindName = "work-items";
const chunkItems = 200;

export async function* planWorkItems(selection: Selection, target: TargetProject): AsyncGenerator<Step> {
  const types = target.isNew ? undefined : await typeNames(target);
  for await (const records of chunksOf(selectedWorkItems(selection))) {
    const ids = records.flatMap((record) => knownTargetId(record.id, target) ?? []);
    const live = await findLive(ids, target);
    for (const record of records) yield* stepsFor(record, { live, types, isAsked: selection.keys !== "all" }, target);
  }
}

async function typeNames(target: TargetProject): Promise<ReadonlySet<string>> {
  const types = await workItemTypes(target.azureDevOps, target.project.id);
  return new Set(types.map((type) => (stringAt(type, "name") ?? "").toLowerCase()));
}

async function* chunksOf(records: AsyncIterable<WorkItemRecord>): AsyncGenerator<readonly WorkItemRecord[]> {
  let chunk: WorkItemRecord[] = [];
  for await (const record of records) {
    chunk.push(record);
    if (chunk.length === chunkItems) {
      yield chunk;
      chunk = [];
    }
  }
  if (chunk.length > 0) yield chunk;
}

interface Surroundings {
  readonly live: ReadonlyMap<number, LiveItem>;
  readonly types: ReadonlySet<string> | undefined;
  /** Named one by one, so even what was in the recycle bin is wanted. */
  readonly isAsked: boolean;
}

async function* stepsFor(
  record: WorkItemRecord,
  { live, types, isAsked }: Surroundings,
  target: TargetProject,
): AsyncGenerator<Step> {
  if (record.deleted === true && !isAsked) {
    yield step(record, {
      phase: "create",
      action: "skip",
      changes: [],
      reason: "was in the recycle bin when the snapshot was taken",
    });
    return;
  }
  const targetId = knownTargetId(record.id, target);
  const found = targetId === undefined ? undefined : live.get(targetId);
  if (found?.place === "live" && isReachable(found, target)) yield* existingSteps(record, found, target);
  else if (found?.place === "recycle-bin") yield* undeleteSteps(record, found.id, target);
  else if (types !== undefined && !types.has(typeOf(record).toLowerCase())) {
    const reason = `the target's process has no work item type ${typeOf(record)}`;
    yield step(record, { phase: "create", action: "cannot", changes: [], reason });
  } else yield* createSteps(record, target);
}

/** An item that was moved to another project can be moved back only where ids are kept. */
function isReachable(found: { readonly item: JsonObject }, target: TargetProject): boolean {
  return target.isSource || projectOf(found.item).toLowerCase() === target.project.name.toLowerCase();
}

async function* existingSteps(
  record: WorkItemRecord,
  found: { readonly id: number; readonly item: JsonObject },
  target: TargetProject,
): AsyncGenerator<Step> {
  const isCopy = found.id !== record.id || !target.isSource;
  const history = isCopy ? historyFiles(record, target) : [];
  const comparison = await compare({ record, live: found.item, isCopy }, target, history);
  const detail: JsonObject = { targetId: found.id };
  if (isSame(comparison)) {
    yield step(record, {
      phase: "create",
      action: "skip",
      changes: [],
      reason: "is already as in the snapshot",
      detail,
    });
    return;
  }
  const changes = describeComparison(comparison);
  if (target.conflictPolicy === "overwrite")
    yield step(record, { phase: "connect", action: "update", changes, detail });
  else if (target.conflictPolicy === "rename") yield* createSteps(record, target);
  else {
    const reason = `exists and differs in ${changes.length} points; conflictPolicy skip leaves it alone`;
    yield step(record, { phase: "create", action: "skip", changes, reason, detail });
  }
}

function* undeleteSteps(record: WorkItemRecord, targetId: number, target: TargetProject): Generator<Step> {
  const isCopy = targetId !== record.id || !target.isSource;
  const detail: JsonObject = { targetId };
  const changes = [
    isCopy ? "taken out of the recycle bin" : "taken out of the recycle bin; keeps its id, links and history",
  ];
  yield step(record, { phase: "create", action: "undelete", changes, detail });
  yield step(record, {
    phase: "connect",
    action: "update",
    changes: ["what was changed after the snapshot is set back"],
    detail,
  });
}

function* createSteps(record: WorkItemRecord, target: TargetProject): Generator<Step> {
  const parts = [
    count(relationsOf(record.item).filter(({ rel }) => rel !== "AttachedFile").length, "link"),
    count(relationsOf(record.item).filter(({ rel }) => rel === "AttachedFile").length, "file"),
    count(liveComments(record.comments ?? []).length, "comment"),
  ].filter((part) => part !== "");
  const changes = [`new ${typeOf(record)} with a new id`, historyLine(record, target)];
  yield step(record, { phase: "create", action: "create", changes });
  yield step(record, {
    phase: "connect",
    action: "update",
    changes: parts.length === 0 ? ["link to its origin"] : parts,
  });
}

function count(number: number, what: string): string {
  if (number === 0) return "";
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

function historyLine(record: WorkItemRecord, { workItemHistory }: TargetProject): string {
  const all = record.revisions.length;
  if (workItemHistory.mode === "attach") return `history of ${all} revisions as an attached file`;
  const replayed = workItemHistory.mode === "replay" ? all : Math.min(all, workItemHistory.revisions);
  return `${replayed} of ${all} revisions replayed`;
}

function step(
  record: WorkItemRecord,
  facts: Pick<Step, "phase" | "action" | "changes"> & { readonly reason?: string; readonly detail?: JsonObject },
): Step {
  return {
    kind: kindName,
    stream: kindName,
    key: String(record.id),
    name: `${typeOf(record)} ${record.id}: ${titleOf(record)}`,
    ...facts,
  };
}
