/**
 * Projects: paging, asynchronous creation and deletion, recycle bin, properties
 * (learn.microsoft.com/rest/api/azure/devops/core).
 */
import { arrayAt, isObject, objectAt, stringAt } from "../../../engine/foundation/json.ts";
import type { JsonObject, JsonValue } from "../../../engine/foundation/json.ts";
import { badRequest, projectNotFound } from "../http/errors.ts";
import { isOn, listAnswer, skipPage, tokenPage } from "../http/paging.ts";
import { processes } from "./project-store.ts";
import type { NewProject, ProjectRecord } from "./project-store.ts";
import type { Route, SimAnswer, SimRequest } from "../service.ts";
import type { SimulatorState } from "../state.ts";

/** A project as it stands inside other answers. */
export function projectReference(state: SimulatorState, project: ProjectRecord, organizationUrl: string): JsonObject {
  return {
    id: project.id,
    name: project.name,
    ...(project.description === "" ? {} : { description: project.description }),
    url: `${organizationUrl}/_apis/projects/${project.id}`,
    state: state.projectStore.stateOf(project),
    revision: project.revision,
    visibility: project.visibility,
    lastUpdateTime: project.lastUpdateTime,
  };
}

export function projectRoutes(state: SimulatorState): readonly Route[] {
  const one = "_apis/projects/{projectId}";
  return [
    { method: "GET", template: "_apis/projects", version: "7.1", scope: "vso.project", handle: (r) => list(state, r) },
    {
      method: "POST",
      template: "_apis/projects",
      version: "7.1",
      scope: "vso.project_manage",
      handle: (r) => create(state, r),
    },
    { method: "GET", template: one, version: "7.1", scope: "vso.project", handle: (r) => get(state, r) },
    { method: "PATCH", template: one, version: "7.1", scope: "vso.project_write", handle: (r) => update(state, r) },
    { method: "DELETE", template: one, version: "7.1", scope: "vso.project_manage", handle: (r) => remove(state, r) },
    {
      method: "GET",
      template: `${one}/properties`,
      version: "7.1-preview.1",
      scope: "vso.project",
      handle: (r) => properties(state, r),
    },
    {
      method: "PATCH",
      template: `${one}/properties`,
      version: "7.1-preview.1",
      scope: "vso.project_write",
      handle: (r) => setProperties(state, r),
    },
    {
      method: "GET",
      template: "_apis/process/processes",
      version: "7.1",
      scope: "vso.work",
      handle: ({ organizationUrl }) => listAnswer(processes.map((process) => processBody(process, organizationUrl))),
    },
  ];
}

function list(state: SimulatorState, { query, organizationUrl, maySee }: SimRequest): SimAnswer {
  const filter = (query.get("stateFilter") ?? "wellFormed").toLowerCase();
  const wanted = state.projectStore.all().filter((project) => {
    const its = state.projectStore.stateOf(project).toLowerCase();
    return maySee(project.id) && (filter === "all" ? its !== "deleted" : its === filter);
  });
  const sorted = [...wanted].sort((a, b) => (a.id < b.id ? -1 : 1));
  if (query.has("$skip")) {
    return listAnswer(skipPage(sorted, query, 100).map((one) => projectReference(state, one, organizationUrl)));
  }
  const { page, headers } = tokenPage(sorted, query, { defaultTop: 100, plain: true });
  return listAnswer(
    page.map((project) => projectReference(state, project, organizationUrl)),
    headers,
  );
}

/** By id in any state, by name when not deleted; former names when asked for. */
function projectAt(state: SimulatorState, { params, query, maySee }: SimRequest): ProjectRecord {
  const name = params.projectId ?? "";
  const former = isOn(query, "includeHistory")
    ? state.projects().find(({ formerNames }) => formerNames.some((old) => old.toLowerCase() === name.toLowerCase()))
    : undefined;
  const project = state.projectStore.find(name) ?? former ?? state.projectStore.byId(name);
  if (project === undefined || !maySee(project.id)) throw projectNotFound(name);
  return project;
}

function get(state: SimulatorState, request: SimRequest): SimAnswer {
  const project = projectAt(state, request);
  if (project.deletedAt !== undefined) throw projectNotFound(request.params.projectId ?? "");
  const { organizationUrl, query } = request;
  const reference = projectReference(state, project, organizationUrl);
  const isGit = project.sourceControl === "Git";
  const capabilities = {
    processTemplate: { templateName: project.process.name, templateTypeId: project.process.id },
    versioncontrol: {
      sourceControlType: project.sourceControl,
      gitEnabled: isGit ? "True" : "False",
      tfvcEnabled: isGit ? "False" : "True",
    },
  };
  const team = project.teams.find(({ id }) => id === project.defaultTeamId);
  const self = `${organizationUrl}/_apis/projects/${project.id}`;
  return {
    body: {
      ...reference,
      ...(isOn(query, "includeCapabilities") ? { capabilities } : {}),
      _links: {
        self: { href: self },
        collection: { href: `${organizationUrl}/_apis/projectCollections/${state.organization.id}` },
        web: { href: `${organizationUrl}/${encodeURIComponent(project.name)}` },
      },
      defaultTeam: { id: project.defaultTeamId, name: team?.name ?? "", url: `${self}/teams/${project.defaultTeamId}` },
    },
  };
}

function operationAnswer(state: SimulatorState, organizationUrl: string, id: string): SimAnswer {
  return { status: 202, body: { id, status: "notSet", url: `${organizationUrl}/_apis/operations/${id}` } };
}

function create(state: SimulatorState, { body, organizationUrl }: SimRequest): SimAnswer {
  const wanted = newProjectOf(body);
  const failure = state.nextCreationFailure;
  state.nextCreationFailure = undefined;
  const project = state.createProject(wanted, state.projectCreationMs * 1.5);
  if (failure !== undefined) state.purgeProject(project);
  return operationAnswer(state, organizationUrl, state.operations.start(state.projectCreationMs, failure));
}

function newProjectOf(body: JsonValue | undefined): NewProject {
  if (!isObject(body))
    throw badRequest("ArgumentNullException", "Value cannot be null. Parameter name: projectToCreate");
  const capabilities = objectAt(body, "capabilities") ?? {};
  const processId = stringAt(objectAt(capabilities, "processTemplate") ?? {}, "templateTypeId");
  const control = stringAt(objectAt(capabilities, "versioncontrol") ?? {}, "sourceControlType");
  if (processId === undefined || control === undefined) {
    const message = "TF50309: The project must name capabilities.versioncontrol and capabilities.processTemplate.";
    throw badRequest("ProjectCapabilitiesMissingException", message);
  }
  return {
    name: stringAt(body, "name") ?? "",
    description: stringAt(body, "description") ?? "",
    visibility: stringAt(body, "visibility")?.toLowerCase() === "public" ? "public" : "private",
    processId,
    sourceControl: control.toLowerCase() === "tfvc" ? "Tfvc" : "Git",
  };
}

function update(state: SimulatorState, request: SimRequest): SimAnswer {
  const project = projectAt(state, request);
  const body = isObject(request.body) ? request.body : {};
  const name = stringAt(body, "name");
  const visibility = stringAt(body, "visibility")?.toLowerCase();
  if (stringAt(body, "state")?.toLowerCase() === "wellformed" && project.deletedAt !== undefined) {
    state.projectStore.undelete(project);
  }
  if (project.deletedAt !== undefined) throw projectNotFound(project.name);
  if (name !== undefined && name !== project.name) state.projectStore.rename(project, name);
  project.description = stringAt(body, "description") ?? project.description;
  if (visibility === "public" || visibility === "private") project.visibility = visibility;
  state.projectStore.touch(project);
  return operationAnswer(state, request.organizationUrl, state.operations.start(state.projectCreationMs / 3));
}

function remove(state: SimulatorState, request: SimRequest): SimAnswer {
  const project = projectAt(state, request);
  if (project.deletedAt === undefined) state.projectStore.delete(project);
  else state.purgeProject(project);
  return operationAnswer(state, request.organizationUrl, state.operations.start(state.projectCreationMs / 3));
}

function properties(state: SimulatorState, request: SimRequest): SimAnswer {
  const project = projectAt(state, request);
  const wanted = (request.query.get("keys") ?? "*").split(",").map(patternOf);
  const all = [...project.properties].map(([name, value]) => ({ name, value }));
  return listAnswer(all.filter(({ name }) => wanted.some((pattern) => pattern.test(name))));
}

/** `?` and `*` stand for one and any number of characters. */
function patternOf(key: string): RegExp {
  const escaped = key.trim().replace(/[.+^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replaceAll("*", ".*").replaceAll("?", ".")}$`, "i");
}

function setProperties(state: SimulatorState, request: SimRequest): SimAnswer {
  const project = projectAt(state, request);
  const operations = arrayAt({ operations: request.body ?? null }, "operations") ?? [];
  for (const operation of operations) applyProperty(project, operation);
  state.projectStore.touch(project);
  return { status: 204 };
}

function applyProperty(project: ProjectRecord, operation: JsonValue): void {
  const { op, path, value } = isObject(operation) ? operation : ({} as JsonObject);
  if (typeof path !== "string" || !path.startsWith("/")) {
    throw badRequest("VssPropertyValidationException", "The path of a patch operation must begin with '/'.");
  }
  const name = path.slice(1);
  if (op === "remove") project.properties.delete(name);
  else if (op === "add" || op === "replace") project.properties.set(name, value ?? null);
  else
    throw badRequest(
      "VssPropertyValidationException",
      `The patch operation ${JSON.stringify(op ?? null)} is not supported.`,
    );
}

function processBody(process: { readonly id: string; readonly name: string }, organizationUrl: string): JsonObject {
  return {
    id: process.id,
    name: process.name,
    description: `The ${process.name} process.`,
    isDefault: process.name === "Agile",
    type: "system",
    url: `${organizationUrl}/_apis/process/processes/${process.id}`,
  };
}
