/**
 * Pipelines and their definitions (learn.microsoft.com/rest/api/azure/devops/pipelines); runs are in
 * pipeline-run-routes.ts.
 */
import { isObject, objectAt, stringAt, type JsonObject } from "../../../engine/foundation/json.ts";
import type { BuildRecord } from "./build-store.ts";
import type { DefinitionRecord } from "./definition-store.ts";
import { repositoryAt } from "./definition-view.ts";
import { badRequest, repositoryNotFound } from "../http/errors.ts";
import { listAnswer, tokenPage } from "../http/paging.ts";
import type { ProjectRecord } from "../project/project-store.ts";
import { definitionEnums } from "../http/enums.ts";
import type { Route, SimAnswer, SimRequest } from "../service.ts";
import { SimError } from "../service.ts";
import type { SimulatorState } from "../state.ts";

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
