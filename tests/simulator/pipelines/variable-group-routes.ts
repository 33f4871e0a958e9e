/** Variable groups over REST; the values of secrets go in and never come out. */
import { arrayAt, isObject, objectAt, stringAt, type JsonObject } from "../../../engine/foundation/json.ts";
import type { PipelineVariables } from "./variables.ts";
import { badRequest, projectNotFound } from "../http/errors.ts";
import { identityRef } from "../project/identity-store.ts";
import { listAnswer } from "../http/paging.ts";
import type { Route, SimAnswer, SimProject, SimRequest } from "../service.ts";
import { SimError } from "../service.ts";
import type { SimulatorState } from "../state.ts";
import type { VariableGroupRecord } from "./variable-group-store.ts";
import { pipelineProject } from "./pipeline-routes.ts";

export function variableGroupRoutes(state: SimulatorState): readonly Route[] {
  const template = "{project}/_apis/distributedtask/variablegroups";
  const read = { method: "GET", version: "7.1", scope: "vso.variablegroups_read" } as const;
  return [
    { ...read, template, handle: (request) => groups(state, request) },
    { ...read, template: `${template}/{groupId}`, handle: (request) => group(state, request) },
    {
      ...read,
      method: "POST",
      template: "_apis/distributedtask/variablegroups",
      scope: "vso.variablegroups_manage",
      handle: (request) => create(state, request),
    },
  ];
}

function groups(state: SimulatorState, request: SimRequest): SimAnswer {
  const name = request.query.get("groupName");
  const all = state.builds.variableGroups(pipelineProject(state, request).id);
  const wanted = all.filter((one) => name === null || one.name.toLowerCase() === name.toLowerCase());
  return listAnswer(wanted.map((one) => groupBody(state, one, request)));
}

function group(state: SimulatorState, request: SimRequest): SimAnswer {
  const all = state.builds.variableGroups(pipelineProject(state, request).id);
  const found = all.find(({ id }) => String(id) === request.params.groupId);
  if (found !== undefined) return { body: groupBody(state, found, request) };
  const message = `Variable group with ID ${request.params.groupId ?? ""} does not exist.`;
  throw new SimError(404, "VariableGroupNotFoundException", message);
}

function create(state: SimulatorState, request: SimRequest): SimAnswer {
  const body = isObject(request.body) ? request.body : {};
  const name = stringAt(body, "name") ?? "";
  if (name === "") throw badRequest("VariableGroupException", "The name of a variable group cannot be empty.");
  const project = projectIn(body, { state, request });
  const variables = variablesIn(objectAt(body, "variables") ?? {});
  const description = stringAt(body, "description") ?? "";
  const record = state.builds.addVariableGroup(project, { name, description, variables });
  return { body: groupBody(state, record, request) };
}

function projectIn(
  body: JsonObject,
  { state, request }: { readonly state: SimulatorState; readonly request: SimRequest },
): SimProject {
  const [reference = {}] = (arrayAt(body, "variableGroupProjectReferences") ?? []).filter(isObject);
  const place = objectAt(reference, "projectReference") ?? {};
  const wanted = stringAt(place, "id") ?? stringAt(place, "name") ?? "";
  const project = state.projectOf(wanted);
  if (project !== undefined && request.maySee(project.id)) return project;
  throw projectNotFound(wanted);
}

function variablesIn(given: JsonObject): PipelineVariables {
  const entries = Object.keys(given).map((name) => {
    const variable = objectAt(given, name) ?? {};
    return [name, { value: stringAt(variable, "value") ?? "", isSecret: variable.isSecret === true }] as const;
  });
  return Object.fromEntries(entries);
}

function groupBody(state: SimulatorState, record: VariableGroupRecord, { organizationUrl }: SimRequest): JsonObject {
  const { id, name, description, createdOn, createdBy, projectId, variables } = record;
  const person = identityRef(createdBy, organizationUrl);
  const project = { id: projectId, name: state.projectStore.byId(projectId)?.name ?? "" };
  const shown = Object.entries(variables).map(([key, { value, isSecret }]) => [
    key,
    isSecret === true ? { value: null, isSecret } : { value },
  ]);
  return {
    ...{ id, name, description, type: "Vsts", isShared: false },
    variables: Object.fromEntries(shown) as JsonObject,
    ...{ createdBy: person, createdOn, modifiedBy: person, modifiedOn: createdOn },
    variableGroupProjectReferences: [{ projectReference: project, name, description }],
  };
}
