/** The kinds of links between work items and what the service refuses about them. */
import { linkRefused } from "./errors.ts";
import type { LinkType, Relation, RelationChanges, WorkItem, WorkItemLink } from "./model.ts";

const TABLE = `
Microsoft.VSTS.Common.Affects|Affects|Affected By|dependency|editable
Microsoft.VSTS.TestCase.SharedParameterReferencedBy|Referenced By|References|dependency|editable
Microsoft.VSTS.Common.TestedBy|Tested By|Tests|dependency|editable
Microsoft.VSTS.TestCase.SharedStepReferencedBy|Test Case|Shared Steps|dependency|editable
System.LinkTypes.Remote.Dependency|Produces For|Consumes From|dependency|remote
System.LinkTypes.Duplicate|Duplicate|Duplicate Of|tree
System.LinkTypes.Dependency|Successor|Predecessor|dependency
System.LinkTypes.Hierarchy|Child|Parent|tree
System.LinkTypes.Related|Related|Related|network
System.LinkTypes.Remote.Related|Remote Related|Remote Related|network|remote
`;

export const LINK_TYPES: readonly LinkType[] = TABLE.trim()
  .split("\n")
  .map((line) => {
    const [name = "", forwardName = "", reverseName = "", topology = "", mark] = line.split("|");
    const isNetwork = topology === "network";
    return {
      name,
      forwardName,
      reverseName,
      topology: topology as LinkType["topology"],
      forward: isNetwork ? name : `${name}-Forward`,
      reverse: isNetwork ? name : `${name}-Reverse`,
      editable: mark === "editable",
      remote: mark === "remote",
    };
  });

export interface LinkEnd {
  readonly type: LinkType;
  readonly isForward: boolean;
}

export function linkEndOf(rel: string): LinkEnd | undefined {
  const wanted = rel.toLowerCase();
  for (const type of LINK_TYPES) {
    if (type.forward.toLowerCase() === wanted) return { type, isForward: true };
    if (type.reverse.toLowerCase() === wanted) return { type, isForward: false };
  }
  return undefined;
}

export function otherEnd(link: WorkItemLink, item: WorkItem): WorkItem {
  return link.source === item ? link.target : link.source;
}

/** There, and not hidden by an end in the recycle bin. */
export function isShown(link: WorkItemLink): boolean {
  return link.removedAt === undefined && !link.source.deleted && !link.target.deleted;
}

export function parentLinkOf(item: WorkItem): WorkItemLink | undefined {
  return item.links.find((link) => isShown(link) && link.target === item && link.type.forwardName === "Child");
}

/** What holds of an item's relations now, in the order in which the service shows them: newest link first. */
export function relationsOf(item: WorkItem): Relation[] {
  const links = item.links.filter(isShown).reverse();
  return [...links, ...item.resources.filter((resource) => resource.toRev === undefined)];
}

/** What held at the end of a revision. */
export function relationsAt(item: WorkItem, rev: number): Relation[] {
  if (rev >= item.revisions.length) return relationsOf(item);
  const until = item.revisions[rev]?.authorizedAt ?? "";
  const links = item.links.filter((link) => link.addedAt < until && (link.removedAt ?? until) >= until);
  const resources = item.resources.filter((one) => one.fromRev <= rev && (one.toRev ?? rev + 1) > rev);
  return [...links.reverse(), ...resources];
}

export function isEmptyChange(changes: RelationChanges): boolean {
  return changes.added.length + changes.removed.length + changes.updated.length === 0;
}

export interface NewLink {
  readonly type: LinkType;
  readonly source: WorkItem;
  readonly target: WorkItem;
}

/** Throws what the service refuses; `removed` are links that go in the same request. */
export function checkNewLink(link: NewLink, removed: ReadonlySet<Relation>): void {
  const { type, source, target } = link;
  const between = `work items ${source.id} and ${target.id}`;
  if (type.remote)
    throw linkRefused("RemoteLinkNotSupportedException", "VS403350: Remote links need a connected organization.");
  if (source === target) {
    throw linkRefused(
      "WorkItemLinkToSelfException",
      `TF201034: You cannot add a ${type.forwardName} link from a work item to itself.`,
    );
  }
  const alive = (one: WorkItemLink): boolean => one.type === type && one.removedAt === undefined && !removed.has(one);
  const same = source.links.filter((one) => alive(one) && otherEnd(one, source) === target);
  if (same.some((one) => type.topology === "network" || one.source === source)) {
    throw linkRefused(
      "RelationAlreadyExistsException",
      `Relation already exists. (${type.forwardName} between ${between})`,
    );
  }
  if (type.topology === "tree" && target.links.some((one) => alive(one) && isShown(one) && one.target === target)) {
    throw linkRefused(
      "WorkItemLinkAddExtraParentException",
      `TF201036: You cannot add a ${type.forwardName} link between ${between} because a work item can have only one ${type.reverseName} link.`,
    );
  }
  if (type.topology !== "network" && reaches(target, source, alive)) {
    throw linkRefused(
      "WorkItemLinkCircularException",
      `TF201035: You cannot add a ${type.forwardName} link between ${between} because this would result in a circular relationship.`,
    );
  }
}

function reaches(from: WorkItem, to: WorkItem, alive: (link: WorkItemLink) => boolean): boolean {
  const seen = new Set<WorkItem>();
  const open = [from];
  for (let item = open.pop(); item; item = open.pop()) {
    if (item === to) return true;
    if (seen.has(item)) continue;
    seen.add(item);
    for (const link of item.links) if (link.source === item && alive(link)) open.push(link.target);
  }
  return false;
}
