/**
 * Links that form trees: a work item has one parent, a duplicate one original. Azure DevOps refuses a second one
 * (TF201036), so before such a link is made from above, it is looked up whether the lower end is free.
 */
import { updateWorkItem, workItemsBatch } from "../azure-devops/work-items.ts";
import { numberAt, type JsonObject } from "../foundation/json.ts";
import type { TargetProject } from "./kind.ts";
import { linkedWorkItem, relationsOf, removalOperations, type Relation } from "./work-item-relations.ts";

const treeLink = /^(System\.LinkTypes\.(?:Hierarchy|Duplicate))-Forward$/i;

/** Nobody is told about every restored item, and rules do not apply to a state that once was valid. */
export const asImport = { bypassRules: true, suppressNotifications: true };

/** A lower end that hangs elsewhere in its tree now. */
export interface Hanging {
  /** Id in the target. */
  readonly id: number;
  /** The link by which it hangs, seen from itself. */
  readonly rel: string;
  /** What it hangs on. */
  readonly from: number;
}

/** A link as the target would have it. */
export interface PlannedLink {
  readonly rel: string;
  readonly other: number;
}

/**
 * What the lower ends of the links hang on, by `<rel>|<id>`; `undefined` for free ones. Links that go up or sideways
 * are left out, and so are lower ends that do not exist any more.
 */
export async function hangingElsewhere(
  links: readonly PlannedLink[],
  upper: number | undefined,
  target: TargetProject,
): Promise<ReadonlyMap<string, Hanging | undefined>> {
  const down = links.filter(({ rel }) => treeLink.test(rel));
  const found = new Map<string, Hanging | undefined>();
  if (down.length === 0) return found;
  const items = await workItemsBatch(
    target.azureDevOps,
    down.map(({ other }) => other),
  );
  for (const { rel, other } of down) {
    const item = items.get(other);
    if (item === null || item === undefined) continue;
    const up = rel.replace(treeLink, "$1-Reverse");
    const from = upperEndOf(item, up);
    found.set(linkKey(rel, other), from === undefined || from === upper ? undefined : { id: other, rel: up, from });
  }
  return found;
}

export function isTreeLink(rel: string): boolean {
  return treeLink.test(rel);
}

export function linkKey(rel: string, other: number): string {
  return `${rel}|${other}`;
}

function upperEndOf(item: JsonObject, up: string): number | undefined {
  const relation = relationsOf(item).find((candidate) => isLink(candidate, up));
  return relation === undefined ? undefined : Number(linkedWorkItem(relation));
}

function isLink({ rel }: Relation, wanted: string): boolean {
  return rel.toLowerCase() === wanted.toLowerCase();
}

/** Takes the item from what it hangs on, unless somebody has done so meanwhile. */
export async function release({ id, rel, from }: Hanging, target: TargetProject): Promise<void> {
  const item = (await workItemsBatch(target.azureDevOps, [id])).get(id);
  if (item === null || item === undefined) return;
  const relations = relationsOf(item);
  const index = relations.findIndex((relation) => isLink(relation, rel) && Number(linkedWorkItem(relation)) === from);
  const relation = relations[index];
  if (relation === undefined) return;
  await updateWorkItem(target.azureDevOps, { id, ...asImport }, [
    { op: "test", path: "/rev", value: numberAt(item, "rev") ?? 0 },
    ...removalOperations([{ index, relation }]),
  ]);
}
