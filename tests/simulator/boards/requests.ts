/** What every handler asks of a request. */
import { isObject } from "../../../engine/foundation/json.ts";
import type { JsonObject, JsonValue } from "../../../engine/foundation/json.ts";
import type { Route, SimAnswer, SimProject, SimRequest } from "../service.ts";
import { badRequest, invalidArgument, itemNotFound } from "./errors.ts";
import type { WorkItem } from "./model.ts";
import type { Expand, View } from "./render.ts";
import type { WorkItemTracking } from "./tracking.ts";
import { projectIdOf, quoted } from "./values.ts";

export type Handler = (request: SimRequest) => SimAnswer;

/** One route, or with `{project}?` both forms of it. */
export function routesAt(method: Route["method"], template: string, rest: Omit<Route, "method" | "template">): Route[] {
  if (!template.startsWith("{project}?/")) return [{ ...rest, method, template }];
  const below = template.slice("{project}?/".length);
  return [
    { ...rest, method, template: `{project}/${below}` },
    { ...rest, method, template: below },
  ];
}

export const READ = { version: "7.1", scope: "vso.work" } as const;
export const WRITE = { version: "7.1", scope: "vso.work_write" } as const;

export function viewOf(tracking: WorkItemTracking, request: SimRequest): View {
  return { tracking, base: request.organizationUrl };
}

export function listOf(value: readonly JsonValue[]): SimAnswer {
  return { body: { count: value.length, value } };
}

export function param(request: SimRequest, name: string): string {
  return request.params[name] ?? "";
}

/** A query parameter, letter case of its name aside. */
export function queryValue(request: SimRequest, name: string): string | undefined {
  const wanted = name.toLowerCase();
  for (const [key, value] of request.query) if (key.toLowerCase() === wanted) return value === "" ? undefined : value;
  return undefined;
}

export function flag(request: SimRequest, name: string): boolean {
  return queryValue(request, name)?.toLowerCase() === "true";
}

export function wholeNumber(request: SimRequest, name: string): number | undefined {
  const text = queryValue(request, name);
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text)) throw invalidArgument(name, text);
  return Number(text);
}

export function namesIn(text: string | undefined): string[] {
  return (text ?? "")
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

const EXPANSIONS: readonly Expand[] = ["none", "relations", "fields", "links", "all"];

/** By name or by the number that older clients send. */
export function expandOf(value: JsonValue | undefined): Expand {
  if (value === undefined || value === null) return "none";
  const text = quoted(value).toLowerCase();
  const expand = /^\d$/.test(text) ? EXPANSIONS[Number(text)] : EXPANSIONS.find((one) => one === text);
  if (!expand) throw invalidArgument("$expand", text);
  return expand;
}

export function bodyObject(request: SimRequest): JsonObject {
  if (isObject(request.body)) return request.body;
  throw badRequest("VssPropertyValidationException", "The request has no JSON object in its body.");
}

/** Projects that the caller may see and that are not deleted. */
export function isVisible(tracking: WorkItemTracking, request: SimRequest, projectId: string): boolean {
  return tracking.host.projectOf(projectId) !== undefined && request.maySee(projectId);
}

/** The same for many projects of one request. */
export function visibility(tracking: WorkItemTracking, request: SimRequest): (projectId: string) => boolean {
  const known = new Map<string, boolean>();
  return (projectId) => {
    let answer = known.get(projectId);
    if (answer === undefined) known.set(projectId, (answer = isVisible(tracking, request, projectId)));
    return answer;
  };
}

/** An item that the caller may see, in the recycle bin or not. */
export function findItem(tracking: WorkItemTracking, request: SimRequest, id: number): WorkItem | undefined {
  const item = tracking.items.get(id);
  return item && isVisible(tracking, request, projectIdOf(item)) ? item : undefined;
}

/** The live item of a route's id. Through a project's URL the service serves any project's items, so do we. */
export function itemOf(tracking: WorkItemTracking, request: SimRequest, name = "id"): WorkItem {
  const text = param(request, name);
  const item = /^\d+$/.test(text) ? findItem(tracking, request, Number(text)) : undefined;
  if (!item || item.deleted) throw itemNotFound(text);
  return item;
}

export function projectOf(request: SimRequest): SimProject {
  if (!request.project) throw badRequest("VssPropertyValidationException", "The request names no project.");
  return request.project;
}
