/** Definitions of pipelines over REST, YAML and classic. */
import { arrayAt, isObject, objectAt, stringAt, type JsonObject } from "../../../engine/foundation/json.ts";
import { documentRoutes, type Acceptance } from "../documents/document-routes.ts";
import { definitionEnums } from "../http/enums.ts";
import { badRequest, repositoryNotFound } from "../http/errors.ts";
import { SimError, type Route, type SimProject } from "../service.ts";
import type { SimulatorState } from "../state.ts";
import { definitionDocuments, groupsOf, requireFreePlace } from "./definition-store.ts";
import { shallowDefinition, wholeDefinition } from "./definition-view.ts";
import { folderStore } from "./folder-store.ts";
import { queueStore } from "./queue-store.ts";
import { keptVariables, variableGroupDocuments } from "./variable-group-store.ts";

export function definitionRoutes(state: SimulatorState): readonly Route[] {
  const store = state.part(definitionDocuments);
  return documentRoutes({
    store,
    template: "{project}/_apis/build/definitions",
    parameter: "definitionId",
    version: "7.1",
    scopes: { read: "vso.build", write: "vso.build_execute" },
    enums: definitionEnums,
    paging: { defaultTop: 10_000 },
    concurrency: "revision",
    hasRecycleBin: true,
    accept: (body, place) => ({ body: accepted(state, body, place) }),
    show: (document, request) => wholeDefinition(state, document, request),
    recordedForm: (shown) => ({
      ...shown,
      process: { yamlFilename: "", ...objectAt(shown, "process") },
      triggers: (arrayAt(shown, "triggers") ?? []).filter(isObject).map((trigger) => ({ ...ofPush, ...trigger })),
    }),
    showInList: (document, request) => shallowDefinition(state, document, request),
    isWanted: ({ id, body }, query) => isWanted({ id, body }, query),
    notFound: (id) =>
      new SimError(404, "DefinitionNotFoundException", `TF1540071: Build definition ${id} was not found.`),
    conflict: ({ id }) =>
      new SimError(
        409,
        "InvalidDefinitionInQueueException",
        `The build definition ${id} was changed by somebody else; get it again and repeat the change.`,
      ),
  });
}

/** Recordings know only definitions from files that pushes start. */
const ofPush = {
  ...{ branchFilters: [], pathFilters: [], settingsSourceType: 1, batchChanges: false },
  maxConcurrentBuildsPerBranch: 1,
};

function isWanted({ id, body }: { readonly id: string; readonly body: JsonObject }, query: URLSearchParams): boolean {
  const name = query.get("name");
  const ids = query.get("definitionIds")?.split(",");
  const file = stringAt(objectAt(body, "process") ?? {}, "yamlFilename") ?? "";
  return (
    (name === null || wildcard(name).test(stringAt(body, "name") ?? "")) &&
    (ids === undefined || ids.includes(id)) &&
    isSameFile(query.get("yamlFilename") ?? file, file)
  );
}

function isSameFile(one: string, other: string): boolean {
  return one.replace(/^\//, "") === other.replace(/^\//, "");
}

function wildcard(text: string): RegExp {
  return new RegExp(`^${text.replace(/[.+^${}()|[\]\\?]/g, "\\$&").replaceAll("*", ".*")}$`, "i");
}

/** What people set; the service's own members are its own business. */
function accepted(state: SimulatorState, body: JsonObject, { project, before }: Acceptance): JsonObject {
  const name = stringAt(body, "name") ?? "";
  const path = stringAt(body, "path") ?? "\\";
  if (name === "") throw badRequest("InvalidDefinitionException", "A build definition needs a name.");
  if (!state.part(folderStore).has(project.id, path))
    throw new SimError(404, "FolderNotFoundException", `Folder ${path} was not found.`);
  const own = before === undefined ? {} : { id: before.id };
  requireFreePlace(state.part(definitionDocuments), project.id, { ...own, name, path });
  const kept = Object.fromEntries(Object.entries(body).filter(([member]) => !ownMembers.has(member)));
  const variables = keptVariables(objectAt(body, "variables") ?? {}, objectAt(before?.body ?? {}, "variables") ?? {});
  requireKnown(state, body, project);
  const { queue } = body;
  return {
    ...{ type: "build", quality: "definition", queueStatus: "enabled", triggers: [], properties: {}, tags: [] },
    ...kept,
    ...{ name, path, variables },
    ...(isObject(queue) ? { queue: { id: queue.id ?? null } } : {}),
  };
}

const ownMembers = new Set(
  ["id", "uri", "url", "revision", "createdDate", "authoredBy", "_links", "project", "drafts", "comment"].concat([
    "latestBuild",
    "latestCompletedBuild",
  ]),
);

/** What it refers to has to be there. */
function requireKnown(state: SimulatorState, body: JsonObject, project: SimProject): void {
  const queue = objectAt(body, "queue")?.id;
  const queues = state.part(queueStore).of(project.id);
  if (queue !== undefined && !queues.some(({ id }) => id === queue))
    throw badRequest(
      "InvalidDefinitionException",
      `The agent queue ${JSON.stringify(queue)} does not exist in this project.`,
    );
  const groups = new Set(
    state
      .part(variableGroupDocuments)
      .of(project.id)
      .map(({ id }) => Number(id)),
  );
  const unknown = groupsOf(body.variableGroups).find((id) => !groups.has(id));
  if (unknown !== undefined)
    throw badRequest("InvalidDefinitionException", `Variable group ${unknown} does not exist in this project.`);
  requireRepository(state, objectAt(body, "repository") ?? {});
  const process = objectAt(body, "process") ?? {};
  const content = process.type === 2 ? stringAt(process, "yamlFilename") : arrayAt(process, "phases");
  if (content === undefined)
    throw badRequest("InvalidDefinitionException", "A build definition needs a YAML file or phases.");
}

function requireRepository(state: SimulatorState, repository: JsonObject): void {
  const id = stringAt(repository, "id");
  if (stringAt(repository, "type") === "TfsGit" && id !== undefined && state.repositories.byId(id) === undefined)
    throw repositoryNotFound(id);
}
