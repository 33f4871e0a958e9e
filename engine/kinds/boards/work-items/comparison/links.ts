/**
 * A record's relations in terms of the target. What cannot be linked there becomes a hyperlink to the original, so
 * that the information is not lost.
 */
import { stringAt } from "../../../../foundation/json.ts";
import type { TargetProject } from "../../../kind.ts";
import { attachmentIdOf, type WorkItemRecord } from "../record.ts";
import {
  linkedWorkItem,
  parentRelOf,
  relationsOf,
  withoutDoubles,
  type Relation,
  type WantedRelation,
} from "../relations.ts";
import { movedArtifact, type RepositoryIds } from "./artifacts.ts";
import { originLink, originUrl } from "./origins.ts";
import { isAwaited, otherIds, type LiveItem, type LiveItems } from "./counterparts.ts";

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
  /** Of those that its links to commits and branches name. */
  readonly repositories: RepositoryIds;
  /** Linked as children, but the snapshot has them as somebody else's. */
  readonly strangers: ReadonlySet<number>;
}

export function wantedRelations(side: Side, where: Whereabouts): WantedRelations {
  // First of all: of the relations of a copy it is the last to give way to a limit.
  const relations: WantedRelation[] = side.isCopy ? [originLink(side.record, where.target)] : [];
  const takeovers: Takeover[] = [];
  const lost: string[] = [];
  for (const relation of relationsOf(side.record.item)) {
    const found = resolved(relation, side, where);
    if (found.relation !== undefined) relations.push(found.relation);
    if (found.takeover !== undefined) takeovers.push(found.takeover);
    if (found.lost !== undefined) lost.push(found.lost);
  }
  return { relations: withoutDoubles(relations), takeovers, lost };
}

interface Resolved {
  readonly relation?: WantedRelation;
  readonly takeover?: Takeover;
  readonly lost?: string;
}

function resolved(relation: Relation, side: Side, where: Whereabouts): Resolved {
  if (side.isCopy && relation.rel.startsWith("System.LinkTypes.Remote."))
    return asHyperlink(relation, relation.url, `${nameOf(relation)}: links to other organisations are not made`);
  const linked = linkedWorkItem(relation);
  if (linked !== undefined) return resolvedLink({ ...relation, linked }, side, where);
  if (relation.rel === "ArtifactLink") return resolvedArtifact(relation, side, where.target);
  return { relation: { ...relation, label: labelOf(relation) } };
}

function resolvedArtifact(relation: Relation, { repositories }: Side, target: TargetProject): Resolved {
  const moved = movedArtifact(relation, repositories, target);
  if (moved.relation !== undefined) return { relation: { ...moved.relation, label: labelOf(relation) } };
  const reason = `${nameOf(relation)} ${relation.url}: is of the other organisation`;
  return moved.address === undefined
    ? { lost: `${reason}, and left out` }
    : asHyperlink(relation, moved.address, reason);
}

interface Link extends Relation {
  /** The other end's id in the snapshot. */
  readonly linked: number;
}

function resolvedLink(link: Link, side: Side, where: Whereabouts): Resolved {
  const { target } = where;
  const { linked } = link;
  const origin = originUrl(linked, target);
  const name = `${nameOf(link)} ${linked}`;
  const other = otherEnd(linked, side.isCopy, where);
  if (other === undefined) return withoutOtherEnd(link, name, target);
  if (side.strangers.has(linked) && parentRelOf(link) !== undefined)
    return { lost: `${name}: the snapshot has that work item without this link` };
  if (other === "coming") return { relation: linkTo(linked, link, target) };
  if (other.place === "recycle-bin") {
    const reason = `${name}: that work item is in the recycle bin`;
    return side.isCopy ? asHyperlink(link, origin, reason) : { lost: `${reason}; the link comes back with it` };
  }
  const takeover = takeoverOf(link, other, side);
  // Items of another project, originals of what is copied here, are nobody's to overwrite.
  const mayTake = target.conflictPolicy === "overwrite" && (target.isSource || other.id !== linked);
  if (takeover !== undefined && !mayTake)
    return asHyperlink(link, origin, `${name}: that work item has another one (${takeover.from}) in this place`);
  return { relation: linkTo(other.id, link, target), ...(takeover === undefined ? {} : { takeover }) };
}

function withoutOtherEnd(link: Link, name: string, target: TargetProject): Resolved {
  if (isAwaited(link.linked, target))
    return { lost: `${name}: that work item could not be made yet; the link comes with it` };
  return asHyperlink(link, originUrl(link.linked, target), `${name}: that work item does not exist in the target`);
}

/** Ids in the target at which the other ends of a record's links may be found. */
export function* otherEndsOf({ item }: WorkItemRecord, isCopy: boolean, target: TargetProject): Generator<number> {
  for (const relation of relationsOf(item)) {
    const linked = linkedWorkItem(relation);
    if (linked !== undefined) yield* otherIds(linked, isCopy, target);
  }
}

function otherEnd(linked: number, isCopy: boolean, where: Whereabouts): LiveItem | "coming" | undefined {
  const { target, isComing } = where;
  const places = otherIds(linked, isCopy, target).flatMap((id) => where.live.get(id) ?? []);
  // In another project the original is only second best to a copy that is still to be made.
  const isSecondBest = (id: number): boolean => !target.isSource && id === linked && isComing(linked);
  const live = places.find(({ place, id }) => place === "live" && !isSecondBest(id));
  if (live !== undefined) return live;
  return isComing(linked) ? "coming" : places[0];
}

/** A child that has another parent now. */
function takeoverOf(relation: Relation, other: LiveItem, { id }: Side): Takeover | undefined {
  const parentRel = parentRelOf(relation);
  if (parentRel === undefined || other.place !== "live") return undefined;
  const parent = relationsOf(other.item).find(({ rel }) => rel === parentRel);
  const from = parent === undefined ? undefined : linkedWorkItem(parent);
  return from === undefined || from === id ? undefined : { child: other.id, parentRel, from };
}

function linkTo(id: number, { rel, attributes }: Relation, target: TargetProject): WantedRelation {
  const url = `${target.azureDevOps.organization.url}/_apis/wit/workItems/${id}`;
  return { rel, url, attributes, label: `${nameOf({ rel, attributes })} ${id}` };
}

function asHyperlink(relation: Relation, url: string, reason: string): Resolved {
  const comment = `Was: ${nameOf(relation)} ${url.split("/").at(-1) ?? ""}`;
  return {
    relation: { rel: "Hyperlink", url, attributes: { comment }, label: `hyperlink ${url}` },
    lost: `${reason}; kept as a hyperlink`,
  };
}

function nameOf({ rel, attributes }: Pick<Relation, "rel" | "attributes">): string {
  return stringAt(attributes, "name") ?? rel;
}

function labelOf(relation: Relation): string {
  if (relation.rel === "AttachedFile")
    return `file ${stringAt(relation.attributes, "name") ?? attachmentIdOf(relation.url) ?? ""}`;
  return `${relation.rel === "Hyperlink" ? "hyperlink" : nameOf(relation)} ${relation.url}`;
}
