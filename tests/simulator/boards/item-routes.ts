/** Reading, creating, changing and deleting work items. */
import type { JsonValue } from "../../../engine/foundation/json.ts";
import { SimError } from "../service.ts";
import type { Route, SimAnswer, SimRequest } from "../service.ts";
import { instantOf } from "./dates.ts";
import { edit } from "./edit.ts";
import { badRequest, fieldNotFound, invalidArgument, itemNotFound, typeNotFound } from "./errors.ts";
import { fieldOf } from "./fields.ts";
import type { Revision, WorkItem } from "./model.ts";
import { operationsOf } from "./patch.ts";
import { deletedJson } from "./recycle-bin-routes.ts";
import { itemJson, lastRevision } from "./render.ts";
import type { Expand, ItemChoice } from "./render.ts";
import * as requests from "./requests.ts";
import type { WorkItemTracking } from "./tracking.ts";
import { quoted } from "./values.ts";

export const MOST_IDS = 200;

export function itemRoutes(tracking: WorkItemTracking): Route[] {
  const { routesAt, READ, WRITE } = requests;
  const at = "{project}?/_apis/wit/workitems";
  return [
    ...routesAt("GET", at, { ...READ, handle: (request) => listed(tracking, request) }),
    ...routesAt("POST", "{project}?/_apis/wit/workitemsbatch", {
      ...READ,
      handle: (request) => batch(tracking, request),
    }),
    ...routesAt("GET", `${at}/{id}`, { ...READ, handle: (request) => single(tracking, request) }),
    ...routesAt("PATCH", `${at}/{id}`, { ...WRITE, handle: (request) => changed(tracking, request) }),
    ...routesAt("DELETE", `${at}/{id}`, { ...WRITE, handle: (request) => deleted(tracking, request) }),
    ...routesAt("POST", "{project}/_apis/wit/workitems/${type}", {
      ...WRITE,
      handle: (request) => created(tracking, request),
    }),
    ...routesAt("POST", "{project}?/_apis/wit/workitemsdelete", {
      ...WRITE,
      handle: (request) => deletedMany(tracking, request),
    }),
  ];
}

/** What `$batch` may do. */
export function itemWriters(tracking: WorkItemTracking): { created: requests.Handler; changed: requests.Handler } {
  return { created: (request) => created(tracking, request), changed: (request) => changed(tracking, request) };
}

interface Wanted {
  readonly expand: Expand;
  readonly fields?: ReadonlySet<string>;
  readonly asOf?: string;
}

function wantedOf(expand: JsonValue | undefined, fields: readonly string[], asOf: string | undefined): Wanted {
  const expansion = requests.expandOf(expand);
  if (fields.length > 0 && expansion !== "none" && expansion !== "links") {
    throw badRequest(
      "ConflictingParametersException",
      "The expand parameter can not be used with the fields parameter.",
    );
  }
  const unknown = fields.find((name) => !fieldOf(name));
  if (unknown !== undefined) throw fieldNotFound(unknown);
  const instant = asOf === undefined ? undefined : instantOf(asOf);
  if (asOf !== undefined && instant === undefined) throw invalidArgument("asOf", asOf);
  const names = fields.map((name) => (fieldOf(name)?.referenceName ?? name).toLowerCase());
  return {
    expand: expansion,
    ...(fields.length > 0 && { fields: new Set(names) }),
    ...(instant !== undefined && { asOf: instant }),
  };
}

function wantedIn(request: SimRequest): Wanted {
  const fields = requests.namesIn(requests.queryValue(request, "fields"));
  return wantedOf(requests.queryValue(request, "$expand"), fields, requests.queryValue(request, "asOf"));
}

/** The revision that was the last one at that time. */
function revisionAt(item: WorkItem, asOf: string | undefined): Revision | undefined {
  if (asOf === undefined) return lastRevision(item);
  return item.revisions.findLast(({ at }) => at <= asOf);
}

function choiceOf(wanted: Wanted, withLinks: boolean): ItemChoice {
  return { expand: wanted.expand, withLinks, ...(wanted.fields && { fields: wanted.fields }) };
}

function single(tracking: WorkItemTracking, request: SimRequest): SimAnswer {
  const item = requests.itemOf(tracking, request);
  const wanted = wantedIn(request);
  const revision = revisionAt(item, wanted.asOf);
  if (!revision) throw itemNotFound(item.id);
  return { body: itemJson(requests.viewOf(tracking, request), revision, choiceOf(wanted, true)) };
}

function listed(tracking: WorkItemTracking, request: SimRequest): SimAnswer {
  const ids = requests.namesIn(requests.queryValue(request, "ids")).map((text) => {
    if (!/^\d+$/.test(text)) throw invalidArgument("ids", text);
    return Number(text);
  });
  return many(tracking, request, {
    ids,
    wanted: wantedIn(request),
    errorPolicy: requests.queryValue(request, "errorPolicy"),
  });
}

function batch(tracking: WorkItemTracking, request: SimRequest): SimAnswer {
  const body = requests.bodyObject(request);
  const ids = Array.isArray(body.ids) ? (body.ids as readonly JsonValue[]).map(Number) : [];
  const fields = Array.isArray(body.fields) ? (body.fields as readonly JsonValue[]).map(String) : [];
  const asOf = typeof body.asOf === "string" ? body.asOf : undefined;
  const policy = body.errorPolicy;
  const errorPolicy = policy === 2 ? "omit" : quoted(policy);
  return many(tracking, request, { ids, wanted: wantedOf(body.$expand, fields, asOf), errorPolicy });
}

interface ManyWanted {
  readonly ids: readonly number[];
  readonly wanted: Wanted;
  readonly errorPolicy: string | undefined;
}

function many(tracking: WorkItemTracking, request: SimRequest, { ids, wanted, errorPolicy }: ManyWanted): SimAnswer {
  if (ids.length === 0)
    throw badRequest("VssPropertyValidationException", "Parameter ids: at least one work item id is needed.");
  if (ids.length > MOST_IDS) {
    throw badRequest(
      "VssPropertyValidationException",
      `VS402393: The request names ${ids.length} work items; one request may name ${MOST_IDS}.`,
    );
  }
  const view = requests.viewOf(tracking, request);
  const value = ids.map((id): JsonValue => {
    const item = requests.findItem(tracking, request, id);
    const revision = item && !item.deleted ? revisionAt(item, wanted.asOf) : undefined;
    if (revision) return itemJson(view, revision, choiceOf(wanted, false));
    if (errorPolicy?.toLowerCase() === "omit") return null;
    throw itemNotFound(id);
  });
  return requests.listOf(value);
}

function created(tracking: WorkItemTracking, request: SimRequest): SimAnswer {
  const project = requests.projectOf(request);
  const name = requests.param(request, "type");
  const type = tracking.typeIn(project, name);
  if (!type) throw typeNotFound(name, project.name);
  return edited(tracking, request, { project, type });
}

function changed(tracking: WorkItemTracking, request: SimRequest): SimAnswer {
  return edited(tracking, request, requests.itemOf(tracking, request));
}

function edited(tracking: WorkItemTracking, request: SimRequest, of: Parameters<typeof edit>[1]["of"]): SimAnswer {
  const bypassRules = requests.flag(request, "bypassRules");
  if (bypassRules) allow(tracking, request, "bypassRules");
  if (requests.flag(request, "suppressNotifications")) allow(tracking, request, "suppressNotifications");
  const wanted = wantedIn(request);
  const item = edit(tracking, {
    of,
    operations: operationsOf(request.body),
    by: request.identity,
    bypassRules,
    validateOnly: requests.flag(request, "validateOnly"),
    itemBy: (id) => requests.findItem(tracking, request, id),
  });
  // Answers to writes show the relations, asked or not.
  const expand = wanted.expand === "all" ? "all" : "relations";
  return { body: itemJson(requests.viewOf(tracking, request), lastRevision(item), { expand, withLinks: true }) };
}

function allow(tracking: WorkItemTracking, request: SimRequest, permission: string): void {
  if (tracking.host.isAllowed(request.identity, permission)) return;
  throw new SimError(
    403,
    "AccessCheckException",
    `TF237111: The current user does not have permissions to use ${permission} on work items.`,
  );
}

function deleted(tracking: WorkItemTracking, request: SimRequest): SimAnswer {
  const item = requests.itemOf(tracking, request);
  if (requests.flag(request, "destroy")) {
    tracking.destroy(item);
    return { status: 204 };
  }
  tracking.remove(item, request.identity);
  return { body: deletedJson(requests.viewOf(tracking, request), item) };
}

function deletedMany(tracking: WorkItemTracking, request: SimRequest): SimAnswer {
  const body = requests.bodyObject(request);
  const ids = Array.isArray(body.ids) ? (body.ids as readonly JsonValue[]).map(Number) : [];
  const view = requests.viewOf(tracking, request);
  const results = ids.map((id): JsonValue => {
    const item = requests.findItem(tracking, request, id);
    if (!item || item.deleted) return { id, code: 404, message: itemNotFound(id).message };
    if (body.destroy === true) {
      tracking.destroy(item);
      return { id, code: 200 };
    }
    tracking.remove(item, request.identity);
    return deletedJson(view, item);
  });
  return { body: { results } };
}
