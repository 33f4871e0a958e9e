/**
 * Carrying out steps of work items. Creating is guarded by a marker tag that finds the item again after a crash;
 * everything after that makes the live item equal to the record by comparing first, so that it can be repeated.
 */
import { createWorkItem, restoreDeleted, workItemsBatch } from "../../../../azure-devops/boards/work-items.ts";
import { BackupError } from "../../../../foundation/errors.ts";
import { arrayAt, numberAt } from "../../../../foundation/json.ts";
import type { ApplyContext, Step, StepResult, TargetProject } from "../../../kind.ts";
import type { WorkItemRecord } from "../record.ts";
import { creationOf, replayRest } from "./history.ts";
import type { Whereabouts } from "../comparison/links.ts";
import { workItemOf } from "../selection.ts";
import { makeAsStored, takeOffLaterLinks } from "./make-equal.ts";
import { copiesOf, findMarked, mappedId, ownIds, typeOf } from "../comparison/counterparts.ts";
import { asImport, refusedLines, writeAccepted } from "./writing.ts";

export async function applyWorkItemStep(step: Step, context: ApplyContext): Promise<StepResult> {
  const { target, attempted } = context;
  const targetId = await targetIdOf(step, target);
  if (step.action === "skip") {
    const newId = targetId === undefined ? {} : { newId: String(targetId) };
    return { outcome: "skipped", ...newId, ...(step.reason === undefined ? {} : { message: step.reason }) };
  }
  const record = await workItemOf(context.selection, Number(step.key));
  if (step.action === "create") return create(record, step, { target, attempted });
  if (step.action === "undelete") return undelete(targetId ?? record.id, target, attempted);
  const id = targetId ?? mappedId(record.id, target);
  if (id === undefined) throw notCreated(record);
  return step.phase === "fill" ? takeOffLaterLinks(record, id, target) : makeAsStored(record, id, target);
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
 * What was made of it since the plan was made, by a run that was broken off: found by the link to its origin, or by the
 * marker where an intent is known. Copies beside which it was to be made are none.
 */
async function madeSince(
  record: WorkItemRecord,
  step: Step,
  { target, attempted }: Making,
): Promise<number | undefined> {
  const beside = new Set(arrayAt(step.detail ?? {}, "beside") ?? []);
  const copies = (await copiesOf(record.id, target)).filter((id) => !beside.has(id));
  return copies[0] ?? (attempted ? findMarked(record.id, target) : undefined);
}

type Making = Pick<ApplyContext, "target" | "attempted">;

async function create(record: WorkItemRecord, step: Step, making: Making): Promise<StepResult> {
  const { target } = making;
  // Links and mentions come later, when everything has its id.
  const where: Whereabouts = { target, live: new Map(), isComing: () => false };
  const earlier = await madeSince(record, step, making);
  if (earlier !== undefined) {
    const refused = await replayRest(record, earlier, where);
    return { outcome: "adopted", newId: String(earlier), fidelity: [renewed, ...refusedLines(refused)] };
  }
  const { operations, lost } = await creationOf(record, where);
  const place = { project: target.project.id, type: typeOf(record.item), ...asImport };
  const { item = {}, refused } = await writeAccepted(operations, (some) =>
    createWorkItem(target.azureDevOps, place, some),
  );
  const id = numberAt(item, "id");
  if (id === undefined) throw notCreated(record);
  const allRefused = new Map([...refused, ...(await replayRest(record, id, where))]);
  return { outcome: "created", newId: String(id), fidelity: [renewed, ...lost, ...refusedLines(allRefused)] };
}

async function undelete(id: number, target: TargetProject, attempted: boolean): Promise<StepResult> {
  const back = attempted ? (await workItemsBatch(target.azureDevOps, [id])).get(id) : null;
  if (back !== null && back !== undefined) return { outcome: "adopted", newId: String(id) };
  await restoreDeleted(target.azureDevOps, target.project.id, id);
  return { outcome: "undeleted", newId: String(id) };
}
