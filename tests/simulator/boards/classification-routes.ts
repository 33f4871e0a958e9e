/** Areas and iterations over REST: one node per request, children in a body are ignored. */
import { isObject, objectAt, stringAt } from "../../../engine/foundation/json.ts";
import type { JsonObject, JsonValue } from "../../../engine/foundation/json.ts";
import type { Route, SimAnswer, SimRequest } from "../service.ts";
import { instantOf, shownInstant } from "./dates.ts";
import { badRequest, invalidArgument, nodeNotFound } from "./errors.ts";
import type { ClassificationNode, StructureGroup } from "./model.ts";
import * as requests from "./requests.ts";
import type { WorkItemTracking } from "./tracking.ts";
import { isUnder, nameOf, nodeBelow, pathOf } from "./tree.ts";

export function classificationRoutes(tracking: WorkItemTracking): Route[] {
  const { routesAt, READ, WRITE } = requests;
  const at = "{project}/_apis/wit/classificationnodes";
  const below = [`${at}/{structureGroup}`, `${at}/{structureGroup}/{*path}`];
  return [
    ...routesAt("GET", at, { ...READ, handle: (request) => roots(tracking, request) }),
    ...below.flatMap((template) => [
      ...routesAt("GET", template, { ...READ, handle: (request) => single(tracking, request) }),
      ...routesAt("POST", template, { ...WRITE, handle: (request) => created(tracking, request) }),
      ...routesAt("PATCH", template, { ...WRITE, handle: (request) => changed(tracking, request) }),
      ...routesAt("DELETE", template, { ...WRITE, handle: (request) => deleted(tracking, request) }),
    ]),
  ];
}

function groupOf(request: SimRequest): StructureGroup {
  const text = requests.param(request, "structureGroup").toLowerCase();
  if (text === "areas" || text === "0") return "areas";
  if (text === "iterations" || text === "1") return "iterations";
  throw invalidArgument("structureGroup", text);
}

function nodeOf(tracking: WorkItemTracking, request: SimRequest): ClassificationNode {
  const root = tracking.nodes.rootOf(requests.projectOf(request).id, groupOf(request));
  const path = requests.param(request, "path");
  const node = nodeBelow(root, path);
  if (!node) throw nodeNotFound(path);
  return node;
}

function depthOf(request: SimRequest): number {
  return requests.wholeNumber(request, "$depth") ?? 0;
}

function roots(tracking: WorkItemTracking, request: SimRequest): SimAnswer {
  const project = requests.projectOf(request);
  const depth = depthOf(request);
  const ids = requests.queryValue(request, "ids");
  if (ids === undefined) {
    const both = (["areas", "iterations"] as const).map((group) => tracking.nodes.rootOf(project.id, group));
    return requests.listOf(both.map((node) => nodeJson(request, node, { depth, withLinks: false })));
  }
  const isOmitted = requests.queryValue(request, "errorPolicy")?.toLowerCase() === "omit";
  const value = requests.namesIn(ids).map((text): JsonValue => {
    const node = tracking.nodes.byId(Number(text));
    const isFound = node && !node.isDeleted && node.project.id === project.id;
    if (!isFound && !isOmitted) throw nodeNotFound(text);
    return isFound ? nodeJson(request, node, { depth, withLinks: true }) : null;
  });
  return requests.listOf(value);
}

function single(tracking: WorkItemTracking, request: SimRequest): SimAnswer {
  return { body: nodeJson(request, nodeOf(tracking, request), { depth: depthOf(request), withLinks: true }) };
}

/** With an `id` in the body the service moves that node here instead. */
function created(tracking: WorkItemTracking, request: SimRequest): SimAnswer {
  const parent = nodeOf(tracking, request);
  const body = requests.bodyObject(request);
  const id = body.id;
  if (typeof id === "number" && id > 0) {
    const node = tracking.nodes.byId(id);
    if (!node || node.isDeleted) throw nodeNotFound(String(id));
    tracking.nodes.move(node, parent);
    return { body: nodeJson(request, node, { depth: 0, withLinks: true }) };
  }
  const name = stringAt(body, "name");
  if (name === undefined) throw badRequest("VssPropertyValidationException", "The classification node needs a name.");
  const attributes = attributesOf(body);
  const node = tracking.nodes.add(parent, name);
  node.attributes = attributes;
  return {
    status: 201,
    body: nodeJson(request, node, { depth: 0, withLinks: true }),
    headers: { location: urlOf(request, node) },
  };
}

function attributesOf(body: JsonObject): ClassificationNode["attributes"] {
  const attributes = objectAt(body, "attributes");
  if (!attributes) return undefined;
  const dateOf = (name: string): string | null => {
    const value = attributes[name];
    if (value === undefined || value === null) return null;
    const instant = typeof value === "string" ? instantOf(value) : undefined;
    if (instant === undefined) throw invalidArgument(name, JSON.stringify(value));
    return instant;
  };
  const [startDate, finishDate] = [dateOf("startDate"), dateOf("finishDate")];
  if (
    (startDate === null) !== (finishDate === null) ||
    (startDate !== null && finishDate !== null && finishDate < startDate)
  ) {
    throw badRequest(
      "ClassificationNodeInvalidDatesException",
      "VS402466: An iteration needs a start and a later finish date.",
    );
  }
  return startDate === null ? undefined : { startDate, finishDate };
}

function changed(tracking: WorkItemTracking, request: SimRequest): SimAnswer {
  const node = nodeOf(tracking, request);
  const body = requests.bodyObject(request);
  const name = stringAt(body, "name");
  const attributes = isObject(body.attributes) ? attributesOf(body) : node.attributes;
  if (name !== undefined) tracking.nodes.rename(node, name);
  node.attributes = attributes;
  return { body: nodeJson(request, node, { depth: 0, withLinks: true }) };
}

function deleted(tracking: WorkItemTracking, request: SimRequest): SimAnswer {
  const node = nodeOf(tracking, request);
  const id = requests.wholeNumber(request, "$reclassifyId");
  const heir = id === undefined ? tracking.nodes.rootOf(node.project.id, node.group) : tracking.nodes.byId(id);
  if (!heir || heir.isDeleted || heir.group !== node.group || isUnder(heir, node)) throw nodeNotFound(String(id));
  const name = node.group === "areas" ? "System.AreaId" : "System.IterationId";
  const { identity: by } = request;
  for (const item of tracking.items.values()) {
    const at = tracking.nodes.byId(Number(item.current[name]));
    if (at && isUnder(at, node)) tracking.revise(item, { changed: { [name]: heir.id }, by, authorizedBy: by });
  }
  tracking.nodes.remove(node);
  return { status: 204 };
}

const TITLES = { areas: ["Areas", "Area", "area"], iterations: ["Iterations", "Iteration", "iteration"] } as const;

function urlOf(request: SimRequest, node: ClassificationNode): string {
  const [plural] = TITLES[node.group];
  const below = pathOf(node)
    .slice(1)
    .map((name) => `/${encodeURIComponent(name)}`);
  return `${request.organizationUrl}/${node.project.id}/_apis/wit/classificationNodes/${plural}${below.join("")}`;
}

function nodeJson(
  request: SimRequest,
  node: ClassificationNode,
  how: { depth: number; withLinks: boolean },
): JsonObject {
  const [, folder, structureType] = TITLES[node.group];
  const [project = "", ...below] = pathOf(node);
  const url = urlOf(request, node);
  const showsChildren = how.depth > 0 && node.children.length > 0;
  const { attributes } = node;
  return {
    id: node.id,
    identifier: node.identifier,
    name: nameOf(node),
    structureType,
    hasChildren: node.children.length > 0,
    ...(showsChildren && {
      children: node.children.map((child) => nodeJson(request, child, { depth: how.depth - 1, withLinks: false })),
    }),
    ...(attributes && {
      attributes: { startDate: shown(attributes.startDate), finishDate: shown(attributes.finishDate) },
    }),
    path: `\\${[project, folder, ...below].join("\\")}`,
    ...(how.withLinks && {
      _links: { self: { href: url }, ...(node.parent && { parent: { href: urlOf(request, node.parent) } }) },
    }),
    url,
  };
}

function shown(instant: string | null): string | null {
  return instant === null ? null : shownInstant(instant);
}
