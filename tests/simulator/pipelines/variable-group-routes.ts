/** Variable groups over REST; the values of secrets go in and never come out. */
import { arrayAt, isObject, objectAt, stringAt, type JsonObject } from "../../../engine/foundation/json.ts";
import { documentRoutes, type Acceptance } from "../documents/document-routes.ts";
import type { DocumentStore, SimDocument } from "../documents/document-store.ts";
import { badRequest, projectNotFound } from "../http/errors.ts";
import { identityRef } from "../project/identity-store.ts";
import type { Route, SimProject, SimRequest } from "../service.ts";
import { SimError } from "../service.ts";
import type { SimulatorState } from "../state.ts";
import { keptVariables, requireFreeName, variableGroupDocuments } from "./variable-group-store.ts";
import { shownVariables } from "./variables.ts";

export function variableGroupRoutes(state: SimulatorState): readonly Route[] {
  const store = state.part(variableGroupDocuments);
  return documentRoutes({
    store,
    template: "{project}/_apis/distributedtask/variablegroups",
    writeTemplate: "_apis/distributedtask/variablegroups",
    parameter: "groupId",
    version: "7.1",
    scopes: { read: "vso.variablegroups_read", write: "vso.variablegroups_manage" },
    paging: { defaultTop: 10_000, plain: true },
    projectOf: (body, request) => projectsIn(body, { state, request })[0],
    accept: (body, place) => accepted(body, place, { state, store }),
    show: (document, request) => shown(state, document, request),
    isWanted: ({ body }, query) =>
      (query.get("groupName") ?? stringAt(body, "name"))?.toLowerCase() === stringAt(body, "name")?.toLowerCase(),
    notFound: (id) =>
      new SimError(404, "VariableGroupNotFoundException", `Variable group with ID ${id} does not exist.`),
  });
}

/** The project references a body names; the first is where the group is. Throws the service's 404. */
function projectsIn(
  body: JsonObject,
  { state, request }: { readonly state: SimulatorState; readonly request: SimRequest },
): [SimProject, ...SimProject[]] {
  const projects = (arrayAt(body, "variableGroupProjectReferences") ?? []).filter(isObject).map((reference) => {
    const place = objectAt(reference, "projectReference") ?? {};
    const wanted = stringAt(place, "id") ?? stringAt(place, "name") ?? "";
    const project = state.projectOf(wanted);
    if (project === undefined || !request.maySee(project.id)) throw projectNotFound(wanted);
    return project;
  });
  const [first, ...others] = projects;
  if (first === undefined)
    throw badRequest("VariableGroupException", "A variable group needs at least one project reference.");
  return [first, ...others];
}

function accepted(
  body: JsonObject,
  { request, before }: Acceptance,
  { state, store }: { readonly state: SimulatorState; readonly store: DocumentStore },
): { readonly body: JsonObject; readonly sharedWith: readonly string[] } {
  const name = stringAt(body, "name") ?? "";
  if (name === "") throw badRequest("VariableGroupException", "The name of a variable group cannot be empty.");
  const projects = projectsIn(body, { state, request });
  for (const { id } of projects)
    requireFreeName(store, id, { name, ...(before === undefined ? {} : { id: before.id }) });
  const { providerData = null, type = "Vsts", description = "" } = body;
  const variables = variablesOf(body, before);
  requireConnection(body);
  return {
    body: { name, description, type, variables, ...(providerData === null ? {} : { providerData }) },
    sharedWith: projects.map(({ id }) => id).filter((id) => id !== (before?.projectId ?? projects[0].id)),
  };
}

function variablesOf(body: JsonObject, before: SimDocument | undefined): JsonObject {
  return keptVariables(objectAt(body, "variables") ?? {}, objectAt(before?.body ?? {}, "variables") ?? {});
}

function requireConnection(body: JsonObject): void {
  const connection = stringAt(objectAt(body, "providerData") ?? {}, "serviceEndpointId");
  if (body.type === "AzureKeyVault" && connection === undefined)
    throw badRequest("VariableGroupException", "A group of a key vault needs the vault and a service connection.");
}

function shown(state: SimulatorState, document: SimDocument, { organizationUrl }: SimRequest): JsonObject {
  const { id, body, createdOn, createdBy, modifiedOn, modifiedBy } = document;
  const references = [...new Set([document.projectId, ...document.sharedWith])].map((project) => ({
    projectReference: { id: project, name: state.projectStore.byId(project)?.name ?? "" },
    name: body.name ?? "",
    description: body.description ?? "",
  }));
  return {
    ...body,
    variables: shownVariables(objectAt(body, "variables") ?? {}),
    id: Number(id),
    isShared: document.sharedWith.size > 0,
    ...{ createdBy: identityRef(createdBy, organizationUrl), createdOn },
    ...{ modifiedBy: identityRef(modifiedBy, organizationUrl), modifiedOn },
    variableGroupProjectReferences: references,
  };
}
