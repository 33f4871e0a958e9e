/** Work items as the target has them: reading live ones, finding what became of a stored one, wanted relations. */
import { getDeleted, queryByWiql, workItemsBatch } from "../azure-devops/work-items.ts";
import { hasCode } from "../foundation/errors.ts";
import { numberAt, stringAt, type JsonObject } from "../foundation/json.ts";
import type { TargetProject } from "./kind.ts";
import { tagsOf } from "./work-item-fields.ts";
import { attachmentIdOf, fieldsOf, type WorkItemRecord } from "./work-item-record.ts";
import { identityOf, linkedWorkItem, relationsOf, type Relation, type WantedRelation } from "./work-item-relations.ts";
import { hangingElsewhere, isTreeLink, linkKey, type Hanging } from "./work-item-trees.ts";

const kindName = "work-items";

/** The id the item has, or had, in the target; undefined when it never was there. */
export function knownTargetId(id: number, target: TargetProject): number | undefined {
  const known = target.ids.get(kindName, String(id));
  if (known !== undefined) return Number(known);
  return target.isSource ? id : undefined;
}

export type LiveItem =
  | { readonly place: "live"; readonly id: number; readonly item: JsonObject }
  | { readonly place: "recycle-bin"; readonly id: number }
  | { readonly place: "none" };

/** Where the items are now; one call for 200, and one for each that is gone. */
export async function findLive(ids: readonly number[], target: TargetProject): Promise<ReadonlyMap<number, LiveItem>> {
  const found = new Map<number, LiveItem>();
  if (ids.length === 0 || target.isNew) return found;
  for (const [id, item] of await workItemsBatch(target.azureDevOps, ids)) {
    found.set(id, item === null ? await inRecycleBin(id, target) : { place: "live", id, item });
  }
  return found;
}

async function inRecycleBin(id: number, target: TargetProject): Promise<LiveItem> {
  try {
    await getDeleted(target.azureDevOps, target.project.id, id);
    return { place: "recycle-bin", id };
  } catch (error) {
    if (hasCode(error, "ADO_NOT_FOUND")) return { place: "none" };
    throw error;
  }
}

/** A tag that finds a created item again after a crash; taken off in the last step. */
export function markerTag(id: number, { restoreId }: Pick<TargetProject, "restoreId">): string {
  return `restore-${restoreId.slice(0, 12)}-${id}`;
}

/** The item that an interrupted run has made of the stored one. More than one is nobody's to choose. */
export async function findMarked(id: number, target: TargetProject): Promise<number | undefined> {
  const tag = markerTag(id, target);
  const wiql = `SELECT [System.Id] FROM WorkItems WHERE [System.TeamProject] = @project AND [System.Tags] CONTAINS '${tag}'`;
  const candidates = await queryByWiql(target.azureDevOps, target.project.id, { wiql });
  if (candidates.length === 0) return undefined;
  const items = await workItemsBatch(target.azureDevOps, candidates);
  return candidates.find((candidate) => tagsOf(fieldsOf(items.get(candidate) ?? {})["System.Tags"]).includes(tag));
}

/** Where the original is, or was: what people can click on. */
export function originUrl(record: WorkItemRecord, { source }: Pick<TargetProject, "source">): string {
  return `${source.organizationUrl}/${encodeURIComponent(source.project.name)}/_workitems/edit/${record.id}`;
}

export interface WantedRelations {
  readonly relations: readonly WantedRelation[];
  /** What cannot be linked, and why. */
  readonly lost: readonly string[];
  /** Lower ends that have to be taken from where they hang now. */
  readonly released: readonly Hanging[];
}

interface Place {
  readonly isCopy: boolean;
  /** The item as it is in the target now. */
  readonly live: JsonObject;
}

/**
 * The record's relations in terms of the target. A link whose other end does not exist there becomes a hyperlink to
 * the old one, so that the information is not lost; so does a link to a child that has another parent now, unless it
 * may be overwritten.
 */
export async function wantedRelations(
  record: WorkItemRecord,
  target: TargetProject,
  { isCopy, live }: Place,
): Promise<WantedRelations> {
  const stored = relationsOf(record.item);
  const others = await otherEnds(stored, target);
  const hanging = await hangingEnds(stored, { others, live }, target);
  const relations: WantedRelation[] = [];
  const lost: string[] = [];
  const released: Hanging[] = [];
  for (const relation of stored) {
    const linked = linkedWorkItem(relation);
    if (linked === undefined) {
      relations.push({ ...remapped(relation, target), label: labelOf(relation) });
      continue;
    }
    const other = others.get(Number(linked));
    const elsewhere = other === undefined ? undefined : hanging.get(linkKey(relation.rel, other));
    const reason = reasonAgainst(other, elsewhere, { linked, target });
    if (other === undefined || reason !== undefined) {
      lost.push(`${relationName(relation)} ${linked}: ${reason ?? "it is gone"}; kept as a hyperlink`);
      relations.push(lostLink(relation, linked, target));
      continue;
    }
    if (elsewhere !== undefined) released.push(elsewhere);
    relations.push({
      ...relation,
      url: workItemUrl(other, target),
      label: `${relationName(relation)} ${other}${elsewhere === undefined ? "" : `, taken from work item ${elsewhere.from}`}`,
    });
  }
  if (isCopy) relations.push(originLink(record, target));
  return { relations, lost, released };
}

/** Why a link cannot be made; undefined when it can. */
function reasonAgainst(
  other: number | undefined,
  elsewhere: Hanging | undefined,
  { linked, target }: { readonly linked: string; readonly target: TargetProject },
): string | undefined {
  if (other === undefined) return "that work item does not exist in the target";
  if (elsewhere === undefined) return undefined;
  const isOurs = target.isSource || target.ids.get(kindName, linked) !== undefined;
  if (isOurs && target.conflictPolicy === "overwrite") return undefined;
  return `that work item belongs to work item ${elsewhere.from} now`;
}

/** Of the links that are not there yet: which lower ends hang elsewhere. */
async function hangingEnds(
  stored: readonly Relation[],
  { others, live }: { readonly others: Map<number, number>; readonly live: JsonObject },
  target: TargetProject,
): Promise<ReadonlyMap<string, Hanging | undefined>> {
  const there = new Set(relationsOf(live).map(identityOf));
  const missing = stored.flatMap((relation) => {
    const linked = Number(linkedWorkItem(relation));
    const other = isTreeLink(relation.rel) ? others.get(linked) : undefined;
    return other === undefined || there.has(linkKey(relation.rel, other)) ? [] : [{ rel: relation.rel, other, linked }];
  });
  const found = await hangingElsewhere(missing, numberAt(live, "id"), target);
  for (const { rel, other, linked } of missing) if (!found.has(linkKey(rel, other))) others.delete(linked);
  return found;
}

/** Target ids of the linked items that exist there. */
async function otherEnds(stored: readonly Relation[], target: TargetProject): Promise<Map<number, number>> {
  const ends = new Map<number, number>();
  const unsure = new Map<number, number>();
  const sameOrganization =
    target.azureDevOps.organization.url.toLowerCase() === target.source.organizationUrl.toLowerCase();
  for (const relation of stored) {
    const linked = Number(linkedWorkItem(relation));
    if (Number.isNaN(linked)) continue;
    const mapped = target.ids.get(kindName, String(linked));
    if (mapped !== undefined) ends.set(linked, Number(mapped));
    else if (sameOrganization) unsure.set(linked, linked);
  }
  if (unsure.size === 0) return ends;
  const found = await workItemsBatch(target.azureDevOps, [...unsure.keys()]);
  for (const [id, item] of found) if (item !== null) ends.set(id, id);
  return ends;
}

function workItemUrl(id: number, { azureDevOps }: TargetProject): string {
  return `${azureDevOps.organization.url}/_apis/wit/workItems/${id}`;
}

function relationName({ rel, attributes }: Relation): string {
  return stringAt(attributes, "name") ?? rel;
}

function labelOf(relation: Relation): string {
  if (relation.rel === "AttachedFile")
    return `file ${stringAt(relation.attributes, "name") ?? attachmentIdOf(relation.url) ?? ""}`;
  return `${relation.rel === "Hyperlink" ? "hyperlink" : relationName(relation)} ${relation.url}`;
}

/** Links to commits, branches and pull requests name project and repository by id. */
function remapped(relation: Relation, target: TargetProject): Relation {
  if (relation.rel !== "ArtifactLink") return relation;
  const url = relation.url.replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi, (id) => {
    if (id.toLowerCase() === target.source.project.id.toLowerCase()) return target.project.id;
    return target.ids.get("git-repositories", id.toLowerCase()) ?? id;
  });
  return { ...relation, url };
}

function lostLink(relation: Relation, linked: string, { source }: TargetProject): WantedRelation {
  const url = `${source.organizationUrl}/${encodeURIComponent(source.project.name)}/_workitems/edit/${linked}`;
  return {
    rel: "Hyperlink",
    url,
    attributes: { comment: `Was: ${relationName(relation)} ${linked}` },
    label: `hyperlink ${url}`,
  };
}

function originLink(record: WorkItemRecord, target: TargetProject): WantedRelation {
  const url = originUrl(record, target);
  return {
    rel: "Hyperlink",
    url,
    attributes: { comment: `Restored from work item ${record.id}` },
    label: `hyperlink ${url}`,
  };
}

export function typeOf(record: WorkItemRecord): string {
  return stringAt(fieldsOf(record.item), "System.WorkItemType") ?? stringAt(record.item, "type") ?? "Task";
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
