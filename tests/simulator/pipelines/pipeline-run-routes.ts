/**
 * Runs of pipelines: previews, starts, refusals (learn.microsoft.com/rest/api/azure/devops/pipelines). What a run does,
 * an agent does.
 */
import { isObject, objectAt, stringAt } from "../../../engine/foundation/json.ts";
import type { JsonObject } from "../../../engine/foundation/json.ts";
import type { BuildRecord } from "./build-store.ts";
import type { DefinitionRecord } from "./definition-store.ts";
import type { PipelineVariables } from "./variables.ts";
import { runEnums } from "../http/enums.ts";
import { badRequest } from "../http/errors.ts";
import { listAnswer } from "../http/paging.ts";
import { planOf } from "./runs/plan.ts";
import type { RepositoryRecord } from "../repos/repository-store.ts";
import { tryGit } from "../git/run-git.ts";
import type { Route, SimAnswer, SimRequest } from "../service.ts";
import type { SimulatorState } from "../state.ts";
import { repositoryAt } from "./definition-view.ts";
import { buildAt, definitionAt, pipelineBody } from "./pipeline-routes.ts";

export function pipelineRunRoutes(state: SimulatorState): readonly Route[] {
  const template = "{project}/_apis/pipelines/{pipelineId}/runs";
  const read = { method: "GET", version: "7.1", scope: "vso.build", enums: runEnums } as const;
  const write = { ...read, method: "POST", scope: "vso.build_execute" } as const;
  return [
    { ...read, template, handle: (request) => runs(state, request) },
    { ...read, template: `${template}/{runId}`, handle: (request) => runOfPipeline(state, request) },
    { ...write, template, handle: (request) => startRun(state, request) },
    {
      ...write,
      template: "{project}/_apis/pipelines/{pipelineId}/preview",
      handle: (request) => startRun(state, request, true),
    },
  ];
}

const runStates = {
  notStarted: "inProgress",
  inProgress: "inProgress",
  cancelling: "canceling",
  completed: "completed",
} as const;
/** This older interface has no word for partial success. */
const runResults = {
  succeeded: "succeeded",
  partiallySucceeded: "succeeded",
  failed: "failed",
  canceled: "canceled",
} as const;

function runBody(state: SimulatorState, record: BuildRecord, request: SimRequest): JsonObject {
  const definition = state.builds.definition(record.projectId, record.definitionId);
  const base = `${request.organizationUrl}/${record.projectId}`;
  const url = `${base}/_apis/pipelines/${record.definitionId}/runs/${record.id}`;
  return {
    _links: { self: { href: url }, web: { href: `${base}/_build/results?buildId=${record.id}` } },
    templateParameters: record.templateParameters,
    pipeline: definition === undefined ? null : pipelineBody(definition, request),
    state: runStates[record.status],
    ...(record.result === undefined ? {} : { result: runResults[record.result] }),
    createdDate: record.queueTime,
    ...(record.finishTime === undefined ? {} : { finishedDate: record.finishTime }),
    url,
    resources: { repositories: { self: { refName: record.sourceBranch, version: record.sourceVersion } } },
    id: record.id,
    name: record.buildNumber,
  };
}

function runs(state: SimulatorState, request: SimRequest): SimAnswer {
  const { id, projectId } = definitionAt(state, request, "pipelineId");
  const wanted = state.builds.builds(projectId).filter((one) => one.definitionId === id);
  return listAnswer(wanted.map((one) => runBody(state, one, request)));
}

function runOfPipeline(state: SimulatorState, request: SimRequest): SimAnswer {
  definitionAt(state, request, "pipelineId");
  return { body: runBody(state, buildAt(state, request, "runId"), request) };
}

async function startRun(state: SimulatorState, request: SimRequest, isPreview = false): Promise<SimAnswer> {
  const definition = definitionAt(state, request, "pipelineId");
  const body = isObject(request.body) ? request.body : {};
  const branch = branchIn(body) ?? defaultBranchOf(state, definition);
  const parameters = textsOf(objectAt(body, "templateParameters") ?? {});
  const variables = settable(definition, objectAt(body, "variables") ?? {});
  const override = stringAt(body, "yamlOverride");
  const isForShow = isPreview || body.previewRun === true;
  if (override !== undefined && !isForShow)
    throw badRequest("PipelineValidationException", "YAML overrides are only allowed for preview runs.");
  const yaml = override ?? yamlOf(state, definition, branch);
  const file = `/${definition.yamlFilename.replace(/^\//, "")}`;
  const plan = await planOf({ file, yaml, parameters, definition, builds: state.builds });
  if (isForShow) return { body: { finalYaml: plan.finalYaml } };
  const record = state.builds.queueRun(definition, {
    requestedFor: request.identity,
    templateParameters: parameters,
    sourceBranch: branch,
    sourceVersion: commitOf(state, definition, branch),
    job: plan.job,
    steps: plan.steps,
    variables: { ...plan.variables, ...variables },
    references: plan.repositories.flatMap((name) => repositoryNamed(state, definition, name)?.id ?? []),
  });
  return { body: runBody(state, record, request) };
}

/** `Repository` of the pipeline's project, or `Project/Repository`. */
function repositoryNamed(
  state: SimulatorState,
  { projectId }: DefinitionRecord,
  name: string,
): RepositoryRecord | undefined {
  const [own = "", other] = name.split("/");
  const project = other === undefined ? projectId : state.projectOf(own)?.id;
  return project === undefined ? undefined : state.repositories.find(other ?? own, project);
}

function branchIn(body: JsonObject): string | undefined {
  const repositories = objectAt(objectAt(body, "resources") ?? {}, "repositories") ?? {};
  return stringAt(objectAt(repositories, "self") ?? {}, "refName");
}

function defaultBranchOf(state: SimulatorState, definition: DefinitionRecord): string {
  return repositoryAt(state, definition)?.defaultBranch ?? "refs/heads/main";
}

function textsOf(values: JsonObject): Record<string, string> {
  const entries = Object.entries(values).map(([name, value]) => [
    name,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  return Object.fromEntries(entries) as Record<string, string>;
}

/** Variables that whoever starts a run gives. Throws for those the pipeline does not let them set. */
function settable({ variables }: DefinitionRecord, given: JsonObject): PipelineVariables {
  const refused = Object.keys(given).filter((name) => variables[name]?.isSettable !== true);
  if (refused.length > 0) {
    const message = `You can't set the following variables (${refused.join(", ")}). If you want to be able to set these variables, then edit the pipeline and select Settable at queue time on the variables tab of the pipeline editor.`;
    throw badRequest("PipelineValidationException", message);
  }
  const values = Object.keys(given).map(
    (name) => [name, stringAt(objectAt(given, name) ?? {}, "value") ?? ""] as const,
  );
  return Object.fromEntries(values.map(([name, value]) => [name, { ...variables[name], value }]));
}

/** The pipeline's file on the branch; the service refuses to run what it cannot read. */
function yamlOf(state: SimulatorState, definition: DefinitionRecord, branch: string): string {
  const repository = repositoryAt(state, definition);
  const file = definition.yamlFilename.replace(/^\//, "");
  const found = git(state, definition, ["show", `${branch}:${file}`]);
  if (found !== undefined) return found;
  const message = `/${file}: File not found in repository ${repository?.name ?? ""} branch ${branch}.`;
  throw badRequest("PipelineValidationException", message);
}

function commitOf(state: SimulatorState, definition: DefinitionRecord, branch: string): string {
  return git(state, definition, ["rev-parse", branch])?.trim() ?? "0".repeat(40);
}

function git(state: SimulatorState, definition: DefinitionRecord, args: readonly string[]): string | undefined {
  const repository = repositoryAt(state, definition);
  if (repository === undefined) return undefined;
  const { status, stdout } = tryGit(["-C", state.repositories.folderOf(repository), ...args]);
  return status === 0 ? stdout : undefined;
}
