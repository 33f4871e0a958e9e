/**
 * Carrying out steps of work items. What is created has the link to its origin from the beginning, which finds it again
 * after a crash; everything after that makes the live item equal to the record by comparing first, so that it can be
 * repeated.
 */
import { createWorkItem, restoreDeleted, workItemsBatch } from "../../../../azure-devops/boards/work-items.ts";
import { BackupError } from "../../../../foundation/errors.ts";
import { arrayAt, numberAt, type JsonObject } from "../../../../foundation/json.ts";
import type { ApplyContext, Step, StepResult, TargetProject } from "../../../kind.ts";
import type { WorkItemRecord } from "../record.ts";
import { creationOf, replayRest } from "./history.ts";
import type { Whereabouts } from "../comparison/links.ts";
import { workItemOf } from "../selection.ts";
import { makeAsStored, takeOffLaterLinks } from "./make-equal.ts";
import { copiesOf, mappedId, ownIds, typeOf } from "../comparison/counterparts.ts";
import { asImport, refusedLines, writeAccepted, type Refused } from "./writing.ts";

export async function applyWorkItemStep(step: Step, context: ApplyContext): Promise<StepResult> {
  const { target, attempted } = context;
  const targetId = await targetIdOf(step, target);
  if (step.action === "skip") {
    const newId = targetId === undefined ? {} : { newId: String(targetId) };
    return { outcome: "skipped", ...newId, ...(step.reason === undefined ? {} : { message: step.reason }) };
  }
  const record = await workItemOf(context.selection, Number(step.key));
  if (step.action === "create") return create(record, step, target);
  if (step.action === "undelete") return undelete(targetId ?? record.id, target, attempted);
  const id = await filledId(step, record, target);
  return step.phase === "fill" ? takeOffLaterLinks(record, id, target) : makeAsStored(record, id, target);
}

/** The item to fill: what the plan found, or what this restore has made. */
export async function filledId(step: Step, record: WorkItemRecord, target: TargetProject): Promise<number> {
  const id = (await targetIdOf(step, target)) ?? mappedId(record.id, target);
  if (id === undefined) throw notCreated(record);
  return id;
}

function notCreated(record: WorkItemRecord): BackupError {
  return new BackupError({
    code: "RESTORE_DEPENDENCY",
    message: `Work item ${record.id} was not created, so it cannot be filled`,
    hint: "See the failure of the step that creates it; run the restore again when that is solved.",
  });
}

const renewed = "changed date and changed by are those of the restore; the id is new";

/** The item that the plan found. Throws unless it is known to be this one's, whatever the plan says. */
async function targetIdOf(step: Step, target: TargetProject): Promise<number | undefined> {
  const id = numberAt(step.detail ?? {}, "targetId");
  const own = Number(step.key);
  if (id === undefined || ownIds(own, target).includes(id) || (await copiesOf(own, target)).includes(id)) return id;
  throw new BackupError({
    code: "RESTORE_CONFLICT",
    message: `Nothing shows that work item ${id} of ${target.project.name} was made from work item ${own} of the snapshot`,
    hint: "Make a new plan: run the restore again, with previewOnly first.",
  });
}

/**
 * What was made of it since the plan was made, by a run that was broken off: found by the link to its origin. Copies
 * beside which it was to be made are none.
 */
export async function madeSince(
  record: WorkItemRecord,
  step: Step,
  target: TargetProject,
): Promise<number | undefined> {
  return madeBeside(step, await copiesOf(record.id, target));
}

/** The first of the copies that was not there when the step was planned. */
export function madeBeside(step: Step, copies: readonly number[]): number | undefined {
  const beside = new Set(arrayAt(step.detail ?? {}, "beside") ?? []);
  return copies.find((id) => !beside.has(id));
}

/** Links and mentions come later, when everything has its id. */
export function blindly(target: TargetProject): Whereabouts {
  return { target, live: new Map(), isComing: () => false };
}

export async function create(record: WorkItemRecord, step: Step, target: TargetProject): Promise<StepResult> {
  const earlier = await madeSince(record, step, target);
  if (earlier !== undefined) return adopt(record, earlier, target);
  const { operations, lost } = await creationOf(record, blindly(target));
  const place = { project: target.project.id, type: typeOf(record.item), ...asImport };
  const { item = {}, refused } = await writeAccepted(operations, {
    send: (some) => createWorkItem(target.azureDevOps, place, some),
    target,
  });
  return finishCreation({ record, item, lost, refused }, target);
}

/** What was begun is finished. */
export async function adopt(record: WorkItemRecord, id: number, target: TargetProject): Promise<StepResult> {
  const refused = await replayRest(record, id, blindly(target));
  return { outcome: "adopted", newId: String(id), fidelity: [renewed, ...refusedLines(refused)] };
}

export interface CreatedItem {
  readonly record: WorkItemRecord;
  readonly item: JsonObject;
  readonly lost: readonly string[];
  readonly refused: Refused;
}

/** Writes the later revisions of an item that has just been made. */
export async function finishCreation(
  { record, item, lost, refused }: CreatedItem,
  target: TargetProject,
): Promise<StepResult> {
  const id = numberAt(item, "id");
  if (id === undefined) throw notCreated(record);
  const allRefused = new Map([...refused, ...(await replayRest(record, id, blindly(target)))]);
  return { outcome: "created", newId: String(id), fidelity: [renewed, ...lost, ...refusedLines(allRefused)] };
}

async function undelete(id: number, target: TargetProject, attempted: boolean): Promise<StepResult> {
  const back = attempted ? (await workItemsBatch(target.azureDevOps, [id])).get(id) : null;
  if (back !== null && back !== undefined) return { outcome: "adopted", newId: String(id) };
  await restoreDeleted(target.azureDevOps, target.project.id, id);
  return { outcome: "undeleted", newId: String(id) };
}
