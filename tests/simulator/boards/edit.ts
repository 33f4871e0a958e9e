/** Creating and changing work items: checks everything first, then takes one step. */
import type { JsonValue } from "../../../engine/foundation/json.ts";
import { SimError } from "../service.ts";
import type { SimIdentity, SimProject } from "../service.ts";
import { addComment } from "./comments.ts";
import { badRequest, fieldNotFound, ruleError, typeNotFound } from "./errors.ts";
import { fieldOf } from "./fields.ts";
import type { FieldDefinition } from "./fields.ts";
import { isEmptyChange } from "./links.ts";
import type { Bag, FieldValue, RelationChanges, StructureGroup, WorkItem } from "./model.ts";
import type { Operation } from "./patch.ts";
import { applyRelations, needsRevision, planRelations, tellOtherEnds } from "./relation-plan.ts";
import type { PlanContext, PlannedRelations } from "./relation-plan.ts";
import { applyRules, SET_BY_RULES } from "./rules.ts";
import { mergedBag } from "./tracking.ts";
import type { WorkItemTracking } from "./tracking.ts";
import { nodeByItemPath } from "./tree.ts";
import type { WorkItemType } from "./types.ts";
import { isIdentity, quoted, textIn, valueOf } from "./values.ts";

export interface EditRequest {
  /** The item to change, or where and what to create. */
  readonly of: WorkItem | { readonly project: SimProject; readonly type: WorkItemType };
  readonly operations: readonly Operation[];
  readonly by: SimIdentity;
  /** When it is said to happen: now, unless the builder writes the past. */
  readonly at?: string;
  readonly bypassRules: boolean;
  readonly validateOnly: boolean;
  readonly itemBy: PlanContext["itemBy"];
}

interface Draft {
  readonly tracking: WorkItemTracking;
  readonly request: EditRequest;
  readonly item: WorkItem;
  readonly isNew: boolean;
  readonly project: SimProject;
  readonly type: WorkItemType;
  readonly now: string;
  changed: Bag;
  at: string | undefined;
  by: FieldValue | undefined;
  history: string | undefined;
  markdown: Set<string>;
}

const BY_IMPORT_ONLY = new Set(["System.CreatedDate", "System.CreatedBy", "System.ChangedDate", "System.ChangedBy"]);

/** The item after the change; with validateOnly a likeness of it, and nothing has changed. */
export function edit(tracking: WorkItemTracking, request: EditRequest): WorkItem {
  const draft = draftOf(tracking, request);
  checkTests(draft);
  for (const operation of request.operations) {
    if (operation.kind === "set field") setField(draft, operation.field, operation.value);
    if (operation.kind === "set format") setFormat(draft, operation.field, operation.value);
  }
  dropUnchanged(draft);
  applyRules({
    ...draft,
    before: draft.item.current,
    bypassRules: request.bypassRules,
    at: draft.at ?? draft.now,
    by: draft.by ?? request.by,
  });
  const context: PlanContext = { tracking, item: draft.item, itemBy: request.itemBy };
  const relations = planRelations(context, request.operations);
  checkRevision(draft);
  if (request.validateOnly) return likenessOf(draft);
  return commit(draft, context, relations);
}

function draftOf(tracking: WorkItemTracking, request: EditRequest): Draft {
  const { of } = request;
  const isNew = !("id" in of);
  const item = isNew ? tracking.newItem() : of;
  const project = projectFor(tracking, request, isNew ? of.project : tracking.projectOf(of));
  const typeName = isNew ? of.type.name : textIn(of.current, "System.WorkItemType");
  const wantedType = quoted(lastValue(request, "System.WorkItemType") ?? typeName);
  const type = tracking.typeIn(project, wantedType);
  if (!type) throw typeNotFound(wantedType, project.name);
  if (isNew && type !== of.type) throw ruleError(required("System.WorkItemType"), "ReadOnly, HasValues, InvalidValue");
  const now = tracking.host.timestamp();
  const changed = baseOf({ tracking, item, project, type, isNew });
  return {
    ...{ tracking, request, item, isNew, project, type, now, changed },
    at: request.at,
    by: undefined,
    history: undefined,
    markdown: new Set(item.markdown),
  };
}

function projectFor(tracking: WorkItemTracking, request: EditRequest, present: SimProject): SimProject {
  const wanted = lastValue(request, "System.TeamProject");
  if (wanted === undefined || wanted === null) return present;
  const project = tracking.host.projectOf(quoted(wanted));
  if (!project || (project !== present && !("id" in request.of))) {
    throw ruleError(required("System.TeamProject"), "HasValues, LimitedToValues, InvalidListValue");
  }
  return project;
}

/** What a new, moved or retyped item starts from. */
function baseOf(from: Pick<Draft, "tracking" | "item" | "project" | "type" | "isNew">): Bag {
  const { tracking, item, project, type, isNew } = from;
  const changed: Bag = {};
  if (isNew || item.current["System.TeamProject"] !== project.id) {
    for (const name of Object.keys(item.current)) if (name.startsWith("WEF_")) changed[name] = null;
    changed["System.TeamProject"] = project.id;
    changed["System.AreaId"] = tracking.nodes.rootOf(project.id, "areas").id;
    changed["System.IterationId"] = tracking.nodes.rootOf(project.id, "iterations").id;
    const tags = item.current["System.Tags"];
    if (typeof tags === "string") changed["System.Tags"] = tracking.tagTextOf(project.id, tags);
  }
  if (item.current["System.WorkItemType"] !== type.name) changed["System.WorkItemType"] = type.name;
  if (isNew) changed["System.CommentCount"] = 0;
  return changed;
}

function lastValue(request: EditRequest, name: string): JsonValue | undefined {
  let value: JsonValue | undefined;
  for (const operation of request.operations) {
    if (operation.kind === "set field" && operation.field.referenceName === name) value = operation.value;
  }
  return value;
}

function required(name: string): FieldDefinition {
  const field = fieldOf(name);
  if (!field) throw fieldNotFound(name);
  return field;
}

function checkTests({ item, request }: Draft): void {
  for (const operation of request.operations) {
    if (operation.kind === "test rev" && operation.value !== item.revisions.length) {
      throw testFailed("/rev");
    }
    if (operation.kind === "test field") {
      const { field, value } = operation;
      if ((item.current[field.referenceName] ?? null) !== value) throw testFailed(`/fields/${field.referenceName}`);
    }
  }
}

function testFailed(path: string): SimError {
  return new SimError(412, "TestPatchOperationFailedException", `VS403351: Test Operation for path ${path} failed.`);
}

function setField(draft: Draft, field: FieldDefinition, value: JsonValue): void {
  const { request, changed } = draft;
  const name = field.referenceName;
  if (name === "System.TeamProject" || name === "System.WorkItemType") return;
  checkWritable(draft, field);
  if (name === "System.AreaPath") {
    setNode(draft, "areas", value);
    return;
  }
  if (name === "System.IterationPath") {
    setNode(draft, "iterations", value);
    return;
  }
  const cleaned = valueOf(field, value, { host: draft.tracking.host, bypassRules: request.bypassRules });
  if (name === "System.Tags") changed[name] = tagsOf(draft, cleaned);
  else if (!setOfRevision(draft, name, cleaned)) setPlain(draft, name, cleaned);
}

/** What says something of the revision, not of the item. */
function setOfRevision(draft: Draft, name: string, value: FieldValue | null): boolean {
  if (name === "System.ChangedDate") draft.at = typeof value === "string" ? value : undefined;
  else if (name === "System.ChangedBy") draft.by = value ?? undefined;
  else if (name === "System.History") draft.history = typeof value === "string" ? value : undefined;
  else return false;
  return true;
}

function setPlain({ item, type, changed }: Draft, name: string, value: FieldValue | null): void {
  if (value === null && item.current[name] === undefined) Reflect.deleteProperty(changed, name);
  else if (value !== null && !name.startsWith("WEF_") && !type.fields.includes(name)) throw fieldNotFound(name);
  else changed[name] = value;
}

function checkWritable({ request, isNew }: Draft, field: FieldDefinition): void {
  const name = field.referenceName;
  const isImported = BY_IMPORT_ONLY.has(name);
  const isRefused =
    field.readOnly ||
    ((isImported || SET_BY_RULES.has(name)) && !request.bypassRules) ||
    (isImported && name.startsWith("System.Created") && !isNew);
  if (isRefused) throw ruleError(field, "ReadOnly, HasValues, InvalidNotOldValue");
}

function setNode(draft: Draft, group: StructureGroup, value: JsonValue): void {
  const { tracking, project, item, isNew, changed } = draft;
  const root = tracking.nodes.rootOf(project.id, group);
  const node = typeof value === "string" ? nodeByItemPath(root, value) : undefined;
  const field = group === "areas" ? "System.AreaPath" : "System.IterationPath";
  if (!node) {
    const id = isNew ? -1 : item.id;
    throw badRequest(
      "WorkItemInvalidTreeNameException",
      `TF401347: Invalid tree name given for work item ${id}, field '${field}'.`,
    );
  }
  changed[group === "areas" ? "System.AreaId" : "System.IterationId"] = node.id;
}

function tagsOf({ tracking, project, request }: Draft, value: FieldValue | null): string | null {
  refuseNewTags(tracking, project, { value, by: request.by });
  const text = tracking.tagTextOf(project.id, typeof value === "string" ? value : "");
  if (text.split("; ").length > 100) throw ruleError(required("System.Tags"), "InvalidTooLong");
  return text === "" ? null : text;
}

/** Whoever may not define tags can give those that the project has. */
function refuseNewTags(
  tracking: WorkItemTracking,
  project: SimProject,
  { value, by }: { readonly value: FieldValue | null; readonly by: SimIdentity },
): void {
  if (typeof value !== "string" || tracking.host.isAllowed(by, "createTagDefinition")) return;
  const known = tracking.tagsOf(project.id);
  const names = value.split(/[;,]/).map((name) => name.trim().toLowerCase());
  if (names.every((name) => name === "" || known.has(name))) return;
  throw new SimError(
    403,
    "AccessDeniedException",
    "TF401289: The current user does not have permissions to create tags.",
  );
}

function setFormat(draft: Draft, field: FieldDefinition, format: string): void {
  const wanted = format.toLowerCase();
  if (field.type !== "html" || (wanted !== "markdown" && wanted !== "html")) {
    throw badRequest(
      "VssPropertyValidationException",
      `multilineFieldsFormat: '${format}' does not fit field ${field.referenceName}.`,
    );
  }
  if (wanted === "markdown") draft.markdown.add(field.referenceName);
  else if (draft.markdown.has(field.referenceName)) {
    throw badRequest(
      "WorkItemFieldFormatException",
      `VS404080: Field ${field.referenceName} is in Markdown and cannot go back to HTML.`,
    );
  }
}

function dropUnchanged(draft: Draft): void {
  const { current } = draft.item;
  draft.changed = Object.fromEntries(
    Object.entries(draft.changed).filter(([name, value]) => !isSame(current[name] ?? null, value)),
  );
}

function isSame(one: FieldValue | null, other: FieldValue | null): boolean {
  return one === other || (isIdentity(one) && isIdentity(other) && one.id === other.id);
}

function checkRevision({ item, at, now, tracking }: Draft): void {
  const limit = tracking.host.revisionLimit ?? 10_000;
  if (item.revisions.length >= limit) {
    throw badRequest(
      "WorkItemRevisionLimitExceededException",
      `VS403664: Work item ${item.id} has ${limit} revisions, the most that updates through REST may make.`,
    );
  }
  const last = item.revisions.at(-1)?.at;
  if (at !== undefined && at > now) {
    throw badRequest(
      "WorkItemDatesInFutureException",
      "VS402624: Dates must be less than or equal to the current time.",
    );
  }
  if (last !== undefined && (at ?? now) <= last) {
    throw badRequest("WorkItemDatesNotIncreasingException", "VS402625: Dates must be increasing with each revision.");
  }
}

function isRevision(draft: Draft, relations: PlannedRelations): boolean {
  return (
    draft.isNew ||
    Object.keys(draft.changed).length > 0 ||
    draft.history !== undefined ||
    draft.at !== undefined ||
    draft.by !== undefined ||
    draft.markdown.size !== draft.item.markdown.size ||
    needsRevision(relations)
  );
}

function withCreation({ isNew, changed, at, by, now, request }: Draft): Bag {
  if (!isNew) return changed;
  return {
    "System.CreatedDate": at ?? now,
    "System.CreatedBy": by ?? request.by,
    ...Object.fromEntries(Object.entries(changed).filter(([, value]) => value !== null)),
  };
}

function commit(draft: Draft, context: PlanContext, relations: PlannedRelations): WorkItem {
  const { tracking, item, request } = draft;
  const makesRevision = isRevision(draft, relations);
  const rev = item.revisions.length + (makesRevision ? 1 : 0);
  if (draft.isNew) tracking.enter(item);
  item.markdown = draft.markdown.size === 0 ? item.markdown : draft.markdown;
  const changes = applyRelations(context, relations, { rev, by: request.by });
  const isRelated = !isEmptyChange(changes);
  if (makesRevision) revise(draft, isRelated ? changes : undefined);
  else if (isRelated) {
    item.linkUpdates.push({ afterRev: rev, at: tracking.host.timestamp(), by: request.by, relations: changes });
  }
  if (isRelated) tellOtherEnds(item, changes, request.by);
  return item;
}

function revise(draft: Draft, relations: RelationChanges | undefined): void {
  const { tracking, item, request, now, history: text } = draft;
  const { at = now, by = request.by } = draft;
  const changed = withCreation(draft);
  const step = { changed, at, by, authorizedBy: request.by, authorizedAt: now, ...(relations && { relations }) };
  if (text === undefined) {
    tracking.revise(item, step);
    return;
  }
  const rev = item.revisions.length + 1;
  const { comment, count } = addComment(item, { tracking, text, format: "html", at, by, rev });
  Object.assign(changed, { "System.History": text, "System.CommentCount": count });
  tracking.revise(item, { ...step, comment: { comment, version: 1 } });
}

function likenessOf(draft: Draft): WorkItem {
  const { item, now, request, tracking } = draft;
  const changed = withCreation(draft);
  const likeness = { ...item, revisions: [...item.revisions], current: mergedBag(item.current, changed) };
  likeness.revisions.push({
    ...{ item: likeness, rev: item.revisions.length + 1, changed, watermark: tracking.feed.length + 1 },
    at: draft.at ?? now,
    by: draft.by ?? request.by,
    authorizedAt: now,
    authorizedBy: request.by,
  });
  return likeness;
}
