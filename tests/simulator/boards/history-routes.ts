/** Updates (what changed) and revisions (what held) of one item. */
import type { JsonObject, JsonValue } from "../../../engine/foundation/json.ts";
import { SimError } from "../service.ts";
import type { Route, SimAnswer, SimRequest } from "../service.ts";
import { FOR_EVER, shownInstant } from "./dates.ts";
import type { LinkUpdate, RelationChanges, Revision, WorkItem } from "./model.ts";
import { fieldsJson, identityJson, identityText, itemJson, itemUrl, relationJson, revisedAt } from "./render.ts";
import type { View } from "./render.ts";
import * as requests from "./requests.ts";
import type { WorkItemTracking } from "./tracking.ts";

const PAGE = 200;

export function historyRoutes(tracking: WorkItemTracking): Route[] {
  const at = "{project}?/_apis/wit/workitems/{id}";
  const get = (template: string, handle: requests.Handler): Route[] =>
    requests.routesAt("GET", template, { ...requests.READ, handle });
  return [
    ...get(`${at}/revisions`, (request) => revisions(tracking, request)),
    ...get(`${at}/revisions/{revisionNumber}`, (request) => revision(tracking, request)),
    ...get(`${at}/updates`, (request) => updates(tracking, request)),
    ...get(`${at}/updates/{updateNumber}`, (request) => update(tracking, request)),
  ];
}

function pageOf<T>(request: SimRequest, all: readonly T[]): readonly T[] {
  const skip = requests.wholeNumber(request, "$skip") ?? 0;
  const top = Math.min(requests.wholeNumber(request, "$top") ?? PAGE, PAGE);
  return all.slice(skip, skip + top);
}

function revisions(tracking: WorkItemTracking, request: SimRequest): SimAnswer {
  const item = requests.itemOf(tracking, request);
  const expand = requests.expandOf(requests.queryValue(request, "$expand"));
  const view = requests.viewOf(tracking, request);
  const page = pageOf(request, item.revisions);
  return requests.listOf(page.map((one) => itemJson(view, one, { expand, withLinks: false, asRevision: true })));
}

function revision(tracking: WorkItemTracking, request: SimRequest): SimAnswer {
  const item = requests.itemOf(tracking, request);
  const expand = requests.expandOf(requests.queryValue(request, "$expand"));
  const found = item.revisions[Number(requests.param(request, "revisionNumber")) - 1];
  if (!found) throw missing("Revision", requests.param(request, "revisionNumber"), item);
  return { body: itemJson(requests.viewOf(tracking, request), found, { expand, withLinks: true, asRevision: true }) };
}

function missing(what: string, number: string, item: WorkItem): SimError {
  return new SimError(
    404,
    "WorkItemRevisionNotFoundException",
    `TF401343: ${what} ${number} of work item ${item.id} does not exist.`,
  );
}

type Update = Revision | LinkUpdate;

/** In the order they happened; a change of links alone is an update without a revision of its own. */
function updatesOf(item: WorkItem): Update[] {
  if (item.linkUpdates.length === 0) return item.revisions;
  const all: Update[] = [];
  let next = 0;
  for (const one of item.revisions) {
    all.push(one);
    for (let link = item.linkUpdates[next]; link && link.afterRev <= one.rev; link = item.linkUpdates[++next])
      all.push(link);
  }
  return all;
}

function updates(tracking: WorkItemTracking, request: SimRequest): SimAnswer {
  const item = requests.itemOf(tracking, request);
  const view = requests.viewOf(tracking, request);
  const all = updatesOf(item).map((one, index) => ({ one, number: index + 1 }));
  return requests.listOf(pageOf(request, all).map(({ one, number }) => updateJson(view, item, { one, number })));
}

function update(tracking: WorkItemTracking, request: SimRequest): SimAnswer {
  const item = requests.itemOf(tracking, request);
  const number = Number(requests.param(request, "updateNumber"));
  const one = updatesOf(item)[number - 1];
  if (!one) throw missing("Update", requests.param(request, "updateNumber"), item);
  return { body: updateJson(requests.viewOf(tracking, request), item, { one, number }) };
}

function updateJson(view: View, item: WorkItem, { one, number }: { one: Update; number: number }): JsonObject {
  const isRevision = "rev" in one;
  const person = isRevision ? one.by : one.by;
  return {
    id: number,
    workItemId: item.id,
    rev: isRevision ? one.rev : one.afterRev,
    revisedBy: { ...identityJson(person, view.base), name: identityText(person) },
    revisedDate: shownInstant(isRevision ? revisedAt(one) : FOR_EVER),
    ...(isRevision && { fields: fieldChanges(view, one) }),
    ...(one.relations && { relations: relationChanges(view, item, one.relations) }),
    url: `${itemUrl(view, item)}/updates/${number}`,
  };
}

function fieldChanges(view: View, now: Revision): JsonObject {
  const choice = { all: true, identities: "objects" } as const;
  const before = now.item.revisions[now.rev - 2];
  const old = before ? fieldsJson(view, before, choice) : {};
  const fresh = fieldsJson(view, now, choice);
  const changes: Record<string, JsonValue> = {};
  for (const name of new Set([...Object.keys(old), ...Object.keys(fresh)])) {
    const [oldValue, newValue] = [old[name], fresh[name]];
    if (JSON.stringify(oldValue) === JSON.stringify(newValue)) continue;
    changes[name] = { ...(oldValue !== undefined && { oldValue }), ...(newValue !== undefined && { newValue }) };
  }
  return changes;
}

function relationChanges(view: View, item: WorkItem, changes: RelationChanges): JsonObject {
  const json: Record<string, JsonValue> = {};
  for (const kind of ["added", "removed", "updated"] as const) {
    if (changes[kind].length > 0) json[kind] = changes[kind].map((relation) => relationJson(view, item, relation));
  }
  return json;
}
