/** Service connections over REST; what they sign in with goes in and never comes out. */
import { arrayAt, isObject, objectAt, stringAt, type JsonObject } from "../../../engine/foundation/json.ts";
import { documentRoutes } from "../documents/document-routes.ts";
import type { SimDocument } from "../documents/document-store.ts";
import { badRequest, projectNotFound } from "../http/errors.ts";
import { identityRef } from "../project/identity-store.ts";
import { SimError, type Route, type SimProject, type SimRequest } from "../service.ts";
import type { SimulatorState } from "../state.ts";
import { endpointDocuments } from "./endpoint-store.ts";

export function endpointRoutes(state: SimulatorState): readonly Route[] {
  return documentRoutes({
    store: state.part(endpointDocuments),
    template: "{project}/_apis/serviceendpoint/endpoints",
    writeTemplate: "_apis/serviceendpoint/endpoints",
    parameter: "endpointId",
    version: "7.1",
    scopes: { read: "vso.serviceendpoint", write: "vso.serviceendpoint_manage" },
    paging: { defaultTop: 10_000 },
    projectOf: (body, request) => projectIn(body, { state, request }),
    accept: (body) => ({ body: accepted(body) }),
    show: (document, request) => shown(state, document, request),
    notFound: (id) => new SimError(404, "ServiceEndpointNotFoundException", `Service connection ${id} was not found.`),
  });
}

function projectIn(
  body: JsonObject,
  { state, request }: { readonly state: SimulatorState; readonly request: SimRequest },
): SimProject {
  const [reference = {}] = (arrayAt(body, "serviceEndpointProjectReferences") ?? []).filter(isObject);
  const wanted = stringAt(objectAt(reference, "projectReference") ?? {}, "id") ?? "";
  const project = state.projectOf(wanted);
  if (project !== undefined && request.maySee(project.id)) return project;
  throw projectNotFound(wanted);
}

function accepted(body: JsonObject): JsonObject {
  const { name = "", type = "generic", url = "", description = "", authorization = {} } = body;
  if (name === "") throw badRequest("ServiceEndpointException", "A service connection needs a name.");
  return { name, type, url, description, authorization };
}

function shown(state: SimulatorState, document: SimDocument, { organizationUrl }: SimRequest): JsonObject {
  const { id, projectId, body, createdBy } = document;
  const { name = "", description = "" } = body;
  const project = { id: projectId, name: state.projectStore.byId(projectId)?.name ?? "" };
  const authorization = objectAt(body, "authorization") ?? {};
  return {
    ...{ data: {}, id, name, type: body.type ?? "generic", url: body.url ?? "", description },
    createdBy: identityRef(createdBy, organizationUrl),
    authorization: { scheme: authorization.scheme ?? "None", parameters: {} },
    ...{ isShared: false, isReady: true, isOutdated: false, owner: "Library" },
    serviceEndpointProjectReferences: [{ projectReference: project, name, description }],
  };
}
