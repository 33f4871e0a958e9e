/**
 * Work items (learn.microsoft.com/rest/api/azure/devops/wit): the two change feeds, items in batches, their comments
 * and revisions, the recycle bin, and writing. Items, revisions and comments are given back as the service sent them.
 */
import { forEachConcurrent } from "../../foundation/concurrency.ts";
import { hasCode } from "../../foundation/errors.ts";
import { objectAt, stringAt } from "../../foundation/json.ts";
import type { JsonObject, JsonValue } from "../../foundation/json.ts";
import type { ApiRequest, AzureDevOps, ListOf } from "../azure-devops.ts";
import { requiredNumber, requiredObject, requiredObjects } from "../reading/fields.ts";
import { itemsIn, listWithGaps, pagesByBody, pagesBySkip, tokenGuard, wholeList } from "../reading/paging.ts";
import { truncated } from "../reading/truncated.ts";

export { downloadAttachment, uploadAttachment } from "./attachments.ts";

export interface FeedPage {
  readonly values: ListOf;
  /** Where to go on next time: the watermark, once `isLast`. Empty when the service has never named a place. */
  readonly token: string;
  readonly isLast: boolean;
}

/** From a token of an earlier run (unless it is empty), from a point in time, or (neither) from the beginning. */
export interface FeedStart {
  readonly token?: string;
  readonly start?: Date;
}

/**
 * Every revision since the start, deleted items included, with all fields. Without a project it covers the
 * organisation; with one, items that moved away are seen only partly.
 */
export function reportingRevisions(
  azureDevOps: AzureDevOps,
  project: string | undefined,
  from: FeedStart,
): AsyncGenerator<FeedPage> {
  const query = {
    includeDeleted: true,
    includeIdentityRef: true,
    includeTagRef: true,
    $expand: "fields",
    $maxPageSize: 1000,
  };
  return feed(azureDevOps, { ...feedRequest("workitemrevisions", project), query }, from);
}

/**
 * Links between work items that were added, changed or removed (`isActive` false) since the start: `{rel, sourceId,
 * targetId, isActive, changedDate, …}`, flat, wherever the service keeps these.
 */
export async function* reportingLinks(
  azureDevOps: AzureDevOps,
  project: string | undefined,
  from: FeedStart,
): AsyncGenerator<FeedPage> {
  for await (const page of feed(azureDevOps, feedRequest("workitemlinks", project), from)) {
    yield { ...page, values: page.values.map(flatLink) };
  }
}

function flatLink(raw: JsonObject): JsonObject {
  const link = { ...raw, ...objectAt(raw, "attributes") };
  requiredNumber(link, "sourceId", "reported link");
  requiredNumber(link, "targetId", "reported link");
  return link;
}

const batchSize = 200;

/**
 * Items with their relations, in the order asked; `lanes` requests of 200 items at a time. Null stands for what the
 * service does not show: missing, deleted or hidden, which is no evidence of deletion.
 */
export async function workItemsBatch(
  azureDevOps: AzureDevOps,
  ids: readonly number[],
  lanes = 1,
): Promise<ReadonlyMap<number, JsonObject | null>> {
  const found = new Map<number, JsonObject | null>(ids.map((id) => [id, null]));
  const distinct = [...found.keys()];
  const batches = Array.from({ length: Math.ceil(distinct.length / batchSize) }, (_, index) =>
    distinct.slice(index * batchSize, (index + 1) * batchSize),
  );
  await forEachConcurrent(batches, lanes, async (batch) => {
    const body = { ids: batch, $expand: "relations", errorPolicy: "omit" };
    const path = ["wit", "workitemsbatch"];
    const answer = await azureDevOps.call({ area: "wit", method: "POST", path, body, isRead: true });
    for (const item of listWithGaps(answer, "POST wit/workitemsbatch")) {
      if (item === null) continue;
      const id = requiredNumber(item, "id", "work item");
      if (!found.has(id))
        throw truncated("POST wit/workitemsbatch", `it holds work item ${id}, which was not asked for`);
      found.set(id, item);
    }
  });
  return found;
}

/** One item with everything. Throws ADO_NOT_FOUND when it is missing, deleted or hidden. */
export async function getWorkItem(azureDevOps: AzureDevOps, id: number): Promise<JsonObject> {
  const path = ["wit", "workitems", String(id)];
  const { body } = await azureDevOps.call({ area: "wit", path, query: { $expand: "all" } });
  return requiredObject(body, `work item ${id}`);
}

/** One below the service's limit of rows, beyond which it refuses the whole query. */
const censusRows = 19_999;

/** Ids of all live items of a project, ascending. */
export function workItemIds(azureDevOps: AzureDevOps, project: string): AsyncGenerator<number> {
  return idsWhere(azureDevOps, project, { conditions: [], after: 0 });
}

/** Ids above `after` of the live items of a project that have hyperlinks, ascending. */
export function hyperlinkedIds(azureDevOps: AzureDevOps, project: string, after: number): AsyncGenerator<number> {
  return idsWhere(azureDevOps, project, { conditions: ["[System.HyperLinkCount] > 0"], after });
}

async function* idsWhere(
  azureDevOps: AzureDevOps,
  project: string,
  { conditions, after }: { readonly conditions: readonly string[]; readonly after: number },
): AsyncGenerator<number> {
  let last = after;
  for (;;) {
    const where = ["[System.TeamProject] = @project", ...conditions, `[System.Id] > ${last}`].join(" AND ");
    const wiql = `SELECT [System.Id] FROM WorkItems WHERE ${where} ORDER BY [System.Id]`;
    const page = await queryByWiql(azureDevOps, project, { wiql, top: censusRows });
    for (const id of page) {
      if (id <= last) throw truncated("POST wit/wiql", "its ids are not in order");
      last = id;
      yield id;
    }
    if (page.length < censusRows) return;
  }
}

/** Ids a flat query finds. */
export async function queryByWiql(
  azureDevOps: AzureDevOps,
  project: string,
  { wiql, top }: { readonly wiql: string; readonly top?: number },
): Promise<readonly number[]> {
  const request: ApiRequest = { area: "wit", method: "POST", project, path: ["wit", "wiql"], isRead: true };
  const { body } = await azureDevOps.call({ ...request, query: { $top: top }, body: { query: wiql } });
  const found = requiredObjects(requiredObject(body, "POST wit/wiql"), "workItems", "POST wit/wiql");
  return found.map((reference) => requiredNumber(reference, "id", "POST wit/wiql"));
}

/**
 * Ids of everything in the project's recycle bin; undefined when the service refuses to list it, as it does beyond 20,000
 * items (400, VS402337; the list has no pages). Each item of the bin can still be asked for.
 */
export async function recycleBinIds(azureDevOps: AzureDevOps, project: string): Promise<readonly number[] | undefined> {
  try {
    const list = await wholeList(azureDevOps, { area: "wit", project, path: ["wit", "recyclebin"] });
    return list.map((reference) => requiredNumber(reference, "id", "recycle bin"));
  } catch (error) {
    if (hasCode(error, "ADO_REQUEST")) return undefined;
    throw error;
  }
}

/** An item in the recycle bin; its fields are under `resource`. Throws ADO_NOT_FOUND when it is not there. */
export async function getDeleted(azureDevOps: AzureDevOps, project: string, id: number): Promise<JsonObject> {
  const { body } = await azureDevOps.call({ area: "wit", project, path: ["wit", "recyclebin", String(id)] });
  return requiredObject(body, `deleted work item ${id}`);
}

/** Takes an item out of the recycle bin, with its id, history and links. */
export async function restoreDeleted(azureDevOps: AzureDevOps, project: string, id: number): Promise<void> {
  const path = ["wit", "recyclebin", String(id)];
  await azureDevOps.call({ area: "wit", method: "PATCH", project, path, body: { isDeleted: false } });
}

/** Oldest first, deleted ones included, with reactions. */
export function comments(azureDevOps: AzureDevOps, project: string, workItemId: number): AsyncGenerator<JsonObject> {
  const path = ["wit", "workItems", String(workItemId), "comments"];
  const query = { $top: 200, includeDeleted: true, $expand: "all", order: "asc" };
  const places = { itemsAt: "comments", tokenAt: "continuationToken" };
  return itemsIn(pagesByBody(azureDevOps, { area: "wit", project, path, query }, places));
}

export interface CommentPlace {
  readonly workItemId: number;
  readonly commentId: number;
}

/** All texts a comment has had. */
export async function commentVersions(azureDevOps: AzureDevOps, project: string, place: CommentPlace): Promise<ListOf> {
  return wholeList(azureDevOps, { area: "wit", project, path: [...commentPath(place), "versions"] });
}

export async function commentReactions(
  azureDevOps: AzureDevOps,
  project: string,
  place: CommentPlace,
): Promise<ListOf> {
  return wholeList(azureDevOps, { area: "wit", project, path: [...commentPath(place), "reactions"] });
}

/** Adds a comment as the caller, now. */
export async function addComment(
  azureDevOps: AzureDevOps,
  project: string,
  comment: { readonly workItemId: number; readonly text: string; readonly format?: "html" | "markdown" },
): Promise<JsonObject> {
  const { body } = await azureDevOps.call({
    area: "wit",
    method: "POST",
    project,
    path: ["wit", "workItems", String(comment.workItemId), "comments"],
    query: { format: comment.format },
    body: { text: comment.text },
  });
  return requiredObject(body, `new comment on work item ${comment.workItemId}`);
}

/** What changed in each revision, relations included, oldest first. */
export function updates(azureDevOps: AzureDevOps, project: string, workItemId: number): AsyncGenerator<JsonObject> {
  const path = ["wit", "workItems", String(workItemId), "updates"];
  return itemsIn(pagesBySkip(azureDevOps, { area: "wit", project, path }, { pageSize: 200 }));
}

/** Whole revisions, oldest first. */
export function revisions(azureDevOps: AzureDevOps, project: string, workItemId: number): AsyncGenerator<JsonObject> {
  const path = ["wit", "workItems", String(workItemId), "revisions"];
  const request: ApiRequest = { area: "wit", project, path, query: { $expand: "all" } };
  return itemsIn(pagesBySkip(azureDevOps, request, { pageSize: 200 }));
}

/** One line of a JSON patch, e.g. `{op: "add", path: "/fields/System.Title", value}`. */
export interface PatchOperation {
  readonly op: "add" | "replace" | "remove" | "test";
  readonly path: string;
  readonly value?: JsonValue;
}

export interface WriteRules {
  /** Needs the permission 'Bypass rules on work item updates'. */
  readonly bypassRules?: boolean;
  /** Needs the permission 'Suppress notifications for work item updates'. */
  readonly suppressNotifications?: boolean;
}

/** Answers with the new item. */
export async function createWorkItem(
  azureDevOps: AzureDevOps,
  { project, type, ...rules }: WriteRules & { readonly project: string; readonly type: string },
  operations: readonly PatchOperation[],
): Promise<JsonObject> {
  const path = ["wit", "workitems", `$${type}`];
  const request = { area: "wit", method: "POST", project, path } as const;
  return written(azureDevOps, { request, rules, operations });
}

/** Answers with the changed item. A failed `test` operation on `/rev` throws ADO_CONFLICT. */
export async function updateWorkItem(
  azureDevOps: AzureDevOps,
  { id, ...rules }: WriteRules & { readonly id: number },
  operations: readonly PatchOperation[],
): Promise<JsonObject> {
  const request = { area: "wit", method: "PATCH", path: ["wit", "workitems", String(id)] } as const;
  return written(azureDevOps, { request, rules, operations });
}

interface Write {
  readonly request: ApiRequest;
  readonly rules: WriteRules;
  readonly operations: readonly PatchOperation[];
}

async function written(azureDevOps: AzureDevOps, { request, rules, operations }: Write): Promise<JsonObject> {
  const { body } = await azureDevOps.call({
    ...request,
    query: { bypassRules: rules.bypassRules, suppressNotifications: rules.suppressNotifications, $expand: "all" },
    body: operations.map((operation) => ({ ...operation })),
    contentType: "application/json-patch+json",
  });
  return requiredObject(body, `${request.method ?? "GET"} ${request.path.join("/")}`);
}

function commentPath({ workItemId, commentId }: CommentPlace): readonly string[] {
  return ["wit", "workItems", String(workItemId), "comments", String(commentId)];
}

function feedRequest(resource: string, project: string | undefined): ApiRequest {
  const scope = project === undefined ? {} : { project };
  return { area: "wit", ...scope, path: ["wit", "reporting", resource] };
}

async function* feed(azureDevOps: AzureDevOps, request: ApiRequest, from: FeedStart): AsyncGenerator<FeedPage> {
  const name = `GET ${request.path.join("/")}`;
  const next = tokenGuard(name);
  let token = from.token === "" ? undefined : from.token;
  for (;;) {
    const place = token === undefined ? { startDateTime: from.start?.toISOString() } : { continuationToken: token };
    const { body } = await azureDevOps.call({ ...request, query: { ...request.query, ...place } });
    const page = feedPage(requiredObject(body, name), name, token);
    yield page;
    if (page.isLast) return;
    token = next(page.token);
  }
}

/**
 * `isLastBatch` and `nextLink` are the documented contract; the token in the body is the same as in the link, and may be
 * missing. A last page that names no place is read again next time.
 * (learn.microsoft.com/rest/api/azure/devops/wit/reporting-work-item-revisions)
 */
function feedPage(body: JsonObject, name: string, asked: string | undefined): FeedPage {
  const isLast = body.isLastBatch;
  if (typeof isLast !== "boolean") throw truncated(name, "it does not say whether it is the last page");
  const places = [stringAt(body, "continuationToken"), tokenOfLink(stringAt(body, "nextLink"))];
  const token = places.find((place) => place !== undefined && place !== "");
  if (token === undefined && !isLast) throw truncated(name, "it is not the last page and does not say where to go on");
  return { values: requiredObjects(body, "values", name), token: token ?? asked ?? "", isLast };
}

/** Only the token is taken from the link: requests go to where we know the service to be. */
function tokenOfLink(link: string | undefined): string | undefined {
  if (link === undefined || !URL.canParse(link)) return undefined;
  const parameters = [...new URL(link).searchParams];
  return parameters.find(([name]) => name.toLowerCase() === "continuationtoken")?.[1];
}
