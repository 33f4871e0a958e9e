/** `PATCH _apis/wit/$batch`: creates and updates in one request; a part that fails does not stop the others. */
import { isObject, stringAt } from "../../../engine/foundation/json.ts";
import type { JsonObject, JsonValue } from "../../../engine/foundation/json.ts";
import { SimError } from "../service.ts";
import type { Route, SimAnswer, SimProject, SimRequest } from "../service.ts";
import { badRequest } from "./errors.ts";
import { itemWriters } from "./item-routes.ts";
import { requestedId } from "./patch.ts";
import type { WorkItemTracking } from "./tracking.ts";
import { quoted } from "./values.ts";

const MOST_PARTS = 200;
const URI = /^(?:https?:\/\/[^/]+\/[^/]+)?\/(?:([^/]+)\/)?_apis\/wit\/workitems\/(\$?)([^/?]+)(?:\?(.*))?$/i;
const JSON_HEADERS = { "Content-Type": "application/json; charset=utf-8" };

export function batchRoutes(tracking: WorkItemTracking): Route[] {
  const route = {
    version: "7.1",
    scope: "vso.work_write",
    handle: (request: SimRequest) => answered(tracking, request),
  };
  return [
    { ...route, method: "PATCH", template: "_apis/wit/$batch" },
    { ...route, method: "POST", template: "_apis/wit/$batch" },
  ];
}

function answered(tracking: WorkItemTracking, request: SimRequest): SimAnswer {
  const parts = Array.isArray(request.body) ? (request.body as readonly JsonValue[]) : [];
  if (parts.length === 0) throw badRequest("VssPropertyValidationException", "The batch has no parts.");
  if (parts.length > MOST_PARTS) {
    throw badRequest(
      "VssPropertyValidationException",
      `VS403474: The batch has ${parts.length} parts; it may have ${MOST_PARTS}.`,
    );
  }
  // Parts name items that the same batch creates by negative ids.
  const made = new Map<number, number>();
  const value = parts.map((part) => partAnswer(tracking, request, { part, made }));
  return { body: { count: value.length, value } };
}

interface Part {
  readonly part: JsonValue;
  readonly made: Map<number, number>;
}

function partAnswer(tracking: WorkItemTracking, request: SimRequest, { part, made }: Part): JsonObject {
  try {
    const { answer, wantedId } = carriedOut(tracking, request, { part, made });
    const id = isObject(answer.body) ? answer.body.id : undefined;
    if (wantedId !== undefined && typeof id === "number") made.set(wantedId, id);
    return { code: answer.status ?? 200, headers: JSON_HEADERS, body: JSON.stringify(answer.body) };
  } catch (error) {
    if (!(error instanceof SimError)) throw error;
    const value = {
      Message: error.message,
      ...(error.customProperties && { CustomProperties: error.customProperties }),
    };
    return { code: error.status, headers: JSON_HEADERS, body: JSON.stringify({ count: 1, value }) };
  }
}

function carriedOut(
  tracking: WorkItemTracking,
  request: SimRequest,
  { part, made }: Part,
): { answer: SimAnswer; wantedId: number | undefined } {
  if (!isObject(part)) throw badRequest("VssPropertyValidationException", "A part of the batch is not an object.");
  const { projectName, isNew, name, query } = targetOf(part);
  const project = projectName === undefined ? undefined : projectOf(tracking, request, projectName);
  const body = withIds(part.body, made);
  const params: Record<string, string> = isNew ? { type: name } : { id: String(made.get(Number(name)) ?? name) };
  const writers = itemWriters(tracking);
  const handle = isNew ? writers.created : writers.changed;
  return { answer: handle({ ...request, params, project, query, body }), wantedId: requestedId(body) };
}

interface Target {
  readonly projectName: string | undefined;
  readonly isNew: boolean;
  readonly name: string;
  readonly query: URLSearchParams;
}

function targetOf(part: JsonObject): Target {
  const uri = stringAt(part, "uri") ?? "";
  const match = URI.exec(uri);
  if (!match || stringAt(part, "method")?.toUpperCase() !== "PATCH") {
    throw badRequest("VssPropertyValidationException", `The batch cannot do '${quoted(part.method)} ${uri}'.`);
  }
  const [, projectName, mark, name = "", query = ""] = match;
  const parameters = new URLSearchParams(query);
  if (!parameters.has("api-version")) {
    throw badRequest(
      "VssVersionNotSpecifiedException",
      'No api-version was supplied for the "PATCH" request. The version must be supplied either as part of the Accept header or as a query parameter.',
    );
  }
  return { projectName, isNew: mark === "$", name: decodeURIComponent(name), query: parameters };
}

function projectOf(tracking: WorkItemTracking, request: SimRequest, encoded: string): SimProject {
  const name = decodeURIComponent(encoded);
  const project = tracking.host.projectOf(name);
  if (project && request.maySee(project.id)) return project;
  throw new SimError(
    404,
    "ProjectDoesNotExistWithNameException",
    `TF200016: The following project does not exist: ${name}.`,
  );
}

function withIds(body: JsonValue | undefined, made: ReadonlyMap<number, number>): JsonValue | undefined {
  if (made.size === 0 || body === undefined) return body;
  const text = JSON.stringify(body).replace(
    /(\/_apis\/wit\/workitems\/)(-\d+)(?=")/gi,
    (whole, before: string, id: string) => {
      const real = made.get(Number(id));
      return real === undefined ? whole : `${before}${real}`;
    },
  );
  return JSON.parse(text) as JsonValue;
}
