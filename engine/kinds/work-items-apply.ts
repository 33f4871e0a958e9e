/**
 * Carrying out steps of work items. Creating is guarded by a marker tag that finds the item again after a crash;
 * everything after that makes the live item equal to the record by comparing first, so that it can be repeated.
 */
import {
  addComment,
  createWorkItem,
  restoreDeleted,
  updateWorkItem,
  workItemsBatch,
  type PatchOperation,
} from "../azure-devops/work-items.ts";
import { deleteComment, updateComment } from "../azure-devops/work-item-comments.ts";
import { BackupError, hasCode } from "../foundation/errors.ts";
import { numberAt, type JsonObject } from "../foundation/json.ts";
import type { ApplyContext, Step, StepResult, TargetProject } from "./kind.ts";
import { fieldOperations, formatOperations, tagsOf } from "./work-item-fields.ts";
import { fieldsOf, type WorkItemRecord } from "./work-item-record.ts";
import { additionOperation, removalOperations } from "./work-item-relations.ts";
import {
  compare,
  recreatedText,
  rewrittenFields,
  type Comparison,
  type HistoryFile,
  type Pair,
} from "./work-items-comparison.ts";
import { creationOperations, historyFiles, replayRest } from "./work-items-history.ts";
import { workItemOf } from "./work-items-selection.ts";
import { asImport, release } from "./work-item-trees.ts";
import { findMarked, markerTag, revOf, typeOf } from "./work-items-target.ts";
import { Uploads } from "./work-items-uploads.ts";

/** Tries against people and sibling steps that change the item at the same time. */
const maxTries = 6;

export async function applyWorkItemStep(step: Step, context: ApplyContext): Promise<StepResult> {
  const { target } = context;
  const targetId = numberAt(step.detail ?? {}, "targetId");
  if (step.action === "skip") {
    const newId = targetId === undefined ? {} : { newId: String(targetId) };
    return { outcome: "skipped", ...newId, ...(step.reason === undefined ? {} : { message: step.reason }) };
  }
  const record = await workItemOf(context.selection, Number(step.key));
  if (step.action === "create") return create(record, context);
  if (step.action === "undelete") return undelete(targetId ?? record.id, context);
  const id = targetId ?? Number(target.ids.get("work-items", step.key));
  if (Number.isNaN(id)) throw notCreated(record);
  return makeAsStored(record, id, target);
}

function notCreated(record: WorkItemRecord): BackupError {
  return new BackupError({
    code: "RESTORE_DEPENDENCY",
    message: `Work item ${record.id} was not created, so it cannot be filled`,
    hint: "See the failure of the step that creates it; run the restore again when that is solved.",
  });
}

async function create(record: WorkItemRecord, { target, attempted }: ApplyContext): Promise<StepResult> {
  const earlier = attempted ? await findMarked(record.id, target) : undefined;
  if (earlier !== undefined) {
    await replayRest(record, earlier, target);
    return { outcome: "adopted", newId: String(earlier) };
  }
  const operations = [...creationOperations(record, target), markerOperation(record, target)];
  const item = await createWorkItem(
    target.azureDevOps,
    { project: target.project.id, type: typeOf(record), ...asImport },
    merged(operations),
  );
  const id = numberAt(item, "id");
  if (id === undefined) throw notCreated(record);
  await replayRest(record, id, target);
  return {
    outcome: "created",
    newId: String(id),
    fidelity: ["changed date and changed by are those of the restore; the id is new"],
  };
}

function markerOperation(record: WorkItemRecord, target: TargetProject): PatchOperation {
  const own = tagsOf(fieldsOf(record.item)["System.Tags"]);
  return { op: "add", path: "/fields/System.Tags", value: [...own, markerTag(record.id, target)].join("; ") };
}

/** The last operation on a path wins. */
function merged(operations: readonly PatchOperation[]): readonly PatchOperation[] {
  return [...new Map(operations.map((operation) => [operation.path, operation])).values()];
}

async function undelete(id: number, { target, attempted }: ApplyContext): Promise<StepResult> {
  const back = attempted ? (await workItemsBatch(target.azureDevOps, [id])).get(id) : null;
  if (back !== null && back !== undefined) return { outcome: "adopted", newId: String(id) };
  await restoreDeleted(target.azureDevOps, target.project.id, id);
  return { outcome: "undeleted", newId: String(id) };
}

/** Fields, links and files in one update, then comments. */
async function makeAsStored(record: WorkItemRecord, id: number, target: TargetProject): Promise<StepResult> {
  const isCopy = id !== record.id || !target.isSource;
  const history = isCopy ? historyFiles(record, target) : [];
  const tools: Tools = { target, history, uploads: new Uploads(record, target, history) };
  for (let attempt = 1; ; attempt += 1) {
    try {
      const lost = await equalise({ record, id, isCopy }, tools);
      return { outcome: "updated", newId: String(id), ...(lost.length === 0 ? {} : { fidelity: lost }) };
    } catch (error) {
      if (attempt === maxTries || !isRace(error)) throw error;
    }
  }
}

interface Task {
  readonly record: WorkItemRecord;
  /** Id in the target. */
  readonly id: number;
  readonly isCopy: boolean;
}

interface Tools {
  readonly target: TargetProject;
  readonly history: readonly HistoryFile[];
  readonly uploads: Uploads;
}

/** Compares, writes the difference; returns what could not be brought back. */
async function equalise(task: Task, tools: Tools): Promise<readonly string[]> {
  const seen = await look(task, tools);
  const takesLinksAway = seen.comparison.relations.surplus.length > 0 || seen.comparison.released.length > 0;
  if (!takesLinksAway) return write(seen, tools);
  return inTurn(tools.target, async () => write(await look(task, tools), tools));
}

interface Seen {
  readonly pair: Pair;
  readonly comparison: Comparison;
}

async function look({ record, id, isCopy }: Task, { target, history }: Tools): Promise<Seen> {
  const pair = { record, live: await liveItem(id, target), isCopy };
  return { pair, comparison: await compare(pair, target, history) };
}

async function write({ pair, comparison }: Seen, tools: Tools): Promise<readonly string[]> {
  const { target } = tools;
  const id = numberAt(pair.live, "id") ?? pair.record.id;
  const operations = await updateOperations(pair, comparison, tools);
  for (const hanging of comparison.released) await release(hanging, target);
  if (operations.length > 0)
    await updateWorkItem(target.azureDevOps, { id, ...asImport }, [
      { op: "test", path: "/rev", value: revOf(pair.live) },
      ...operations,
    ]);
  await makeComments(comparison, id, tools);
  return comparison.lost;
}

const turns = new WeakMap<TargetProject, Promise<unknown>>();

/**
 * Links are removed by their place in a list, and a link that a sibling step removes from its other end moves the
 * places without a new revision: so only one step at a time looks and removes.
 */
async function inTurn<Result>(target: TargetProject, work: () => Promise<Result>): Promise<Result> {
  const before = turns.get(target) ?? Promise.resolve();
  const own = before.then(work);
  turns.set(
    target,
    own.catch(() => undefined),
  );
  return own;
}

async function liveItem(id: number, target: TargetProject): Promise<JsonObject> {
  const item = (await workItemsBatch(target.azureDevOps, [id])).get(id);
  if (item !== null && item !== undefined) return item;
  throw new BackupError({
    code: "RESTORE_CONFLICT",
    message: `Work item ${id} disappeared during the restore`,
    hint: "Run the restore again.",
  });
}

/** Someone changed the item, or the sibling step made the same link first. */
function isRace(error: unknown): boolean {
  return (
    hasCode(error, "ADO_CONFLICT") ||
    (hasCode(error, "ADO_REQUEST") &&
      /already exists|duplicate|TF26071|TF201036|VS403351|VS403651/i.test(error.message))
  );
}

async function updateOperations(
  { record, isCopy }: Pair,
  { fields, relations, movesFrom }: Comparison,
  { target, uploads }: Tools,
): Promise<readonly PatchOperation[]> {
  const texts = new Map(fields.flatMap(({ name, wanted }) => (wanted === undefined ? [] : [[name, wanted]])));
  if (isCopy) await uploads.inline([...texts.values()]);
  const rewritten = rewrittenFields(record, texts, target, (guid) => uploads.address(guid));
  const wantedFields = fields.map((difference) => ({ ...difference, wanted: rewritten.get(difference.name) }));
  const formats =
    fields.length === 0
      ? []
      : formatOperations(record.item).filter(({ path }) => texts.has(path.split("/").at(-1) ?? ""));
  const additions: PatchOperation[] = [];
  for (const relation of relations.missing)
    additions.push(additionOperation(relation.rel === "AttachedFile" ? await uploads.attach(relation) : relation));
  const move: PatchOperation[] =
    movesFrom === undefined ? [] : [{ op: "add", path: "/fields/System.TeamProject", value: target.project.name }];
  return [...removalOperations(relations.surplus), ...move, ...formats, ...fieldOperations(wantedFields), ...additions];
}

async function makeComments({ comments }: Comparison, id: number, { target, uploads }: Tools): Promise<void> {
  const { azureDevOps, project } = target;
  for (const comment of comments.missing) {
    await uploads.inline([comment.text]);
    const text = recreatedText(comment, target, (guid) => uploads.address(guid));
    await addComment(azureDevOps, project.id, { workItemId: id, text, format: comment.format });
  }
  for (const { liveId, wanted } of comments.edited) {
    await updateComment(azureDevOps, project.id, {
      workItemId: id,
      commentId: liveId,
      text: wanted.text,
      format: wanted.format,
    });
  }
  for (const comment of comments.later)
    await deleteComment(azureDevOps, project.id, { workItemId: id, commentId: comment.id });
}
