/**
 * Planning the restore of work items: undelete what lies in the recycle bin, roll back what is there (policy
 * `overwrite`), create what is gone. An item found as the snapshot has it is skipped, so a restore can be repeated.
 */
import { mapConcurrent } from "../../../../foundation/concurrency.ts";
import type { JsonObject } from "../../../../foundation/json.ts";
import type { Selection, Step, TargetProject } from "../../../kind.ts";
import type { WorkItemRecord } from "../record.ts";
import { isFile, linkedIds, linkedWorkItem, relationsOf } from "../relations.ts";
import { liveComments } from "../comments.ts";
import { compare, describeComparison, isSame, type Comparison } from "../comparison/comparison.ts";
import { factsOf } from "../comparison/target-facts.ts";
import { historyFiles, historyLine } from "./history.ts";
import { otherEndsOf, type Whereabouts } from "../comparison/links.ts";
import { selectedWorkItems } from "../selection.ts";
import {
  copiesOf,
  findLive,
  learnCopies,
  learntIds,
  ownIds,
  projectOf,
  titleOf,
  typeOf,
  type LiveItem,
} from "../comparison/counterparts.ts";
import { doubtfulMentions } from "../comparison/translation.ts";

const kindName = "work-items";
/** Of these, and of what they link to, the live ones are read at once. */
const chunkItems = 400;

export async function* planWorkItems(selection: Selection, target: TargetProject): AsyncGenerator<Step> {
  const isComing = await comingOnes(selection);
  let hasLearnt = false;
  for await (const records of chunksOf(selectedWorkItems(selection))) {
    let where = await whereabouts(records, target, isComing);
    if (!hasLearnt && records.some((record) => ownPlace(record, where) === undefined)) {
      await learnCopies(target);
      hasLearnt = true;
      where = await whereabouts(records, target, isComing);
    }
    const planOne = (record: WorkItemRecord): Promise<readonly Step[]> =>
      record.deleted === true && selection.keys === "all" ? skippedDeleted(record) : stepsFor(record, where);
    for await (const steps of mapConcurrent(records, Math.max(1, target.parallelism), planOne)) yield* steps;
  }
}

/** Which items this restore is going to bring, should they not be there. */
async function comingOnes({ keys, stream }: Selection): Promise<(id: number) => boolean> {
  if (keys !== "all") return (id) => keys.has(String(id));
  const all = new Set<string>();
  for await (const { id, state } of stream.items()) if (state !== "Deleted") all.add(id);
  return (id) => all.has(String(id));
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

async function whereabouts(
  records: readonly WorkItemRecord[],
  target: TargetProject,
  isComing: Whereabouts["isComing"],
): Promise<Whereabouts> {
  const blind: Whereabouts = { target, live: new Map(), isComing };
  const ids = new Set<number>();
  for (const record of records) {
    const mentions = doubtfulMentions(record, blind);
    const others = otherEndsOf(record, !target.isSource, target);
    for (const id of [...ownIds(record.id, target), ...others, ...mentions]) ids.add(id);
  }
  return { ...blind, live: await findLive(ids, target) };
}

async function skippedDeleted(record: WorkItemRecord): Promise<readonly Step[]> {
  const reason = "was in the recycle bin when the snapshot was taken";
  return [step(record, { phase: "create", action: "skip", changes: [], reason })];
}

/** The steps, with what was learnt of the other ends of its links and of what it mentions. */
async function stepsFor(record: WorkItemRecord, where: Whereabouts): Promise<readonly Step[]> {
  const steps = await ownSteps(record, where);
  const ids = learntIds([...linkedIds(record.item), ...doubtfulMentions(record, where)], where.target);
  return ids.length === 0 ? steps : steps.map((step) => (step.phase === "connect" ? { ...step, ids } : step));
}

async function ownSteps(record: WorkItemRecord, where: Whereabouts): Promise<readonly Step[]> {
  const { target } = where;
  const found = ownPlace(record, where);
  if (found?.place === "live") return existingSteps(record, found, where);
  if (found?.place === "recycle-bin") return undeleteSteps(record, found.id, target);
  return newSteps(record, target);
}

/** The item, or what an earlier restore made of it. One that was moved away can be moved back only where ids are kept. */
function ownPlace(record: WorkItemRecord, { target, live }: Whereabouts): LiveItem | undefined {
  const places = ownIds(record.id, target).flatMap((id) => live.get(id) ?? []);
  const home = target.project.name.toLowerCase();
  return places.find(
    (found) => found.place === "recycle-bin" || target.isSource || projectOf(found.item).toLowerCase() === home,
  );
}

/** `beside`: copies that are there already and are to stay what they are. */
async function newSteps(
  record: WorkItemRecord,
  target: TargetProject,
  beside: readonly number[] = [],
): Promise<readonly Step[]> {
  if (await factsOf(target).hasType(typeOf(record.item))) return createSteps(record, target, beside);
  const reason = `the target's process has no work item type ${typeOf(record.item)}`;
  return [step(record, { phase: "create", action: "cannot", changes: [], reason })];
}

async function existingSteps(
  record: WorkItemRecord,
  found: { readonly id: number; readonly item: JsonObject },
  where: Whereabouts,
): Promise<readonly Step[]> {
  const { target } = where;
  const isCopy = found.id !== record.id || !target.isSource;
  const history = isCopy ? historyFiles(record, target) : [];
  const comparison = await compare({ record, live: found.item, isCopy, history }, where);
  const targetId = String(found.id);
  const detail: JsonObject = { targetId: found.id };
  const skip = { phase: "create", action: "skip", targetId, detail } as const;
  if (isSame(comparison)) return [step(record, { ...skip, changes: [], reason: "is already as in the snapshot" })];
  const changes = describeComparison(comparison, typeOf(record.item));
  if (target.conflictPolicy === "rename")
    return newSteps(record, target, [found.id, ...(await copiesOf(record.id, target))]);
  if (target.conflictPolicy === "overwrite") return updateSteps(record, comparison, { changes, targetId, detail });
  const reason = `exists and differs in ${changes.length} points; conflictPolicy skip leaves it alone`;
  return [step(record, { ...skip, changes, reason })];
}

/** The item of the target that a step is about. */
interface Place {
  readonly targetId: string;
  readonly detail: JsonObject;
}

function updateSteps(
  record: WorkItemRecord,
  { relations }: Comparison,
  facts: Pick<Step, "changes"> & Place,
): readonly Step[] {
  const { targetId, detail } = facts;
  const hasLaterLinks = relations.surplus.some(({ relation }) => linkedWorkItem(relation) !== undefined);
  return [
    ...(hasLaterLinks ? [laterLinksStep(record, { targetId, detail })] : []),
    step(record, { phase: "connect", action: "update", ...facts }),
  ];
}

function laterLinksStep(record: WorkItemRecord, place: Place): Step {
  const changes = ["links to work items that came after the snapshot are taken off"];
  return step(record, { phase: "fill", action: "update", changes, ...place });
}

function undeleteSteps(record: WorkItemRecord, id: number, target: TargetProject): readonly Step[] {
  const isOriginal = id === record.id && target.isSource;
  const place = { targetId: String(id), detail: { targetId: id } };
  const kept = isOriginal ? "; keeps its id, links and history" : "";
  const changes = ["what was changed after the snapshot is set back"];
  return [
    step(record, { phase: "create", action: "undelete", changes: [`taken out of the recycle bin${kept}`], ...place }),
    ...(record.deleted === true ? [] : [laterLinksStep(record, place)]),
    step(record, { phase: "connect", action: "update", changes, ...place }),
  ];
}

function createSteps(record: WorkItemRecord, target: TargetProject, beside: readonly number[]): readonly Step[] {
  const relations = relationsOf(record.item);
  const parts = [
    count(relations.filter((relation) => !isFile(relation)).length, "link"),
    count(relations.filter(isFile).length, "file"),
    count(liveComments(record.comments ?? []).length, "comment"),
    record.deleted === true ? "links and comments are in earlier snapshots only: it was in the recycle bin" : "",
  ].filter((part) => part !== "");
  const changes = [`new ${typeOf(record.item)} with a new id`, historyLine(record, target)];
  return [
    step(record, {
      phase: "create",
      action: "create",
      changes,
      ...(beside.length === 0 ? {} : { detail: { beside: [...new Set(beside)] } }),
    }),
    step(record, {
      phase: "connect",
      action: "update",
      changes: parts.length === 0 ? ["link to its origin"] : parts,
    }),
  ];
}

function count(number: number, what: string): string {
  if (number === 0) return "";
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

function step(record: WorkItemRecord, facts: Omit<Step, "kind" | "stream" | "key" | "name">): Step {
  return {
    kind: kindName,
    stream: kindName,
    key: String(record.id),
    name: `${typeOf(record.item)} ${record.id}: ${titleOf(record)}`,
    ...facts,
  };
}
