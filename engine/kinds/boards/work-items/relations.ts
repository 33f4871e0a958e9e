/**
 * Relations of work items: comparing what a snapshot wants with what is there, in terms of the target. Links between
 * work items are double-sided in Azure DevOps: adding one side makes the other, so a wanted link that is already
 * there, from whichever side, is left alone.
 */
import type { PatchOperation } from "../../../azure-devops/boards/work-items.ts";
import { arrayAt, isObject, numberAt, objectAt, stringAt, type JsonObject } from "../../../foundation/json.ts";
import { attachmentIdOf } from "./record.ts";

export interface Relation {
  readonly rel: string;
  readonly url: string;
  readonly attributes: JsonObject;
}

export function relationsOf(item: JsonObject): readonly Relation[] {
  return (arrayAt(item, "relations") ?? []).filter(isObject).flatMap((relation) => {
    const rel = stringAt(relation, "rel");
    const url = stringAt(relation, "url");
    return rel === undefined || url === undefined
      ? []
      : [{ rel, url, attributes: objectAt(relation, "attributes") ?? {} }];
  });
}

export function isFile({ rel }: Relation): boolean {
  return rel === "AttachedFile";
}

/** Id of the work item a relation points to; undefined for hyperlinks, artefacts, files and other organisations. */
export function linkedWorkItem({ rel, url }: Relation): number | undefined {
  if (rel === "AttachedFile" || rel === "Hyperlink" || rel === "ArtifactLink") return undefined;
  if (rel.startsWith("System.LinkTypes.Remote.")) return undefined;
  const id = /\/_apis\/wit\/workitems\/(\d+)$/i.exec(url)?.[1];
  return id === undefined ? undefined : Number(id);
}

/** Ids of the work items it is linked to, ascending. */
export function linkedIds(item: JsonObject): readonly number[] {
  const ids = relationsOf(item).flatMap((relation) => linkedWorkItem(relation) ?? []);
  return [...new Set(ids)].sort((a, b) => a - b);
}

/** Link types of which a work item can be the target only once, such as Child: it has one parent. */
const treeTypes = ["System.LinkTypes.Hierarchy", "System.LinkTypes.Duplicate"];

/** The kind of link that the other end has of it. */
export function oppositeRel(rel: string): string {
  return rel.endsWith("-Forward") ? rel.replace(/Forward$/, "Reverse") : rel.replace(/Reverse$/, "Forward");
}

/** A link to the one parent an item can have. */
export function isToParent({ rel }: Relation): boolean {
  return treeTypes.some((name) => rel === `${name}-Reverse`);
}

/** For a link to a child the kind of link by which the child names its parent; undefined for all others. */
export function parentRelOf({ rel }: Relation): string | undefined {
  const type = treeTypes.find((name) => rel === `${name}-Forward`);
  return type === undefined ? undefined : `${type}-Reverse`;
}

/** What makes two relations the same one. */
function identityOf(relation: Relation): string {
  const linked = linkedWorkItem(relation);
  if (linked !== undefined) return `${relation.rel}|${linked}`;
  if (isFile(relation)) return `file|${attachmentIdOf(relation.url) ?? relation.url}|${nameOf(relation)}`;
  return `${relation.rel}|${relation.url.toLowerCase()}|${relation.rel === "ArtifactLink" ? nameOf(relation) : ""}`;
}

function nameOf({ attributes }: Relation): string {
  return stringAt(attributes, "name") ?? "";
}

export function linkComment({ attributes }: Relation): string {
  return stringAt(attributes, "comment") ?? "";
}

/** Name and size of an attached file: what is left to know it by when it was uploaded anew. */
export function fileLikeness(relation: Relation): string {
  return `${nameOf(relation)}|${numberAt(relation.attributes, "resourceSize") ?? ""}`;
}

export interface WantedRelation extends Relation {
  /** How people call it in a plan: `Parent 42`, `file screenshot.png`. */
  readonly label: string;
}

export interface RelationDifference {
  readonly missing: readonly WantedRelation[];
  /** There with another comment. */
  readonly edited: readonly { readonly index: number; readonly wanted: WantedRelation }[];
  /** Not wanted, with their places in the live item's list. */
  readonly surplus: readonly { readonly index: number; readonly relation: Relation }[];
}

/** `isSameFile` decides on two files of different addresses but the same name and size. */
export function relationDifference(
  wanted: readonly WantedRelation[],
  live: readonly Relation[],
  isSameFile: (wanted: Relation, live: Relation) => boolean,
): RelationDifference {
  const left = new Map(live.entries());
  const pairs = new Map<WantedRelation, number>();
  const take = (relation: WantedRelation, isIt: (candidate: Relation) => boolean): void => {
    const found = [...left].find(([, candidate]) => isIt(candidate));
    if (found === undefined || pairs.has(relation)) return;
    pairs.set(relation, found[0]);
    left.delete(found[0]);
  };
  const places = placesOf(live);
  for (const relation of wanted) {
    const index = places.get(identityOf(relation))?.find((place) => left.has(place));
    if (index === undefined) continue;
    pairs.set(relation, index);
    left.delete(index);
  }
  for (const relation of wanted.filter(isFile)) take(relation, (other) => isLikeFile(relation, other, isSameFile));
  return {
    missing: wanted.filter((relation) => !pairs.has(relation)),
    edited: [...pairs].flatMap(([relation, index]) => {
      const other = live[index];
      return other !== undefined && linkComment(other) !== linkComment(relation) ? [{ index, wanted: relation }] : [];
    }),
    surplus: [...left].map(([index, relation]) => ({ index, relation })),
  };
}

function placesOf(live: readonly Relation[]): ReadonlyMap<string, readonly number[]> {
  const places = new Map<string, number[]>();
  for (const [index, relation] of live.entries()) {
    const identity = identityOf(relation);
    places.set(identity, [...(places.get(identity) ?? []), index]);
  }
  return places;
}

function isLikeFile(wanted: Relation, other: Relation, isSame: (wanted: Relation, live: Relation) => boolean): boolean {
  return isFile(other) && fileLikeness(other) === fileLikeness(wanted) && isSame(wanted, other);
}

/** Each relation once, as the service has it: several links to one item may have become the same hyperlink. */
export function withoutDoubles(relations: readonly WantedRelation[]): readonly WantedRelation[] {
  const distinct = new Map<string, WantedRelation>();
  for (const relation of relations) {
    const first = distinct.get(identityOf(relation));
    distinct.set(identityOf(relation), first === undefined ? relation : joined(first, relation));
  }
  return [...distinct.values()];
}

/** The service takes no longer one. */
const maxComment = 255;
/** Between comments of links that became one. */
export const commentSeparator = "; ";

/** What does not fit any more is left out: the first one's comment stays whole. */
function joined(first: WantedRelation, second: WantedRelation): WantedRelation {
  const comments = new Set([linkComment(first), linkComment(second)].filter((comment) => comment !== ""));
  const comment = [...comments].join(commentSeparator);
  return comments.size < 2 || comment.length > maxComment
    ? first
    : { ...first, attributes: { ...first.attributes, comment } };
}

/** Comments first, then removals from the end: each removal moves those behind it. */
export function relationOperations({
  edited,
  surplus,
}: Omit<RelationDifference, "missing">): readonly PatchOperation[] {
  const comments = edited.map(({ index, wanted }): PatchOperation => ({
    op: "replace",
    path: `/relations/${index}/attributes/comment`,
    value: linkComment(wanted),
  }));
  return [...comments, ...removalOperations(surplus)];
}

export function removalOperations(surplus: RelationDifference["surplus"]): readonly PatchOperation[] {
  return surplus
    .map(({ index }) => index)
    .sort((a, b) => b - a)
    .map((index) => ({ op: "remove", path: `/relations/${index}` }));
}

/** What the service accepts of a relation's attributes: the name of a link between work items follows from its kind. */
export function additionOperation({ rel, url, attributes }: Relation): PatchOperation {
  const keys = rel === "AttachedFile" || rel === "ArtifactLink" ? ["name", "comment"] : ["comment"];
  const kept = Object.fromEntries(
    keys.flatMap((key) => (typeof attributes[key] === "string" ? [[key, attributes[key]]] : [])),
  );
  return {
    op: "add",
    path: "/relations/-",
    value: { rel, url, ...(Object.keys(kept).length === 0 ? {} : { attributes: kept }) },
  };
}
