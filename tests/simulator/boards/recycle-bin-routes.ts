/** The recycle bin. */
import type { JsonObject } from "../../../engine/foundation/json.ts";
import type { Route, SimAnswer, SimRequest } from "../service.ts";
import { shownInstant } from "./dates.ts";
import { badRequest, invalidArgument, itemNotFound } from "./errors.ts";
import type { WorkItem } from "./model.ts";
import { identityText, itemJson, lastRevision } from "./render.ts";
import type { View } from "./render.ts";
import * as requests from "./requests.ts";
import type { WorkItemTracking } from "./tracking.ts";
import { projectIdOf, textIn, quoted } from "./values.ts";

const MOST_LISTED = 20_000;

export function recycleBinRoutes(tracking: WorkItemTracking): Route[] {
  const { routesAt, READ, WRITE } = requests;
  const at = "{project}?/_apis/wit/recyclebin";
  return [
    ...routesAt("GET", at, { ...READ, handle: (request) => listed(tracking, request) }),
    ...routesAt("GET", `${at}/{id}`, {
      ...READ,
      handle: (request) => ({
        body: deletedJson(requests.viewOf(tracking, request), deletedItem(tracking, request)),
      }),
    }),
    ...routesAt("PATCH", `${at}/{id}`, { ...WRITE, handle: (request) => restored(tracking, request) }),
    ...routesAt("DELETE", `${at}/{id}`, {
      ...WRITE,
      handle: (request) => {
        tracking.destroy(deletedItem(tracking, request));
        return { status: 204 };
      },
    }),
  ];
}

function urlOf(view: View, item: WorkItem): string {
  return `${view.base}/${projectIdOf(item)}/_apis/wit/recyclebin/${item.id}`;
}

/** What the bin says about an item, without the item. */
function referenceJson(view: View, item: WorkItem): JsonObject {
  return {
    id: item.id,
    type: textIn(item.current, "System.WorkItemType"),
    name: textIn(item.current, "System.Title"),
    project: view.tracking.projectOf(item).name,
    deletedDate: shownInstant(item.deleted?.at ?? ""),
    deletedBy: identityText(item.deleted?.by ?? ""),
    code: 200,
    url: urlOf(view, item),
  };
}

/** With the item's fields; its relations and history cannot be read while it is in the bin. */
export function deletedJson(view: View, item: WorkItem): JsonObject {
  const resource = itemJson(view, lastRevision(item), { expand: "none", withLinks: false });
  return { ...referenceJson(view, item), resource: { ...resource, url: urlOf(view, item) } };
}

function listed(tracking: WorkItemTracking, request: SimRequest): SimAnswer {
  const view = requests.viewOf(tracking, request);
  const ids = requests.queryValue(request, "ids");
  if (ids !== undefined) {
    return requests.listOf(
      requests.namesIn(ids).map((text) => {
        const item = requests.findItem(tracking, request, Number(text));
        return item?.deleted
          ? referenceJson(view, item)
          : { id: Number(text), code: 404, message: itemNotFound(text).message };
      }),
    );
  }
  const found: WorkItem[] = [];
  for (const item of tracking.items.values()) {
    const project = projectIdOf(item);
    if (!item.deleted || (request.project && request.project.id !== project)) continue;
    if (requests.isVisible(tracking, request, project)) found.push(item);
  }
  const limit = tracking.host.recycleBinLimit ?? MOST_LISTED;
  if (found.length > limit) {
    throw badRequest(
      "WorkItemTrackingQueryResultSizeLimitExceededException",
      `VS402337: The number of work items returned exceeds the size limit of ${limit}.`,
    );
  }
  return requests.listOf(found.map((item) => ({ id: item.id, url: urlOf(view, item) })));
}

function deletedItem(tracking: WorkItemTracking, request: SimRequest): WorkItem {
  const item = requests.findItem(tracking, request, Number(requests.param(request, "id")));
  if (!item?.deleted) throw itemNotFound(requests.param(request, "id"));
  return item;
}

function restored(tracking: WorkItemTracking, request: SimRequest): SimAnswer {
  const item = deletedItem(tracking, request);
  const body = requests.bodyObject(request);
  const isDeleted = body.IsDeleted ?? body.isDeleted;
  if (isDeleted !== false) throw invalidArgument("IsDeleted", quoted(isDeleted));
  const view = requests.viewOf(tracking, request);
  const before = referenceJson(view, item);
  tracking.restore(item, request.identity);
  const resource = itemJson(view, lastRevision(item), { expand: "none", withLinks: false });
  return { body: { ...before, resource } };
}
