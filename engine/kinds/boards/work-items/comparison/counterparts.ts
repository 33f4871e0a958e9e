/** Work items as the target has them: where each of the snapshot's is now, and finding what a restore has made. */
import { getDeleted, workItemsBatch } from "../../../../azure-devops/boards/work-items.ts";
import { hasCode } from "../../../../foundation/errors.ts";
import { numberAt, stringAt, type JsonObject } from "../../../../foundation/json.ts";
import type { TargetProject, TranslatedId } from "../../../kind.ts";
import { fieldsOf, type WorkItemRecord } from "../record.ts";
import { factsOf } from "./target-facts.ts";

const kindName = "work-items";

export type LiveItem =
  | { readonly place: "live"; readonly id: number; readonly item: JsonObject }
  | { readonly place: "recycle-bin"; readonly id: number };

/** By their ids in the target; what is in neither place is not there. */
export type LiveItems = ReadonlyMap<number, LiveItem>;

/** Where the items are now: one request for 200, several at a time. */
export async function findLive(ids: Iterable<number>, target: TargetProject): Promise<LiveItems> {
  const found = new Map<number, LiveItem>();
  const asked = [...new Set(ids)];
  if (asked.length === 0 || target.isNew) return found;
  const lanes = Math.max(1, target.parallelism);
  for (const [id, item] of await workItemsBatch(target.azureDevOps, asked, lanes)) {
    if (item !== null) found.set(id, { place: "live", id, item });
    else if (await isInRecycleBin(id, target)) found.set(id, { place: "recycle-bin", id });
  }
  return found;
}

async function isInRecycleBin(id: number, target: TargetProject): Promise<boolean> {
  const list = await factsOf(target).recycleBin();
  if (list !== undefined) return list.has(id);
  try {
    await getDeleted(target.azureDevOps, target.project.id, id);
    return true;
  } catch (error) {
    if (hasCode(error, "ADO_NOT_FOUND")) return false;
    throw error;
  }
}

/**
 * Fills in what no journal told: which items of the target are copies of which of the snapshot, by the links to their
 * origins. What a journal told counts as long as it is there.
 */
export async function learnCopies(target: TargetProject): Promise<void> {
  if (target.isNew) return;
  const doubtful = new Map<number, number>();
  const copies = await factsOf(target).copies();
  for (const [origin, [first, ...others]] of copies) {
    const known = mappedId(origin, target);
    if (first === undefined || known === first || (known !== undefined && others.includes(known))) continue;
    if (known === undefined) factsOf(target).learnt.set(origin, { instead: known, id: first });
    else doubtful.set(origin, known);
  }
  const live = await findLive(doubtful.values(), target);
  for (const [origin, known] of doubtful) {
    const [first] = copies.get(origin) ?? [];
    if (!live.has(known) && first !== undefined) factsOf(target).learnt.set(origin, { instead: known, id: first });
  }
}

/** What of them no journal told, for the plan: a restore that goes on with it does not look for copies again. */
export function learntIds(ids: Iterable<number>, target: TargetProject): readonly TranslatedId[] {
  return [...new Set(ids)].flatMap((id): readonly TranslatedId[] => {
    const mapped = mappedId(id, target);
    const isLearnt = mapped !== undefined && factsOf(target).learnt.get(id)?.id === mapped;
    return isLearnt ? [[kindName, String(id), String(mapped)]] : [];
  });
}

/** Copies of it in the target, by their links. */
export async function copiesOf(id: number, target: TargetProject): Promise<readonly number[]> {
  return target.isNew ? [] : ((await factsOf(target).copies()).get(id) ?? []);
}

/** What an earlier restore has made of it in this target. */
export function mappedId(id: number, target: TargetProject): number | undefined {
  const text = target.ids.get(kindName, String(id));
  const known = text === undefined ? undefined : Number(text);
  const learnt = isAwaited(id, target) ? undefined : factsOf(target).learnt.get(id);
  return learnt !== undefined && learnt.instead === known ? learnt.id : known;
}

/** The same, where more shows it than a plan that is gone on with. */
function shownId(id: number, target: TargetProject): number | undefined {
  const mapped = mappedId(id, target);
  if (mapped === undefined || target.ids.isMade(kindName, String(id), String(mapped))) return mapped;
  return factsOf(target).learnt.get(id)?.id === mapped ? mapped : undefined;
}

/**
 * Ids under which the item itself may be in the target, the likeliest first. The original counts more than an earlier
 * restore's copy, but where copies are asked for.
 */
export function ownIds(id: number, target: TargetProject): readonly number[] {
  const mapped = shownId(id, target);
  const original = target.isSource ? [id] : [];
  const copies = mapped === undefined || mapped === id ? [] : [mapped];
  return target.conflictPolicy === "rename" ? [...copies, ...original] : [...original, ...copies];
}

/** Ids under which the other end of a link may be: as copied; else, in the same organisation, the original. */
export function otherIds(id: number, isCopy: boolean, target: TargetProject): readonly number[] {
  const mapped = mappedId(id, target);
  const original = target.isSameOrganization && !isAwaited(id, target) ? [id] : [];
  const copies = mapped === undefined || mapped === id ? [] : [mapped];
  return isCopy ? [...copies, ...original] : [...original, ...copies];
}

/** A copy that this restore could not make yet: its links come with it. */
export function isAwaited(id: number, { ids }: Pick<TargetProject, "ids">): boolean {
  return ids.isAwaited(kindName, String(id));
}

export function typeOf(item: JsonObject): string {
  return stringAt(fieldsOf(item), "System.WorkItemType") ?? stringAt(item, "type") ?? "Task";
}

export function titleOf(record: WorkItemRecord): string {
  const fields = fieldsOf(record.item);
  return stringAt(fields, "System.Title") ?? stringAt(record.item, "name") ?? `work item ${record.id}`;
}

export function projectOf(item: JsonObject): string {
  return stringAt(fieldsOf(item), "System.TeamProject") ?? "";
}

export function revOf(item: JsonObject): number {
  return numberAt(item, "rev") ?? 0;
}
