/**
 * The reporting feeds: every revision and every link change of the organisation in the order they were written. A
 * continuation token is a position; what comes after it is all that is new.
 */
import type { JsonObject, JsonValue } from "../../../engine/foundation/json.ts";
import type { Route, SimAnswer, SimRequest } from "../service.ts";
import { instantOf, shownInstant } from "./dates.ts";
import { badRequest, invalidArgument } from "./errors.ts";
import { fieldOf } from "./fields.ts";
import type { WitHost } from "./host.ts";
import type { LinkEvent, Revision } from "./model.ts";
import { fieldsJson, identityJson, LONG_TEXT_FIELDS, textAt } from "./render.ts";
import type { View } from "./render.ts";
import * as requests from "./requests.ts";
import type { WorkItemTracking } from "./tracking.ts";
import { projectIdOf, textIn } from "./values.ts";

const LARGEST_PAGE = 1000;
const LINK_PAGE = 1000;

export function feedRoutes(tracking: WorkItemTracking): Route[] {
  const { routesAt, READ } = requests;
  const at = "{project}?/_apis/wit/reporting";
  return [
    ...routesAt("GET", `${at}/workitemrevisions`, {
      ...READ,
      handle: (request) => revisions(tracking, request, wantedByQuery(request)),
    }),
    ...routesAt("POST", `${at}/workitemrevisions`, {
      ...READ,
      handle: (request) => revisions(tracking, request, wantedByBody(request)),
    }),
    ...routesAt("GET", `${at}/workitemrevisions/discussions`, {
      ...READ,
      handle: (request) => discussions(tracking, request),
    }),
    ...routesAt("GET", `${at}/workitemlinks`, { ...READ, handle: (request) => links(tracking, request) }),
  ];
}

interface Wanted {
  readonly fields: ReadonlySet<string> | undefined;
  readonly types: ReadonlySet<string> | undefined;
  readonly includeDeleted: boolean;
  readonly includeIdentityRef: boolean;
  readonly includeTagRef: boolean;
  readonly latestOnly: boolean;
  readonly discussionsOnly: boolean;
}

function setOf(names: readonly string[]): ReadonlySet<string> | undefined {
  return names.length === 0 ? undefined : new Set(names.map((name) => name.toLowerCase()));
}

function wantedByQuery(request: SimRequest): Wanted {
  return {
    fields: fieldSet(requests.namesIn(requests.queryValue(request, "fields"))),
    types: setOf(requests.namesIn(requests.queryValue(request, "types"))),
    includeDeleted: requests.flag(request, "includeDeleted"),
    includeIdentityRef: requests.flag(request, "includeIdentityRef"),
    includeTagRef: requests.flag(request, "includeTagRef"),
    latestOnly: requests.flag(request, "includeLatestOnly"),
    discussionsOnly: requests.flag(request, "includeDiscussionChangesOnly"),
  };
}

function wantedByBody(request: SimRequest): Wanted {
  const body = requests.bodyObject(request);
  const names = (value: JsonValue | undefined): string[] =>
    Array.isArray(value) ? (value as readonly JsonValue[]).map(String) : [];
  return {
    fields: fieldSet(names(body.fields)),
    types: setOf(names(body.types)),
    includeDeleted: body.includeDeleted === true,
    includeIdentityRef: body.includeIdentityRef === true,
    includeTagRef: body.includeTagRef === true,
    latestOnly: body.includeLatestOnly === true,
    discussionsOnly: false,
  };
}

function fieldSet(names: readonly string[]): ReadonlySet<string> | undefined {
  const unknown = names.find((name) => !fieldOf(name));
  if (unknown !== undefined)
    throw badRequest("WorkItemTrackingFieldDefinitionNotFoundException", `TF51535: Cannot find field ${unknown}.`);
  return setOf(names.map((name) => fieldOf(name)?.referenceName ?? name));
}

/** Tokens hold characters that need escaping, as the service's do. */
function positionOf(request: SimRequest): number | undefined {
  const token = requests.queryValue(request, "continuationToken");
  if (token === undefined) return undefined;
  const position = /^(\d+)(?:;[0-9a-z=+/;]*)?$/i.exec(token)?.[1];
  if (position === undefined) throw invalidArgument("continuationToken", token);
  return Number(position);
}

function tokenOf(position: number): string {
  return `${position};${position % 97};r=`;
}

function startOf(request: SimRequest, firstSince: (instant: string) => number): number {
  const position = positionOf(request);
  const text = requests.queryValue(request, "startDateTime");
  if (text === undefined) return position ?? 0;
  if (position !== undefined) {
    throw badRequest(
      "ConflictingParametersException",
      "The startDateTime parameter can not be used with a continuation token.",
    );
  }
  const instant = instantOf(text);
  if (instant === undefined) throw invalidArgument("startDateTime", text);
  return firstSince(instant);
}

interface Page<T> {
  readonly found: readonly T[];
  readonly end: number;
  readonly isLast: boolean;
}

/** The next rows that pass; the end is behind the last of them, or behind everything when there is no more. */
function pageOf<T>(
  rows: readonly (T | undefined)[],
  passes: (row: T) => boolean,
  from: { start: number; size: number },
): Page<T> {
  const found: T[] = [];
  let end = rows.length;
  for (let index = from.start; index < rows.length; index++) {
    const row = rows[index];
    if (row === undefined || !passes(row)) continue;
    if (found.length === from.size) return { found, end, isLast: false };
    found.push(row);
    end = index + 1;
  }
  return { found, end: rows.length, isLast: true };
}

function batchAnswer(
  request: SimRequest,
  values: readonly JsonObject[],
  { end, isLast, host }: { end: number; isLast: boolean; host: WitHost },
): SimAnswer {
  const token = tokenOf(end);
  const query = new URLSearchParams(request.query);
  for (const name of [...query.keys()]) if (/^(continuationtoken|startdatetime)$/i.test(name)) query.delete(name);
  query.set("continuationToken", token);
  const where = request.project ? `/${request.project.id}` : "";
  const [, resource = "workItemRevisions"] = /reporting\/(.+)$/i.exec(request.params.resource ?? "") ?? [];
  const nextLink = `${request.organizationUrl}${where}/_apis/wit/reporting/${resource}?${query.toString()}`;
  const inBody = { missing: {}, null: { continuationToken: null }, both: { continuationToken: token } };
  return { body: { values, nextLink, ...inBody[host.feedTokens ?? "both"], isLastBatch: isLast } };
}

function pageSize(request: SimRequest): number {
  const size = requests.wholeNumber(request, "$maxPageSize") ?? LARGEST_PAGE;
  return Math.max(1, Math.min(size, LARGEST_PAGE));
}

function revisions(tracking: WorkItemTracking, request: SimRequest, wanted: Wanted): SimAnswer {
  const start = startOf(request, (instant) => firstIndex(tracking.feed, (one) => one.authorizedAt >= instant));
  const passes = revisionFilter(tracking, request, wanted);
  const page = pageOf(tracking.feed, passes, { start, size: pageSize(request) });
  const view = requests.viewOf(tracking, request);
  const expandsFields = requests.queryValue(request, "$expand")?.toLowerCase() === "fields";
  const values = page.found.map((revision) => revisionJson(view, revision, { ...wanted, expandsFields }));
  return batchAnswer(withResource(request, "reporting/workItemRevisions"), values, { ...page, host: tracking.host });
}

function withResource(request: SimRequest, resource: string): SimRequest {
  return { ...request, params: { ...request.params, resource } };
}

function firstIndex<T>(rows: readonly (T | undefined)[], isIn: (row: T) => boolean): number {
  const index = rows.findIndex((row) => row !== undefined && isIn(row));
  return index < 0 ? rows.length : index;
}

/** In a project's feed stand only the revisions that the item made while it was in that project; likewise types. */
function revisionFilter(
  tracking: WorkItemTracking,
  request: SimRequest,
  wanted: Wanted,
): (revision: Revision) => boolean {
  const { project } = request;
  const isVisible = requests.visibility(tracking, request);
  return (revision) => {
    const { item, rev } = revision;
    if (item.deleted && !wanted.includeDeleted) return false;
    if (wanted.latestOnly && rev < item.revisions.length) return false;
    if (wanted.discussionsOnly && revision.changed["System.History"] === undefined) return false;
    const where = textAt(item, rev, "System.TeamProject");
    if (project && where !== project.id) return false;
    if (wanted.types && !wanted.types.has(textAt(item, rev, "System.WorkItemType").toLowerCase())) return false;
    return isVisible(where);
  };
}

function revisionJson(view: View, revision: Revision, how: Wanted & { expandsFields: boolean }): JsonObject {
  const identities = how.includeIdentityRef ? "objects" : "texts";
  const fields = fieldsJson(view, revision, { all: true, identities });
  if (!how.expandsFields && !how.fields) for (const name of LONG_TEXT_FIELDS) Reflect.deleteProperty(fields, name);
  if (how.includeTagRef && typeof fields["System.Tags"] === "string") {
    const project = textAt(revision.item, revision.rev, "System.TeamProject");
    fields["System.Tags"] = tagRefs(view, project, fields["System.Tags"]);
  }
  if (how.fields) {
    for (const name of Object.keys(fields))
      if (!how.fields.has(name.toLowerCase())) Reflect.deleteProperty(fields, name);
  }
  return { id: revision.item.id, rev: revision.rev, fields };
}

function tagRefs(view: View, project: string, text: string): JsonValue {
  const tags = view.tracking.tagsOf(project);
  return text.split("; ").map((name) => ({ id: tags.get(name.toLowerCase())?.id ?? null, name }));
}

function links(tracking: WorkItemTracking, request: SimRequest): SimAnswer {
  const start = startOf(request, (instant) => firstIndex(tracking.linkFeed, (one) => one.at >= instant));
  const linkTypes = setOf(requests.namesIn(requests.queryValue(request, "linkTypes")));
  const types = setOf(requests.namesIn(requests.queryValue(request, "types")));
  const isVisible = requests.visibility(tracking, request);
  const passes = ({ link }: LinkEvent): boolean => {
    const ends = [link.source, link.target];
    const projects = ends.map((end) => projectIdOf(end));
    if (request.project && !projects.includes(request.project.id)) return false;
    if (linkTypes && ![link.type.name, link.type.forward].some((name) => linkTypes.has(name.toLowerCase())))
      return false;
    if (types && !ends.some((end) => types.has(textIn(end.current, "System.WorkItemType").toLowerCase()))) return false;
    return projects.some(isVisible);
  };
  const page = pageOf(tracking.linkFeed, passes, { start, size: LINK_PAGE });
  const view = requests.viewOf(tracking, request);
  return batchAnswer(
    withResource(request, "reporting/workItemLinks"),
    page.found.map((event) => linkJson(view, event)),
    { ...page, host: tracking.host },
  );
}

function linkJson(view: View, { link, at, by, isActive, operation }: LinkEvent): JsonObject {
  return {
    rel: link.type.name,
    attributes: {
      linkType: link.type.forward,
      sourceId: link.source.id,
      targetId: link.target.id,
      isActive,
      changedDate: shownInstant(at),
      changedBy: identityJson(by, view.base),
      comment: link.comment ?? null,
      changedOperation: operation,
      sourceProjectId: projectIdOf(link.source),
      targetProjectId: projectIdOf(link.target),
    },
  };
}

/** Revisions that brought a comment, with its text. */
function discussions(tracking: WorkItemTracking, request: SimRequest): SimAnswer {
  const start = positionOf(request) ?? 0;
  const isVisible = requests.visibility(tracking, request);
  const passes = ({ item, changed }: Revision): boolean => {
    const where = projectIdOf(item);
    if (changed["System.History"] === undefined || (request.project && where !== request.project.id)) return false;
    return !item.deleted && isVisible(where);
  };
  const page = pageOf(tracking.feed, passes, { start, size: pageSize(request) });
  const values = page.found.map(({ item, rev, changed, at }) => ({
    id: item.id,
    rev,
    fields: {
      "System.Id": item.id,
      "System.Rev": rev,
      "System.ChangedDate": shownInstant(at),
      "System.History": textIn(changed, "System.History"),
    },
  }));
  return batchAnswer(withResource(request, "reporting/workItemRevisions/discussions"), values, {
    ...page,
    host: tracking.host,
  });
}
