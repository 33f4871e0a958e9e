/**
 * Relations of work items: comparing what a snapshot wants with what is there, in terms of the target. Links between
 * work items are double-sided in Azure DevOps: adding one side makes the other, so a wanted link that is already
 * there, from whichever side, is left alone.
 */
import type { PatchOperation } from "../azure-devops/work-items.ts";
import { arrayAt, isObject, objectAt, stringAt, type JsonObject } from "../foundation/json.ts";
import { attachmentIdOf } from "./work-item-record.ts";

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

/** Id of the work item a relation points to; undefined for hyperlinks, artefacts and files. */
export function linkedWorkItem({ rel, url }: Relation): string | undefined {
  if (rel === "AttachedFile" || rel === "Hyperlink" || rel === "ArtifactLink") return undefined;
  return /\/_apis\/wit\/workitems\/(\d+)$/i.exec(url)?.[1];
}

/** What makes two relations the same one. Files: by content address, or by name and size when they were uploaded anew. */
export function identityOf(relation: Relation): string {
  const linked = linkedWorkItem(relation);
  if (linked !== undefined) return `${relation.rel}|${linked}`;
  if (relation.rel === "AttachedFile") return `file|${attachmentIdOf(relation.url) ?? relation.url}`;
  return `${relation.rel}|${relation.url.toLowerCase()}`;
}

/** Name and size of an attached file: its likeness when the address is another. */
export function fileLikeness({ attributes }: Relation): string {
  return `${stringAt(attributes, "name") ?? ""}|${String(attributes["resourceSize"] ?? "")}`;
}

export interface WantedRelation extends Relation {
  /** How people call it in a plan: `Parent 42`, `file screenshot.png`. */
  readonly label: string;
}

export interface RelationDifference {
  readonly missing: readonly WantedRelation[];
  /** Places in the live item's list, highest first: removing one moves those behind it. */
  readonly surplus: readonly { readonly index: number; readonly relation: Relation }[];
}

export function relationDifference(wanted: readonly WantedRelation[], live: readonly Relation[]): RelationDifference {
  const liveIdentities = new Set(live.map(identityOf));
  const liveFiles = countOf(live.filter(({ rel }) => rel === "AttachedFile").map(fileLikeness));
  const wantedIdentities = new Set(wanted.map(identityOf));
  const missing = wanted.filter((relation) => {
    if (liveIdentities.has(identityOf(relation))) return false;
    return relation.rel !== "AttachedFile" || !take(liveFiles, fileLikeness(relation));
  });
  const wantedFiles = countOf(wanted.filter(({ rel }) => rel === "AttachedFile").map(fileLikeness));
  const surplus = live
    .map((relation, index) => ({ index, relation }))
    .filter(
      ({ relation }) =>
        !wantedIdentities.has(identityOf(relation)) &&
        !(relation.rel === "AttachedFile" && take(wantedFiles, fileLikeness(relation))),
    )
    .reverse();
  return { missing, surplus };
}

function countOf(texts: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}

function take(counts: Map<string, number>, text: string): boolean {
  const left = counts.get(text) ?? 0;
  if (left > 0) counts.set(text, left - 1);
  return left > 0;
}

export function removalOperations(surplus: RelationDifference["surplus"]): readonly PatchOperation[] {
  return surplus.map(({ index }) => ({ op: "remove", path: `/relations/${index}` }));
}

/** What the service accepts of a relation's attributes. */
export function additionOperation({ rel, url, attributes }: Relation): PatchOperation {
  const kept = Object.fromEntries(
    ["name", "comment"].flatMap((key) => (typeof attributes[key] === "string" ? [[key, attributes[key]]] : [])),
  );
  return {
    op: "add",
    path: "/relations/-",
    value: { rel, url, ...(Object.keys(kept).length === 0 ? {} : { attributes: kept }) },
  };
}
