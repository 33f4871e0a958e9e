/**
 * A link has two ends, and the snapshot may have read them at different times, or carries one of them as it last was. What
 * either end has, counts; but who is a child's parent the child alone says.
 */
import type { TargetProject } from "../../../kind.ts";
import { workItemRecordOf, type WorkItemRecord } from "../record.ts";
import {
  isToParent,
  linkedWorkItem,
  oppositeRel,
  parentRelOf,
  relationsOf,
  type Relation,
  type RelationDifference,
} from "../relations.ts";
import type { Side, Whereabouts } from "./links.ts";
import { originOf } from "./origins.ts";
import { findLive, otherIds, type LiveItem } from "./counterparts.ts";

type Surplus = RelationDifference["surplus"];

/**
 * Which of the links that a record does not have came after its snapshot. One to an item that lay in the recycle bin at
 * the time was there all along, but hidden.
 */
export async function laterOnes(
  surplus: Surplus,
  side: Pick<Side, "record" | "isCopy">,
  { target }: Whereabouts,
): Promise<Surplus> {
  const doubtful = surplus.filter(({ relation }) => linkedWorkItem(relation) !== undefined && !isToParent(relation));
  if (doubtful.length === 0) return surplus;
  const live = await findLive(
    doubtful.flatMap(({ relation }) => linkedWorkItem(relation) ?? []),
    target,
  );
  const kept = new Set<Surplus[number]>();
  for (const entry of doubtful) {
    const end = linkedWorkItem(entry.relation) ?? 0;
    const other = await recordOf(end, live.get(end), { side, target });
    if (other !== undefined && hasLink(other, entry.relation, side.record.id)) kept.add(entry);
  }
  return surplus.filter((entry) => !kept.has(entry));
}

function hasLink(other: WorkItemRecord, { rel }: Relation, id: number): boolean {
  const has = (relation: Relation): boolean => linkedWorkItem(relation) === id && relation.rel === oppositeRel(rel);
  return other.deleted === true || relationsOf(other.item).some(has);
}

/** Children to be linked that, as the snapshot has them, are not this one's. */
export async function strangersOf(
  record: WorkItemRecord,
  live: readonly Relation[],
  { isCopy, target }: { readonly isCopy: boolean; readonly target: TargetProject },
): Promise<ReadonlySet<number>> {
  const strangers = new Set<number>();
  for (const relation of relationsOf(record.item)) {
    const linked = linkedWorkItem(relation);
    if (linked === undefined || parentRelOf(relation) === undefined) continue;
    const places = otherIds(linked, isCopy, target);
    const isLinked = live.some((other) => other.rel === relation.rel && places.includes(linkedWorkItem(other) ?? 0));
    const child = isLinked ? undefined : await storedRecord(linked, target);
    if (child !== undefined && !hasLink(child, relation, record.id)) strangers.add(linked);
  }
  return strangers;
}

async function storedRecord(id: number, { snapshot }: TargetProject): Promise<WorkItemRecord | undefined> {
  const value = await (await snapshot.stream("work-items"))?.record(id);
  return value === undefined ? undefined : workItemRecordOf(value);
}

/** The snapshot's record of an item of the target: of the item itself, or of that from which this target's was made. */
async function recordOf(
  id: number,
  live: LiveItem | undefined,
  { side, target }: { readonly side: Pick<Side, "isCopy">; readonly target: TargetProject },
): Promise<WorkItemRecord | undefined> {
  const origin = (live?.place === "live" ? originOf(live.item, target) : undefined) ?? id;
  const places = otherIds(origin, side.isCopy, target);
  const found = await findLive(places, target);
  const present = places.find((place) => found.get(place)?.place === "live");
  return present === id ? storedRecord(origin, target) : undefined;
}
