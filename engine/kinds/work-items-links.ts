/**
 * A record's relations in terms of the target. What cannot be linked there becomes a hyperlink to the original, so
 * that the information is not lost.
 */
import { stringAt } from "../foundation/json.ts";
import type { TargetProject } from "./kind.ts";
import { attachmentIdOf, type WorkItemRecord } from "./work-item-record.ts";
import {
  linkedWorkItem,
  parentRelOf,
  relationsOf,
  withoutDoubles,
  type Relation,
  type WantedRelation,
} from "./work-item-relations.ts";
import { isSameOrganization, otherIds, type LiveItem, type LiveItems } from "./work-items-target.ts";

/** What is known of the target while one record is compared with it. */
export interface Whereabouts {
  readonly target: TargetProject;
  readonly live: LiveItems;
  /** While planning: items of the snapshot that this restore is going to create or take out of the recycle bin. */
  readonly isComing: (id: number) => boolean;
}

export interface WantedRelations {
  readonly relations: readonly WantedRelation[];
  /** Links by which a child leaves the parent it has got since. */
  readonly takeovers: readonly Takeover[];
  /** What cannot be linked, and why. */
  readonly lost: readonly string[];
}

export interface Takeover {
  readonly child: number;
  readonly parentRel: string;
  readonly from: number;
}

export interface Side {
  readonly record: WorkItemRecord;
  /** Its id in the target. */
  readonly id: number | undefined;
  /** It is not the very item that was stored. */
  readonly isCopy: boolean;
}

export function wantedRelations(side: Side, where: Whereabouts): WantedRelations {
  const relations: WantedRelation[] = [];
  const takeovers: Takeover[] = [];
  const lost: string[] = [];
  for (const relation of relationsOf(side.record.item)) {
    const found = resolved(relation, side, where);
    if (found.relation !== undefined) relations.push(found.relation);
    if (found.takeover !== undefined) takeovers.push(found.takeover);
    if (found.lost !== undefined) lost.push(found.lost);
  }
  if (side.isCopy) relations.push(originLink(side.record, where.target));
  return { relations: withoutDoubles(relations), takeovers, lost };
}

interface Resolved {
  readonly relation?: WantedRelation;
  readonly takeover?: Takeover;
  readonly lost?: string;
}

function resolved(relation: Relation, side: Side, where: Whereabouts): Resolved {
  const { target } = where;
  if (side.isCopy && relation.rel.startsWith("System.LinkTypes.Remote."))
    return asHyperlink(relation, relation.url, `${nameOf(relation)}: links to other organisations are not made`);
  const linked = linkedWorkItem(relation);
  if (linked === undefined) return { relation: { ...remapped(relation, target), label: labelOf(relation) } };
  const other = otherEnd(linked, side.isCopy, where);
  const origin = originUrl(linked, target);
  if (other === undefined)
    return asHyperlink(relation, origin, `${nameOf(relation)} ${linked}: that work item does not exist in the target`);
  if (other === "coming") return { relation: linkTo(linked, relation, where) };
  if (other.place === "recycle-bin") {
    const reason = `${nameOf(relation)} ${other.id}: that work item is in the recycle bin`;
    return side.isCopy ? asHyperlink(relation, origin, reason) : { lost: `${reason}; the link comes back with it` };
  }
  const takeover = takeoverOf(relation, other, side);
  if (takeover === undefined) return { relation: linkTo(other.id, relation, where) };
  if (!side.isCopy) return { relation: linkTo(other.id, relation, where), takeover };
  const reason = `${nameOf(relation)} ${other.id}: that work item has another one (${takeover.from}) in this place`;
  return asHyperlink(relation, origin, reason);
}

/** Ids in the target at which the other ends of a record's links may be found. */
export function* otherEndsOf({ item }: WorkItemRecord, isCopy: boolean, target: TargetProject): Generator<number> {
  for (const relation of relationsOf(item)) {
    const linked = linkedWorkItem(relation);
    if (linked !== undefined) yield* otherIds(linked, isCopy, target);
  }
}

function otherEnd(linked: number, isCopy: boolean, where: Whereabouts): LiveItem | "coming" | undefined {
  const places = otherIds(linked, isCopy, where.target).flatMap((id) => where.live.get(id) ?? []);
  const live = places.find(({ place, id }) => place === "live" && !(isCopy && id === linked && where.isComing(linked)));
  if (live !== undefined) return live;
  return where.isComing(linked) ? "coming" : places[0];
}

/** A child that has another parent now. */
function takeoverOf(relation: Relation, other: LiveItem, { id }: Side): Takeover | undefined {
  const parentRel = parentRelOf(relation);
  if (parentRel === undefined || other.place !== "live") return undefined;
  const parent = relationsOf(other.item).find(({ rel }) => rel === parentRel);
  const from = parent === undefined ? undefined : linkedWorkItem(parent);
  return from === undefined || from === id ? undefined : { child: other.id, parentRel, from };
}

function linkTo(id: number, relation: Relation, { target }: Whereabouts): WantedRelation {
  const url = `${target.azureDevOps.organization.url}/_apis/wit/workItems/${id}`;
  return { ...relation, url, label: `${nameOf(relation)} ${id}` };
}

function asHyperlink(relation: Relation, url: string, reason: string): Resolved {
  const comment = `Was: ${nameOf(relation)} ${url.split("/").at(-1) ?? ""}`;
  return {
    relation: { rel: "Hyperlink", url, attributes: { comment }, label: `hyperlink ${url}` },
    lost: `${reason}; kept as a hyperlink`,
  };
}

function nameOf({ rel, attributes }: Relation): string {
  return stringAt(attributes, "name") ?? rel;
}

function labelOf(relation: Relation): string {
  if (relation.rel === "AttachedFile")
    return `file ${stringAt(relation.attributes, "name") ?? attachmentIdOf(relation.url) ?? ""}`;
  return `${relation.rel === "Hyperlink" ? "hyperlink" : nameOf(relation)} ${relation.url}`;
}

const gitArtifact = /^(vstfs:\/\/\/Git\/(?:Commit|Ref)\/)([0-9a-f-]{36})(%2F|\/)([0-9a-f-]{36})(.*)$/i;

/**
 * Commits and branches go with their repository when that was restored elsewhere. Pull requests and builds do not: they
 * stay what they were.
 */
function remapped(relation: Relation, target: TargetProject): Relation {
  const [, prefix, , separator, repository, rest] = gitArtifact.exec(relation.url) ?? [];
  if (relation.rel !== "ArtifactLink" || repository === undefined) return relation;
  const known = target.ids.get("git-repositories", repository.toLowerCase());
  if (known === undefined || known === repository.toLowerCase()) return relation;
  return { ...relation, url: `${prefix ?? ""}${target.project.id}${separator ?? ""}${known}${rest ?? ""}` };
}

/** Where the original is, or was: what people can click on. */
export function originUrl(id: number, { source }: Pick<TargetProject, "source">): string {
  return `${source.organizationUrl}/${encodeURIComponent(source.project.name)}/_workitems/edit/${id}`;
}

function originLink(record: WorkItemRecord, target: TargetProject): WantedRelation {
  const url = originUrl(record.id, target);
  const attributes = { comment: `Restored from work item ${record.id}` };
  return { rel: "Hyperlink", url, attributes, label: `hyperlink ${url}` };
}

/** Links to artefacts that lead nowhere from another organisation. */
export function deadArtifacts(record: WorkItemRecord, target: TargetProject): readonly string[] {
  if (isSameOrganization(target)) return [];
  return relationsOf(record.item)
    .filter((relation) => relation.rel === "ArtifactLink" && remapped(relation, target) === relation)
    .map((relation) => `${nameOf(relation)} ${relation.url}: leads to the other organisation`);
}
