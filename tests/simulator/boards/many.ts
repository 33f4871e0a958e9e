/** Very many work items, quickly: for what must hold at scale. */
import type { SimProject } from "../service.ts";
import type { WitHost } from "./host.ts";
import type { WorkItem } from "./model.ts";
import { LINK_TYPES } from "./links.ts";
import { boardFieldsOf } from "./rules.ts";
import { trackingOf } from "./tracking.ts";
import type { WorkItemTracking } from "./tracking.ts";
import type { WorkItemType } from "./types.ts";

const CHILDREN = 9;
const TOPICS = ["Checkout", "Search", "Basket", "Invoices", "Shipping", "Accounts", "Catalogue", "Reports"];

/**
 * `count` items of about three revisions each; every tenth is a story with the next nine as its children. No rule is
 * checked. Returns the first and the last id.
 */
export function addManyWorkItems(host: WitHost, project: SimProject, count: number): { first: number; last: number } {
  const tracking = trackingOf(host);
  const types = tracking.typesIn(project);
  const story = types.find(({ category }) => category === "RequirementCategory");
  const task = types.find(({ category }) => category === "TaskCategory");
  if (!story || !task) throw new Error(`the process of ${project.name} has no stories and tasks`);
  let parent: WorkItem | undefined;
  let first = 0;
  let last = 0;
  for (let index = 0; index < count; index++) {
    const isStory = index % (CHILDREN + 1) === 0;
    const item = addItem(tracking, project, { index, type: isStory ? story : task });
    if (isStory) parent = item;
    else if (parent) addLink(tracking, "Child", [parent, item]);
    first ||= item.id;
    last = item.id;
  }
  return { first, last };
}

/**
 * `count` tasks and stories of `revisions` revisions, each with a link that it makes itself: tasks to their story, stories
 * to the one before. No rule is checked.
 */
export function addLinkedWorkItems(
  host: WitHost,
  project: SimProject,
  { count, revisions }: { readonly count: number; readonly revisions: number },
): readonly WorkItem[] {
  const tracking = trackingOf(host);
  const types = tracking.typesIn(project);
  const story = types.find(({ category }) => category === "RequirementCategory");
  const task = types.find(({ category }) => category === "TaskCategory");
  if (!story || !task) throw new Error(`the process of ${project.name} has no stories and tasks`);
  const items: WorkItem[] = [];
  let parent: WorkItem | undefined;
  for (let index = 0; index < count; index++) {
    const isStory = index % (CHILDREN + 1) === 0;
    const item = addNewItem(tracking, project, { index, type: isStory ? story : task });
    if (parent && isStory) addLink(tracking, "Successor", [parent, item]);
    else if (parent) addLink(tracking, "Child", [parent, item]);
    for (let rev = 2; rev <= revisions; rev++) {
      const by = tracking.host.identities[rev % tracking.host.identities.length];
      if (by)
        tracking.revise(item, { changed: { "System.Title": `Step ${index + 1}, text ${rev}` }, by, authorizedBy: by });
    }
    if (isStory) parent = item;
    items.push(item);
  }
  return items;
}

function addItem(
  tracking: WorkItemTracking,
  project: SimProject,
  what: { index: number; type: WorkItemType },
): WorkItem {
  const item = addNewItem(tracking, project, what);
  const { index, type } = what;
  const people = tracking.host.identities;
  const by = people[index % people.length];
  if (!by) throw new Error("the organisation has no people");
  const active = type.states[1]?.name ?? "Active";
  const done = type.states.find(({ category }) => category === "Completed")?.name ?? active;
  tracking.revise(item, {
    changed: { "System.State": active, "System.AssignedTo": by, ...boardChange(project, type, active) },
    by,
    authorizedBy: by,
  });
  if (index % 5 !== 0) {
    const changed = { "System.State": done, "Microsoft.VSTS.Scheduling.CompletedWork": index % 13 };
    tracking.revise(item, { changed, by, authorizedBy: by });
  }
  return item;
}

/** One revision. */
function addNewItem(
  tracking: WorkItemTracking,
  project: SimProject,
  { index, type }: { index: number; type: WorkItemType },
): WorkItem {
  const { host } = tracking;
  const people = host.identities;
  const by = people[index % people.length];
  if (!by) throw new Error("the organisation has no people");
  const item = tracking.newItem();
  tracking.enter(item);
  const at = host.timestamp();
  const topic = TOPICS[index % TOPICS.length] ?? "";
  const created = type.states[0]?.name ?? "New";
  tracking.revise(item, {
    changed: {
      "System.TeamProject": project.id,
      "System.AreaId": tracking.nodes.rootOf(project.id, "areas").id,
      "System.IterationId": tracking.nodes.rootOf(project.id, "iterations").id,
      "System.WorkItemType": type.name,
      "System.State": created,
      "System.Reason": type.firstReason,
      "System.CreatedDate": at,
      "System.CreatedBy": by,
      "System.CommentCount": 0,
      "System.Title": `${topic}: step ${index + 1}`,
      "Microsoft.VSTS.Common.Priority": 1 + (index % 4),
      "System.Description": `<div>Step ${index + 1} of the work on ${topic.toLowerCase()}.</div>`,
    },
    ...{ at, authorizedAt: at, by, authorizedBy: by },
  });
  return item;
}

function boardChange(project: SimProject, type: WorkItemType, state: string): Record<string, string | boolean> {
  if (type.board === undefined) return {};
  const { column, done } = boardFieldsOf(project, type.board);
  return { [column]: state, [done]: false, "System.BoardColumn": state, "System.BoardColumnDone": false };
}

function addLink(
  tracking: WorkItemTracking,
  name: string,
  [source, target]: readonly [source: WorkItem, target: WorkItem],
): void {
  const type = LINK_TYPES.find(({ forwardName }) => forwardName === name);
  const addedBy = tracking.host.identities[0];
  if (!type || !addedBy) return;
  const addedAt = tracking.host.timestamp();
  const rest = { comment: undefined, addedAt, addedBy, removedAt: undefined };
  tracking.addLink({ kind: "work item", type, source, target, ...rest }, "create");
}
