/**
 * Pipelines and their definitions (learn.microsoft.com/rest/api/azure/devops/pipelines); runs are in
 * pipeline-run-routes.ts.
 */
import { isObject, objectAt, stringAt, type JsonObject } from "../../../engine/foundation/json.ts";
import type { BuildRecord, DefinitionRecord } from "./build-store.ts";
import type { PipelineVariables } from "./variables.ts";
import { badRequest, repositoryNotFound } from "../http/errors.ts";
import { identityRef } from "../project/identity-store.ts";
import { isOn, listAnswer, tokenPage } from "../http/paging.ts";
import type { ProjectRecord } from "../project/project-store.ts";
import type { RepositoryRecord } from "../repos/repository-store.ts";
import { definitionEnums } from "../http/enums.ts";
import type { Route, SimAnswer, SimRequest } from "../service.ts";
import { SimError } from "../service.ts";
import type { SimulatorState } from "../state.ts";
import { projectReference } from "../project/project-routes.ts";

type Handler = (state: SimulatorState, request: SimRequest) => SimAnswer;

export function pipelineRoutes(state: SimulatorState): readonly Route[] {
  const read = (template: string, handler: Handler): Route => ({
    method: "GET",
    template: `{project}/_apis/${template}`,
    version: "7.1",
    scope: "vso.build",
    enums: definitionEnums,
    handle: (request) => handler(state, request),
  });
  return [
    read("build/definitions", definitions),
    read("build/definitions/{definitionId}", definition),
    read("pipelines", pipelines),
    read("pipelines/{pipelineId}", pipeline),
    { ...read("pipelines", createPipeline), method: "POST", scope: "vso.build_execute" },
  ];
}

/** The project of a route that names one. */
export function pipelineProject(state: SimulatorState, { project }: SimRequest): ProjectRecord {
  const found = project === undefined ? undefined : state.projectOf(project.id);
  if (found === undefined) throw new Error("a route without {project}");
  return found;
}

/** The pipeline a route names. Throws the service's 404. */
export function definitionAt(state: SimulatorState, request: SimRequest, name: string): DefinitionRecord {
  const id = Number(request.params[name]);
  const found = state.builds.definition(pipelineProject(state, request).id, id);
  if (found !== undefined) return found;
  throw new SimError(
    404,
    "DefinitionNotFoundException",
    `TF1540071: Build definition ${request.params[name] ?? ""} was not found.`,
  );
}

/** The run a route names. Throws the service's 404. */
export function buildAt(state: SimulatorState, request: SimRequest, name = "buildId"): BuildRecord {
  const found = state.builds.build(pipelineProject(state, request).id, Number(request.params[name]));
  if (found !== undefined) return found;
  throw new SimError(
    404,
    "BuildNotFoundException",
    `The requested build ${request.params[name] ?? ""} could not be found.`,
  );
}

export const queue = { id: 1, name: "Azure Pipelines", pool: { id: 1, name: "Azure Pipelines", isHosted: true } };

export function definitionReference(state: SimulatorState, record: DefinitionRecord, request: SimRequest): JsonObject {
  const { organizationUrl } = request;
  const url = `${organizationUrl}/${record.projectId}/_apis/build/Definitions/${record.id}?revision=${record.revision}`;
  return {
    drafts: [],
    id: record.id,
    name: record.name,
    url,
    uri: `vstfs:///Build/Definition/${record.id}`,
    path: record.path,
    type: "build",
    queueStatus: "enabled",
    revision: record.revision,
    project: projectReference(state, pipelineProject(state, request), organizationUrl),
  };
}

function definitionBody(state: SimulatorState, record: DefinitionRecord, request: SimRequest): JsonObject {
  const { organizationUrl } = request;
  const web = `${organizationUrl}/${record.projectId}/_build/definition?definitionId=${record.id}`;
  const reference = definitionReference(state, record, request);
  return {
    _links: {
      self: { href: reference.url ?? "" },
      web: { href: web },
      editor: {
        href: `${organizationUrl}/${record.projectId}/_build/designer?id=${record.id}&_a=edit-build-definition`,
      },
      badge: { href: `${organizationUrl}/${record.projectId}/_apis/build/status/${record.id}` },
    },
    quality: "definition",
    authoredBy: identityRef(state.owner, organizationUrl),
    queue: {
      _links: { self: { href: `${organizationUrl}/_apis/build/Queues/${queue.id}` } },
      ...queue,
      url: `${organizationUrl}/_apis/build/Queues/${queue.id}`,
    },
    ...reference,
    createdDate: record.createdAt,
  };
}

function definitions(state: SimulatorState, request: SimRequest): SimAnswer {
  const { query } = request;
  const name = query.get("name");
  const ids = query.get("definitionIds")?.split(",").map(Number);
  const all = state.builds
    .definitions(pipelineProject(state, request).id)
    .filter((one) => name === null || wildcard(name).test(one.name))
    .filter(({ id }) => ids === undefined || ids.includes(id))
    .filter(({ yamlFilename }) => isSameFile(query.get("yamlFilename") ?? yamlFilename, yamlFilename));
  const { page, headers } = tokenPage(all, query, { defaultTop: 10_000 });
  const isWhole = isOn(query, "includeAllProperties");
  return listAnswer(
    page.map((one) => (isWhole ? wholeDefinition : definitionBody)(state, one, request)),
    headers,
  );
}

function isSameFile(one: string, other: string): boolean {
  return one.replace(/^\//, "") === other.replace(/^\//, "");
}

function wildcard(text: string): RegExp {
  return new RegExp(`^${text.replace(/[.+^${}()|[\]\\?]/g, "\\$&").replaceAll("*", ".*")}$`, "i");
}

function definition(state: SimulatorState, request: SimRequest): SimAnswer {
  return { body: wholeDefinition(state, definitionAt(state, request, "definitionId"), request) };
}

function wholeDefinition(state: SimulatorState, record: DefinitionRecord, request: SimRequest): JsonObject {
  const repository = repositoryAt(state, record);
  return {
    triggers: [],
    properties: {},
    tags: [],
    jobAuthorizationScope: "project",
    process: { yamlFilename: record.yamlFilename, type: 2 },
    repository: {
      properties: { reportBuildStatus: "true" },
      ...repositoryOfDefinition(state, record, request.organizationUrl),
      defaultBranch: repository?.defaultBranch ?? "refs/heads/main",
    },
    ...definitionBody(state, record, request),
    variables: shownVariables(record.variables),
  };
}

/** Values of secrets are never shown. */
function shownVariables(variables: PipelineVariables): JsonObject {
  const shown = Object.entries(variables).map(([name, { value, isSecret, isSettable }]) => [
    name,
    {
      value: isSecret === true ? null : value,
      ...(isSecret === true ? { isSecret } : {}),
      ...(isSettable === true ? { allowOverride: true } : {}),
    },
  ]);
  return Object.fromEntries(shown) as JsonObject;
}

/** The repository that holds the YAML: the one named, else the project's first. */
export function repositoryAt(
  state: SimulatorState,
  definition: DefinitionRecord | undefined,
): RepositoryRecord | undefined {
  if (definition === undefined) return undefined;
  const { repositoryId, projectId } = definition;
  return repositoryId === undefined ? state.repositories.list(projectId)[0] : state.repositories.byId(repositoryId);
}

export function repositoryOfDefinition(
  state: SimulatorState,
  definition: DefinitionRecord | undefined,
  organizationUrl: string,
): JsonObject {
  const repository = repositoryAt(state, definition);
  const project = state.projectStore.byId(definition?.projectId ?? "");
  const place = [project?.name ?? "", "_git", repository?.name ?? ""].map(encodeURIComponent).join("/");
  return {
    id: repository?.id ?? "",
    type: "TfsGit",
    name: repository?.name ?? "",
    url: `${organizationUrl}/${place}`,
    clean: null,
    checkoutSubmodules: false,
  };
}

export function pipelineBody(record: DefinitionRecord, { organizationUrl }: SimRequest): JsonObject {
  const url = `${organizationUrl}/${record.projectId}/_apis/pipelines/${record.id}?revision=${record.revision}`;
  const web = `${organizationUrl}/${record.projectId}/_build/definition?definitionId=${record.id}`;
  return {
    _links: { self: { href: url }, web: { href: web } },
    url,
    id: record.id,
    revision: record.revision,
    name: record.name,
    folder: record.path,
  };
}

function pipelines(state: SimulatorState, request: SimRequest): SimAnswer {
  const all = [...state.builds.definitions(pipelineProject(state, request).id)].sort((a, b) =>
    a.name < b.name ? -1 : 1,
  );
  const { page, headers } = tokenPage(all, request.query, { defaultTop: 10_000 });
  return listAnswer(
    page.map((one) => pipelineBody(one, request)),
    headers,
  );
}

function pipeline(state: SimulatorState, request: SimRequest): SimAnswer {
  return { body: wholePipeline(state, definitionAt(state, request, "pipelineId"), request) };
}

function wholePipeline(state: SimulatorState, record: DefinitionRecord, request: SimRequest): JsonObject {
  const repository = { id: repositoryAt(state, record)?.id ?? "", type: "azureReposGit" };
  const configuration = { path: record.yamlFilename, repository, type: "yaml" };
  return { ...pipelineBody(record, request), configuration };
}

/** From a file in a repository of the project. */
function createPipeline(state: SimulatorState, request: SimRequest): SimAnswer {
  const project = pipelineProject(state, request);
  const body = isObject(request.body) ? request.body : {};
  const configuration = objectAt(body, "configuration") ?? {};
  const name = stringAt(body, "name") ?? "";
  const yamlFilename = stringAt(configuration, "path") ?? "";
  const wanted = stringAt(objectAt(configuration, "repository") ?? {}, "id") ?? "";
  const repository = state.repositories.find(wanted, project.id);
  if (name === "" || yamlFilename === "")
    throw badRequest("PipelineValidationException", "A pipeline needs a name and the path of its YAML file.");
  if (repository === undefined) throw repositoryNotFound(wanted);
  const path = stringAt(body, "folder") ?? "\\";
  const record = state.builds.addDefinition(project, { name, path, yamlFilename, repositoryId: repository.id });
  return { body: wholePipeline(state, record, request) };
}
