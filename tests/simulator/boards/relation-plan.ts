/** Works out what a patch does to an item's relations, refusing what the service refuses, before anything changes. */
import { stringAt } from "../../../engine/foundation/json.ts";
import type { JsonObject } from "../../../engine/foundation/json.ts";
import type { SimIdentity } from "../service.ts";
import { badRequest, itemNotFound, linkRefused } from "./errors.ts";
import { checkNewLink, linkEndOf, otherEnd, relationsOf } from "./links.ts";
import type { LinkEnd } from "./links.ts";
import type { Relation, RelationChanges, ResourceLink, WorkItem, WorkItemLink } from "./model.ts";
import type { Operation } from "./patch.ts";
import type { WorkItemTracking } from "./tracking.ts";

const MOST_LINKS = 1000;
const MOST_ATTACHMENTS = 100;

/** Link types that an ArtifactLink may name, with the artefacts they lead to. */
export const ARTIFACT_LINKS: readonly (readonly [name: string, artifact: string, tool: string])[] = [
  ["Branch", "Ref", "Git"],
  ["Build", "Build", "Build"],
  ["Fixed in Changeset", "Changeset", "VersionControl"],
  ["Fixed in Commit", "Commit", "Git"],
  ["Found in build", "Build", "Build"],
  ["GitHub Commit", "Commit", "GitHub"],
  ["GitHub Pull Request", "PullRequest", "GitHub"],
  ["Integrated in build", "Build", "Build"],
  ["Integrated in release environment", "Environment", "ReleaseManagement"],
  ["Model Link", "ArtifactModel", "Requirements"],
  ["Pull Request", "PullRequestId", "Git"],
  ["Result Attachment", "TcmResultAttachment", "TestManagement"],
  ["Source Code File", "VersionedItem", "VersionControl"],
  ["Storyboard", "Storyboard", "Requirements"],
  ["Tag", "Ref", "Git"],
  ["Test", "TcmTest", "TestManagement"],
  ["Test Result", "TcmResult", "TestManagement"],
  ["Wiki Page", "WikiPage", "Wiki"],
];

export interface PlannedRelations {
  readonly addedLinks: readonly PlannedLink[];
  readonly addedResources: readonly PlannedResource[];
  readonly removed: readonly Relation[];
  readonly edited: ReadonlyMap<Relation, JsonObject>;
}

interface PlannedLink {
  readonly end: LinkEnd;
  readonly other: WorkItem;
  readonly comment: string | undefined;
}

type PlannedResource = Pick<ResourceLink, "rel" | "url" | "name" | "comment" | "size">;

export interface PlanContext {
  readonly tracking: WorkItemTracking;
  readonly item: WorkItem;
  /** An item by the id of a relation's URL, if the caller may see it. */
  readonly itemBy: (id: number) => WorkItem | undefined;
}

export function planRelations(context: PlanContext, operations: readonly Operation[]): PlannedRelations {
  const shown = relationsOf(context.item);
  const removed: Relation[] = [];
  const edited = new Map<Relation, JsonObject>();
  const addedLinks: PlannedLink[] = [];
  const addedResources: PlannedResource[] = [];
  for (const operation of operations) {
    if (operation.kind === "remove relation") {
      removed.push(at(shown, operation.index));
      shown.splice(operation.index, 1);
    } else if (operation.kind === "edit relation") {
      const relation = at(shown, operation.index);
      edited.set(relation, { ...edited.get(relation), ...operation.attributes });
    } else if (operation.kind === "add relation") {
      const end = linkEndOf(operation.rel);
      if (end) addedLinks.push(plannedLink(context, end, operation));
      else addedResources.push(plannedResource(context, operation));
    }
  }
  const plan = { addedLinks, addedResources, removed, edited };
  check(context, plan);
  return plan;
}

function at(relations: readonly Relation[], index: number): Relation {
  const relation = relations[index];
  if (relation) return relation;
  throw badRequest("VssPropertyValidationException", `VS403651: There is no relation at index ${index}.`);
}

type AddRelation = Extract<Operation, { kind: "add relation" }>;

function plannedLink(context: PlanContext, end: LinkEnd, operation: AddRelation): PlannedLink {
  const id = Number(/\/_apis\/wit\/workitems\/(-?\d+)\/?(?:\?.*)?$/i.exec(operation.url)?.[1]);
  const other = Number.isNaN(id) ? undefined : context.itemBy(id);
  if (!other || other.deleted) throw itemNotFound(Number.isNaN(id) ? operation.url : id);
  return { end, other, comment: stringAt(operation.attributes, "comment") };
}

function plannedResource(context: PlanContext, operation: AddRelation): PlannedResource {
  const { rel, url, attributes } = operation;
  const comment = stringAt(attributes, "comment");
  const name = stringAt(attributes, "name");
  switch (rel.toLowerCase()) {
    case "attachedfile":
      return attachedFile(context, url, { name, comment });
    case "hyperlink":
      if (!/^[a-z][a-z0-9+.-]*:/i.test(url))
        throw linkRefused("InvalidHyperlinkException", `TF26194: The hyperlink '${url}' is not valid.`);
      return { rel: "Hyperlink", url, name: undefined, comment, size: undefined };
    case "artifactlink":
      if (!ARTIFACT_LINKS.some(([known]) => known === name)) {
        throw linkRefused(
          "InvalidArtifactLinkException",
          `VS402652: Unrecognized resource link type '${name ?? ""}'. Check the attribute 'name'.`,
        );
      }
      return { rel: "ArtifactLink", url, name, comment, size: undefined };
    default:
      throw linkRefused("WorkItemLinkTypeNotFoundException", `TF201028: Cannot find link type '${rel}'.`);
  }
}

function attachedFile(
  context: PlanContext,
  url: string,
  said: { name: string | undefined; comment: string | undefined },
): PlannedResource {
  const id = /\/_apis\/wit\/attachments\/([0-9a-f-]{36})/i.exec(url)?.[1] ?? "";
  const attachment = context.tracking.attachments.find(id);
  if (attachment?.content === undefined) {
    throw linkRefused(
      "AttachmentNotFoundException",
      `VS403405: The attachment '${url}' does not exist or is not complete.`,
    );
  }
  const name = said.name ?? /[?&]fileName=([^&]*)/i.exec(url)?.[1];
  return {
    rel: "AttachedFile",
    url: attachment.id,
    name: said.name ?? (name === undefined ? attachment.fileName : decodeURIComponent(name)),
    comment: said.comment,
    size: attachment.size,
  };
}

function check({ item }: PlanContext, plan: PlannedRelations): void {
  const gone = new Set(plan.removed);
  const taken = new Set<string>();
  for (const { end, other } of plan.addedLinks) {
    const [source, target] = end.isForward ? [item, other] : [other, item];
    checkNewLink({ type: end.type, source, target }, gone);
    const key =
      end.type.topology === "network"
        ? `${end.type.name} ${other.id}`
        : `${end.type.name} ${end.isForward} ${other.id}`;
    const isSecondParent = end.type.topology === "tree" && !end.isForward && taken.has(`${end.type.name} parent`);
    if (taken.has(key) || isSecondParent) {
      throw linkRefused("RelationAlreadyExistsException", `Relation already exists. (work item ${other.id})`);
    }
    taken.add(key).add(end.isForward ? key : `${end.type.name} parent`);
  }
  const kept = item.resources.filter((one) => one.toRev === undefined && !gone.has(one));
  for (const added of plan.addedResources) {
    const isSame = (one: PlannedResource): boolean =>
      one !== added && one.rel === added.rel && one.url === added.url && one.name === added.name;
    if (kept.some(isSame) || plan.addedResources.some(isSame)) {
      throw linkRefused("RelationAlreadyExistsException", `Relation already exists. (${added.rel} ${added.url})`);
    }
  }
  checkLimits(item, plan);
}

function checkLimits(item: WorkItem, plan: PlannedRelations): void {
  const files = (list: readonly PlannedResource[]): number => list.filter((one) => one.rel === "AttachedFile").length;
  const present = item.resources.filter((one) => one.toRev === undefined);
  if (files(present) + files(plan.addedResources) > MOST_ATTACHMENTS) {
    throw linkRefused(
      "WorkItemAttachmentLimitExceededException",
      `VS403202: A work item may have ${MOST_ATTACHMENTS} attachments.`,
    );
  }
  if (relationsOf(item).length + plan.addedLinks.length + plan.addedResources.length > MOST_LINKS + MOST_ATTACHMENTS) {
    throw linkRefused("WorkItemLinkLimitExceededException", `VS403404: A work item may have ${MOST_LINKS} links.`);
  }
}

/** Attachments, hyperlinks and artefact links make a revision; links between items do not. */
export function needsRevision(plan: PlannedRelations): boolean {
  return (
    plan.addedResources.length > 0 ||
    plan.removed.some((one) => one.kind === "resource") ||
    [...plan.edited.keys()].some((one) => one.kind === "resource")
  );
}

/** Carries the plan out for an item whose next (or, without one, last) revision is `rev`. */
export function applyRelations(
  context: PlanContext,
  plan: PlannedRelations,
  how: { rev: number; by: SimIdentity },
): RelationChanges {
  const updated = [...plan.edited].map(([relation, attributes]) =>
    editRelation(context, relation, { ...how, attributes }),
  );
  for (const relation of plan.removed) {
    if (relation.kind === "resource") relation.toRev = how.rev;
    else context.tracking.endLink(relation, how.by, "remove");
  }
  const resources = plan.addedResources.map((planned) => addResource(context, planned, how.rev));
  const links = plan.addedLinks.map((planned) => addLink(context, planned, how.by));
  return { added: [...links, ...resources], removed: plan.removed, updated };
}

function addResource({ tracking, item }: PlanContext, planned: PlannedResource, rev: number): ResourceLink {
  const addedAt = tracking.host.timestamp();
  const link: ResourceLink = {
    ...planned,
    kind: "resource",
    id: tracking.newResourceId(),
    addedAt,
    fromRev: rev,
    toRev: undefined,
  };
  item.resources.push(link);
  return link;
}

function addLink({ tracking, item }: PlanContext, { end, other, comment }: PlannedLink, by: SimIdentity): WorkItemLink {
  const [source, target] = end.isForward ? [item, other] : [other, item];
  const addedAt = tracking.host.timestamp();
  const link: WorkItemLink = {
    kind: "work item",
    type: end.type,
    source,
    target,
    comment,
    addedAt,
    addedBy: by,
    removedAt: undefined,
  };
  tracking.addLink(link, "create");
  return link;
}

function editRelation(
  context: PlanContext,
  relation: Relation,
  how: { rev: number; by: SimIdentity; attributes: JsonObject },
): Relation {
  const comment = "comment" in how.attributes ? stringAt(how.attributes, "comment") : relation.comment;
  if (relation.kind === "resource") {
    const edited = { ...relation, comment, name: stringAt(how.attributes, "name") ?? relation.name, fromRev: how.rev };
    relation.toRev = how.rev;
    context.item.resources.splice(context.item.resources.indexOf(relation) + 1, 0, edited);
    return edited;
  }
  context.tracking.endLink(relation, how.by, "update");
  const edited: WorkItemLink = {
    ...relation,
    comment,
    addedAt: context.tracking.host.timestamp(),
    addedBy: how.by,
    removedAt: undefined,
  };
  context.tracking.addLink(edited, "update");
  return edited;
}

/** The other items' share of link changes. */
export function tellOtherEnds(item: WorkItem, changes: RelationChanges, by: SimIdentity): void {
  const kinds = ["added", "removed", "updated"] as const;
  const others = new Map<WorkItem, Record<(typeof kinds)[number], Relation[]>>();
  for (const kind of kinds) {
    for (const relation of changes[kind]) {
      if (relation.kind === "resource") continue;
      const other = otherEnd(relation, item);
      const share = others.get(other) ?? { added: [], removed: [], updated: [] };
      share[kind].push(relation);
      others.set(other, share);
    }
  }
  for (const [other, relations] of others) {
    const first = [...relations.added, ...relations.updated][0];
    const at = first?.addedAt ?? (relations.removed[0] as WorkItemLink).removedAt ?? "";
    other.linkUpdates.push({ afterRev: other.revisions.length, at, by, relations });
  }
}
