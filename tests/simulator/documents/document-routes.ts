/**
 * The routes of a document area: list in pages, read one, create, replace, delete, undelete. What differs from area to
 * area stands in `DocumentArea`: templates, scopes, which revisions a change must name, what a body must be, how a
 * document is shown.
 */
import { isObject, type JsonObject } from "../../../engine/foundation/json.ts";
import { isOn, listAnswer, tokenPage } from "../http/paging.ts";
import {
  SimError,
  type EnumNumbers,
  type Route,
  type SimAnswer,
  type SimProject,
  type SimRequest,
} from "../service.ts";
import type { DocumentStore, SimDocument } from "./document-store.ts";

export interface DocumentArea {
  readonly store: DocumentStore;
  /** Where they are read: `{project}/_apis/build/definitions`. */
  readonly template: string;
  /** Where they are written, if elsewhere. */
  readonly writeTemplate?: string;
  /** Name of the parameter behind the template: `definitionId`. */
  readonly parameter: string;
  readonly version: string;
  readonly scopes: { readonly read: string; readonly write: string };
  readonly enums?: EnumNumbers;
  readonly paging: {
    readonly defaultTop: number;
    /** Tokens are numbers as they are, not texts that need encoding. */
    readonly plain?: boolean;
  };
  /** A change has to name the revision it was made from: as a member of the body, or as `eTag`. */
  readonly concurrency?: "revision" | "eTag";
  /** `PATCH ?deleted=false` takes a document out again. */
  readonly hasRecycleBin?: boolean;
  /** The project that a write without one in its address is about. Throws the service's 404. */
  projectOf?(body: JsonObject, request: SimRequest): SimProject;
  /** What is kept of a body. Throws the service's refusal for what it does not take. */
  accept(body: JsonObject, place: Acceptance): { readonly body: JsonObject; readonly sharedWith?: Iterable<string> };
  /** The whole document, without the values of secrets. */
  show(document: SimDocument, request: SimRequest): JsonObject;
  /** For the traffic log: with members that documents of the sort that recordings know of have, and this one lacks. */
  recordedForm?(shown: JsonObject): JsonObject;
  /** As it stands in a list, where that is less; `includeAllProperties=true` gives all the same. */
  showInList?(document: SimDocument, request: SimRequest): JsonObject;
  /** Filters of a list, by its query. */
  isWanted?(document: SimDocument, query: URLSearchParams): boolean;
  /** The service's 404. */
  notFound(id: string): SimError;
  /** The service's refusal of a change that was made from another revision. */
  conflict?(document: SimDocument, named: unknown): SimError;
}

export interface Acceptance {
  readonly project: SimProject;
  readonly request: SimRequest;
  /** Undefined for a new one. */
  readonly before: SimDocument | undefined;
}

export function documentRoutes(area: DocumentArea): readonly Route[] {
  const { template, writeTemplate = template, parameter, version, scopes } = area;
  const base = { version, ...(area.enums === undefined ? {} : { enums: area.enums }) };
  const read = { ...base, method: "GET", scope: scopes.read } as const;
  const one = `{${parameter}}`;
  const write = (method: Route["method"], where: string, handle: (request: SimRequest) => SimAnswer): Route => ({
    ...{ ...base, method, scope: scopes.write },
    template: where,
    handle,
  });
  return [
    { ...read, template, handle: (request) => list(area, request) },
    {
      ...read,
      template: `${template}/${one}`,
      handle: (request) => answered(area, readable(area, request), request),
    },
    write("POST", writeTemplate, (request) => create(area, request)),
    write("PUT", `${writeTemplate}/${one}`, (request) => replace(area, request)),
    write("DELETE", `${writeTemplate}/${one}`, (request) => remove(area, request)),
    ...(area.hasRecycleBin === true
      ? [write("PATCH", `${writeTemplate}/${one}`, (request) => undelete(area, request))]
      : []),
  ];
}

function list(area: DocumentArea, request: SimRequest): SimAnswer {
  const { query, project } = request;
  if (project === undefined) throw new Error("a route without {project}");
  const all = area.store
    .of(project.id)
    .concat(area.hasRecycleBin === true && query.has("definitionIds") ? area.store.deletedOf(project.id) : [])
    .filter((one) => !one.isHidden && area.isWanted?.(one, query) !== false);
  const { page, headers } = tokenPage(all, query, area.paging);
  const isWhole = area.showInList === undefined || isOn(query, "includeAllProperties");
  const shown = page.map((one) =>
    isWhole ? area.show(one, request) : (area.showInList?.(one, request) ?? area.show(one, request)),
  );
  const told = page.map((one, at) => (isWhole && one.isDamaged ? bareOf(shown[at] ?? {}) : (shown[at] ?? {})));
  return { ...listAnswer(told, headers), logged: { count: shown.length, value: shown } };
}

/** What is left of one that the service cannot read. */
function bareOf({ id = null, name = null }: JsonObject): JsonObject {
  return { id, name };
}

/** The document of the address. Throws the service's 404, also for what the caller must not know of. */
function readable(area: DocumentArea, { params, project }: SimRequest, isDeleted = false): SimDocument {
  const id = params[area.parameter] ?? "";
  const found = area.store.byId(id);
  const isHere =
    found !== undefined && (project === undefined || [found.projectId, ...found.sharedWith].includes(project.id));
  if (!isHere || found.isDeleted !== isDeleted) throw area.notFound(id);
  if (found.isHidden)
    throw new SimError(403, "AccessDeniedException", `Access denied. You need View permissions for ${id}.`);
  if (found.isDamaged)
    throw new SimError(400, "VssServiceException", `TF400898: An Internal Error Occurred while ${id} was read.`);
  return found;
}

function answered(area: DocumentArea, document: SimDocument, request: SimRequest): SimAnswer {
  const body = area.show(document, request);
  return area.recordedForm === undefined ? { body } : { body, logged: area.recordedForm(body) };
}

function placeOf(area: DocumentArea, body: JsonObject, request: SimRequest): SimProject {
  const project = request.project ?? area.projectOf?.(body, request);
  if (project === undefined) throw new Error("a document area whose writes name no project");
  return project;
}

function bodyOf({ body }: SimRequest): JsonObject {
  return isObject(body) ? body : {};
}

function create(area: DocumentArea, request: SimRequest): SimAnswer {
  const body = bodyOf(request);
  const project = placeOf(area, body, request);
  const accepted = area.accept(body, { project, request, before: undefined });
  const document = area.store.add(project, { ...accepted, by: request.identity });
  return answered(area, document, request);
}

function replace(area: DocumentArea, request: SimRequest): SimAnswer {
  const before = readable(area, request);
  const body = bodyOf(request);
  const named = area.concurrency === undefined ? before.revision : body[area.concurrency];
  if (named !== before.revision)
    throw (
      area.conflict?.(before, named) ??
      new SimError(409, "VssPropertyValidationException", "Another revision is there.")
    );
  const accepted = area.accept(body, { project: placeOf(area, body, request), request, before });
  return answered(area, area.store.update(before.id, { ...accepted, by: request.identity }), request);
}

function remove(area: DocumentArea, request: SimRequest): SimAnswer {
  const { id } = readable(area, request);
  if (area.hasRecycleBin === true) area.store.remove(id);
  else area.store.purge(id);
  return { status: 204 };
}

function undelete(area: DocumentArea, request: SimRequest): SimAnswer {
  if (request.query.get("deleted")?.toLowerCase() !== "false")
    throw new SimError(400, "InvalidRequestException", "Only deleted=false is supported.");
  const { id } = readable(area, request, true);
  area.store.undelete(id);
  const document = area.store.byId(id);
  return document === undefined ? { body: {} } : answered(area, document, request);
}
