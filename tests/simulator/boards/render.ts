/** Work items as the service writes them. */
import { createHash } from "node:crypto";
import type { JsonObject, JsonValue } from "../../../engine/foundation/json.ts";
import type { SimIdentity } from "../service.ts";
import { FOR_EVER, shownInstant } from "./dates.ts";
import { FIELDS, HIDDEN_BY_DEFAULT } from "./fields.ts";
import { parentLinkOf, relationsAt } from "./links.ts";
import type {
  ClassificationNode,
  FieldValue,
  Relation,
  ResourceLink,
  Revision,
  WorkItem,
  WorkItemLink,
} from "./model.ts";
import { mergedBag } from "./tracking.ts";
import type { WorkItemTracking } from "./tracking.ts";
import { itemPathOf, nameOf, pathOf } from "./tree.ts";
import { isIdentity, projectIdOf, textIn } from "./values.ts";

export interface View {
  readonly tracking: WorkItemTracking;
  /** The organisation's URL as the caller knows it. */
  readonly base: string;
}

type MutableJson = Record<string, JsonValue>;

const namesOf = (types: readonly string[]): ReadonlySet<string> =>
  new Set(FIELDS.filter(({ type }) => types.includes(type)).map(({ referenceName }) => referenceName));
const DATE_FIELDS = namesOf(["dateTime"]);
const IDENTITY_FIELDS = namesOf(["identity"]);
export const LONG_TEXT_FIELDS = namesOf(["html", "history"]);

const identities = new WeakMap<SimIdentity, { readonly base: string; readonly json: JsonObject }>();

export function identityJson(identity: FieldValue, base: string): JsonObject {
  if (!isIdentity(identity)) return { displayName: String(identity), uniqueName: String(identity) };
  const known = identities.get(identity);
  if (known?.base === base) return known.json;
  const json = freshIdentityJson(identity, base);
  identities.set(identity, { base, json });
  return json;
}

function freshIdentityJson(identity: SimIdentity, base: string): JsonObject {
  const avatar = `${base}/_apis/GraphProfile/MemberAvatars/${identity.descriptor}`;
  return {
    displayName: identity.displayName,
    url: `${base}/_apis/Identities/${identity.id}`,
    _links: { avatar: { href: avatar } },
    id: identity.id,
    uniqueName: identity.uniqueName,
    imageUrl: avatar,
    descriptor: identity.descriptor,
  };
}

export function identityText(identity: FieldValue): string {
  return isIdentity(identity) ? `${identity.displayName} <${identity.uniqueName}>` : String(identity);
}

/** Fields as they stood after a revision; the last one's are at hand, older ones are replayed. */
export function bagAt(item: WorkItem, rev: number): Record<string, FieldValue> {
  if (rev >= item.revisions.length) return item.current;
  const known = replays.get(item);
  let [at, bag] = known && known.rev <= rev ? [known.rev, known.bag] : [0, {}];
  while (at < rev) bag = mergedBag(bag, item.revisions[at++]?.changed ?? {});
  if (item.revisions.length > LONG_HISTORY) replays.set(item, { rev, bag });
  return bag;
}

/** One field after a revision, without replaying the others. */
export function textAt(item: WorkItem, rev: number, name: string): string {
  for (let at = rev; at > 0; at--) {
    const value = item.revisions[at - 1]?.changed[name];
    if (value !== undefined) return typeof value === "string" ? value : "";
  }
  return "";
}

/** Where the last replay of a long history stopped: whoever pages through it goes on from there. */
const replays = new WeakMap<WorkItem, { rev: number; bag: Record<string, FieldValue> }>();
const LONG_HISTORY = 20;

export interface FieldChoice {
  /** All of them, or those that an answer has without being asked. */
  readonly all: boolean;
  /** Identities as objects, or as `Name <unique name>`. */
  readonly identities: "objects" | "texts";
}

export function fieldsJson(view: View, revision: Revision, choice: FieldChoice): MutableJson {
  const { item, rev } = revision;
  const bag = bagAt(item, rev);
  const person = (value: FieldValue): JsonValue =>
    choice.identities === "objects" ? identityJson(value, view.base) : identityText(value);
  const fields: MutableJson = {};
  const put = (name: string, value: JsonValue): void => {
    if (choice.all || !HIDDEN_BY_DEFAULT.has(name)) fields[name] = value;
  };
  put("System.Id", item.id);
  putNode(put, view.tracking.nodes.byId(Number(bag["System.AreaId"])), "Area");
  fields["System.TeamProject"] = view.tracking.projectById(textIn(bag, "System.TeamProject")).name;
  put("System.Rev", rev);
  put("System.AuthorizedDate", shownInstant(revision.authorizedAt));
  put("System.RevisedDate", shownInstant(revisedAt(revision)));
  putNode(put, view.tracking.nodes.byId(Number(bag["System.IterationId"])), "Iteration");
  fields["System.ChangedDate"] = shownInstant(revision.at);
  fields["System.ChangedBy"] = person(revision.by);
  if (choice.all) putAuthorization(fields, revision, person);
  for (const [name, value] of Object.entries(bag)) {
    if (name !== "System.AreaId" && name !== "System.IterationId" && name !== "System.TeamProject") {
      fields[name] = valueJson(name, value, person);
    }
  }
  const history = revision.changed["System.History"];
  if (typeof history === "string") fields["System.History"] = history;
  return fields;
}

function putAuthorization(fields: MutableJson, revision: Revision, person: (value: FieldValue) => JsonValue): void {
  fields["System.AuthorizedAs"] = person(revision.authorizedBy);
  fields["System.PersonId"] = personId(revision.authorizedBy);
  fields["System.Watermark"] = revision.watermark;
}

function valueJson(name: string, value: FieldValue, person: (value: FieldValue) => JsonValue): JsonValue {
  if (isIdentity(value) || IDENTITY_FIELDS.has(name)) return person(value);
  return typeof value === "string" && DATE_FIELDS.has(name) ? shownInstant(value) : value;
}

export function revisedAt({ item, rev }: Revision): string {
  return item.revisions[rev]?.at ?? FOR_EVER;
}

function putNode(
  put: (name: string, value: JsonValue) => void,
  node: ClassificationNode | undefined,
  kind: "Area" | "Iteration",
): void {
  if (!node) return;
  put(`System.${kind}Id`, node.id);
  put(`System.${kind}Path`, itemPathOf(node));
  if (kind === "Area") put("System.NodeName", nameOf(node));
  pathOf(node)
    .slice(0, 7)
    .forEach((name, index) => put(`System.${kind}Level${index + 1}`, name));
}

const personIds = new Map<string, number>();

function personId({ id }: SimIdentity): number {
  let number = personIds.get(id);
  if (number === undefined) {
    number = createHash("sha256").update(id).digest().readUInt32BE() >>> 3;
    personIds.set(id, number);
  }
  return number;
}

export function itemUrl(view: View, item: WorkItem): string {
  return `${view.base}/${projectIdOf(item)}/_apis/wit/workItems/${item.id}`;
}

export function relationJson(view: View, item: WorkItem, relation: Relation): JsonObject {
  return relation.kind === "work item" ? linkJson(view, item, relation) : resourceJson(view, item, relation);
}

function linkJson(view: View, item: WorkItem, link: WorkItemLink): JsonObject {
  const isForward = link.source === item;
  const { type, comment } = link;
  return {
    rel: isForward ? type.forward : type.reverse,
    url: itemUrl(view, isForward ? link.target : link.source),
    attributes: {
      isLocked: false,
      ...(comment !== undefined && { comment }),
      name: isForward ? type.forwardName : type.reverseName,
    },
  };
}

function resourceJson(view: View, item: WorkItem, link: ResourceLink): JsonObject {
  const { rel, comment, name, size, toRev } = link;
  const revised = toRev === undefined ? FOR_EVER : (item.revisions[toRev - 1]?.at ?? FOR_EVER);
  const project = projectIdOf(item);
  return {
    rel,
    url: rel === "AttachedFile" ? `${view.base}/${project}/_apis/wit/attachments/${link.url}` : link.url,
    attributes: {
      authorizedDate: shownInstant(link.addedAt),
      id: link.id,
      resourceCreatedDate: shownInstant(link.addedAt),
      resourceModifiedDate: shownInstant(link.addedAt),
      revisedDate: shownInstant(revised),
      ...(size !== undefined && { resourceSize: size }),
      ...(comment !== undefined && { comment }),
      ...(name !== undefined && { name }),
    },
  };
}

export type Expand = "none" | "relations" | "fields" | "links" | "all";

export interface ItemChoice {
  readonly expand: Expand;
  /** Reference names in lower case; answers with `fields` have nothing else. */
  readonly fields?: ReadonlySet<string>;
  /** Answers about one item carry `_links` whatever is asked. */
  readonly withLinks: boolean;
  /** The URL of a revision instead of the item's. */
  readonly asRevision?: boolean;
}

export function itemJson(view: View, revision: Revision, choice: ItemChoice): JsonObject {
  const { item, rev } = revision;
  const isPartial = choice.fields !== undefined;
  const withLinks = choice.withLinks || choice.expand === "links" || choice.expand === "all";
  const url =
    isPartial && !choice.fields.has("system.teamproject")
      ? `${view.base}/_apis/wit/workItems/${item.id}`
      : itemUrl(view, item);
  return {
    id: item.id,
    rev,
    fields: chosenFields(view, revision, choice),
    ...(!isPartial && wholeItemPart(view, revision, choice.expand)),
    ...(revision.comment && { commentVersionRef: commentVersionJson(view, revision) }),
    ...(withLinks && { _links: linksJson(view, item) }),
    url: choice.asRevision ? `${url}/revisions/${rev}` : url,
  };
}

function chosenFields(view: View, revision: Revision, { fields: wanted, expand }: ItemChoice): JsonObject {
  const all = wanted !== undefined || expand === "fields" || expand === "all";
  const fields = fieldsJson(view, revision, { all, identities: "objects" });
  const parent = parentAt(revision.item, revision.rev);
  if (parent !== undefined) fields["System.Parent"] = parent;
  if (!wanted) return fields;
  return Object.fromEntries(Object.entries(fields).filter(([name]) => wanted.has(name.toLowerCase())));
}

function wholeItemPart(view: View, revision: Revision, expand: Expand): JsonObject {
  const { id, markdown } = revision.item;
  return {
    multilineFieldsFormat: Object.fromEntries([...markdown].map((name) => [name, "markdown"])),
    ...relationsPart(view, revision, expand),
    ...(id % 7 === 0 && UNKNOWN_TO_CLIENTS),
  };
}

/** Some answers carry what no client has heard of; it must survive a round trip. */
const UNKNOWN_TO_CLIENTS: JsonObject = { xInsights: { tier: "standard", score: null } };

function parentAt(item: WorkItem, rev: number): number | undefined {
  if (rev >= item.revisions.length) return item.deleted ? undefined : parentLinkOf(item)?.source.id;
  const parent = relationsAt(item, rev).find(
    (one) => one.kind === "work item" && one.type.forwardName === "Child" && one.target === item && !one.source.deleted,
  );
  return parent?.kind === "work item" ? parent.source.id : undefined;
}

function relationsPart(view: View, { item, rev }: Revision, expand: Expand): JsonObject {
  if (expand !== "relations" && expand !== "all") return {};
  const shown = relationsAt(item, rev).filter((one) => one.kind === "resource" || isVisible(one));
  if (shown.length === 0) return {};
  return { relations: shown.map((relation) => relationJson(view, item, relation)) };
}

function isVisible(link: WorkItemLink): boolean {
  return !link.source.deleted && !link.target.deleted;
}

function commentVersionJson(view: View, { item, rev, comment }: Revision): JsonObject {
  if (!comment) return {};
  const { version } = comment;
  const url = `${itemUrl(view, item)}/comments/${comment.comment.id}/versions/${version}`;
  return { commentId: comment.comment.id, version, createdInRevision: rev, url };
}

function linksJson(view: View, item: WorkItem): JsonObject {
  const project = `${view.base}/${projectIdOf(item)}`;
  const self = itemUrl(view, item);
  const type = encodeURIComponent(textIn(item.current, "System.WorkItemType"));
  return {
    self: { href: self },
    workItemUpdates: { href: `${self}/updates` },
    workItemRevisions: { href: `${self}/revisions` },
    workItemComments: { href: `${self}/comments` },
    html: { href: `${project}/_workitems/edit/${item.id}` },
    workItemType: { href: `${project}/_apis/wit/workItemTypes/${type}` },
    fields: { href: `${project}/_apis/wit/fields` },
  };
}

export function lastRevision(item: WorkItem): Revision {
  const revision = item.revisions.at(-1);
  if (!revision) throw new Error(`work item ${item.id} has no revision`);
  return revision;
}
