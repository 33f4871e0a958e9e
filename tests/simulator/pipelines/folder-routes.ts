/** Folders of pipelines over REST; one above another has to be there first. */
import { isObject, stringAt, type JsonObject } from "../../../engine/foundation/json.ts";
import { badRequest } from "../http/errors.ts";
import { listAnswer } from "../http/paging.ts";
import { identityRef } from "../project/identity-store.ts";
import { projectReference } from "../project/project-routes.ts";
import { SimError, type Route, type SimAnswer, type SimRequest } from "../service.ts";
import type { SimulatorState } from "../state.ts";
import { folderStore, parentFolder, type FolderRecord } from "./folder-store.ts";
import { pipelineProject } from "./pipeline-routes.ts";

export function folderRoutes(state: SimulatorState): readonly Route[] {
  const template = "{project}/_apis/build/folders";
  const version = "7.1-preview.2";
  return [
    { method: "GET", template, version, scope: "vso.build", handle: (request) => list(state, request) },
    { method: "PUT", template, version, scope: "vso.build_execute", handle: (request) => create(state, request) },
  ];
}

function list(state: SimulatorState, request: SimRequest): SimAnswer {
  const folders = state.part(folderStore).of(pipelineProject(state, request).id);
  return listAnswer(folders.map((one) => body(state, one, request)));
}

function create(state: SimulatorState, request: SimRequest): SimAnswer {
  const store = state.part(folderStore);
  const { id } = pipelineProject(state, request);
  const path = request.query.get("path") ?? "";
  if (!path.startsWith("\\")) throw badRequest("InvalidFolderException", `The path '${path}' is not valid.`);
  if (store.has(id, path)) throw new SimError(409, "FolderExistsException", `Folder ${path} already exists.`);
  if (!store.has(id, parentFolder(path)))
    throw new SimError(404, "FolderNotFoundException", `Folder ${parentFolder(path)} was not found.`);
  const description = isObject(request.body) ? (stringAt(request.body, "description") ?? "") : "";
  return { body: body(state, store.add(id, path, description), request) };
}

function body(state: SimulatorState, { path, description, createdOn }: FolderRecord, request: SimRequest): JsonObject {
  const { organizationUrl } = request;
  return {
    ...{ path, description, createdOn },
    createdBy: identityRef(state.owner, organizationUrl),
    project: projectReference(state, pipelineProject(state, request), organizationUrl),
  };
}
