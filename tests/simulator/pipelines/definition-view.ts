/** How answers show definitions of pipelines and the repositories they build. */
import { objectAt, stringAt, type JsonObject } from "../../../engine/foundation/json.ts";
import type { SimDocument } from "../documents/document-store.ts";
import { identityRef } from "../project/identity-store.ts";
import { projectReference } from "../project/project-routes.ts";
import type { RepositoryRecord } from "../repos/repository-store.ts";
import type { SimRequest } from "../service.ts";
import type { SimulatorState } from "../state.ts";
import { definitionDocuments, type DefinitionRecord } from "./definition-store.ts";
import { queueStore, type QueueRecord } from "./queue-store.ts";
import { shownVariables } from "./variables.ts";

type Place = Pick<SimRequest, "organizationUrl">;

/** As other answers name it. */
export function definitionReference(
  state: SimulatorState,
  { id, projectId }: Pick<DefinitionRecord, "id" | "projectId">,
  { organizationUrl }: Place,
): JsonObject {
  const document = state.part(definitionDocuments).byId(String(id));
  const { name = "", path = "\\", queueStatus = "enabled" } = document?.body ?? {};
  const revision = document?.revision ?? 1;
  const project = state.projectStore.byId(projectId);
  const drafts = state
    .part(definitionDocuments)
    .of(projectId)
    .filter(({ body }) => objectAt(body, "draftOf")?.id === id);
  return {
    drafts: drafts.map((draft) => ({ id: Number(draft.id), name: draft.body.name ?? "", queueStatus: "enabled" })),
    ...{ id, name, path, queueStatus, revision, type: "build" },
    url: `${organizationUrl}/${projectId}/_apis/build/Definitions/${id}?revision=${revision}`,
    uri: `vstfs:///Build/Definition/${id}`,
    ...(project === undefined ? {} : { project: projectReference(state, project, organizationUrl) }),
  };
}

/** As it stands in a list. */
export function shallowDefinition(state: SimulatorState, document: SimDocument, request: Place): JsonObject {
  const { organizationUrl } = request;
  const { projectId, body, createdOn } = document;
  const id = Number(document.id);
  const reference = definitionReference(state, { id, projectId }, request);
  const base = `${organizationUrl}/${projectId}`;
  const url = `${organizationUrl}/_apis/build/Queues/${queueOf(state, document).id}`;
  return {
    _links: {
      self: { href: reference.url ?? "" },
      web: { href: `${base}/_build/definition?definitionId=${id}` },
      editor: { href: `${base}/_build/designer?id=${id}&_a=edit-build-definition` },
      badge: { href: `${base}/_apis/build/status/${id}` },
    },
    quality: body.quality ?? "definition",
    authoredBy: identityRef(document.modifiedBy, organizationUrl),
    queue: { _links: { self: { href: url } }, ...shownQueue(queueOf(state, document)), url },
    ...(body.draftOf === undefined ? {} : { draftOf: body.draftOf }),
    ...reference,
    createdDate: createdOn,
  };
}

export function shownQueue(queue: QueueRecord): JsonObject {
  const { id, name, pool } = queue;
  return { id, name, pool: { ...pool } };
}

/** The queue it names, else the hosted pool's. */
function queueOf(state: SimulatorState, { body, projectId }: SimDocument): QueueRecord {
  const queues = state.part(queueStore);
  const wanted = objectAt(body, "queue")?.id;
  return queues.of(projectId).find(({ id }) => id === wanted) ?? queues.defaultOf(projectId);
}

export function wholeDefinition(state: SimulatorState, document: SimDocument, request: Place): JsonObject {
  const { body } = document;
  const shown = shallowDefinition(state, document, request);
  return {
    ...body,
    ...shown,
    repository: shownRepository(state, document, request),
    variables: shownVariables(objectAt(body, "variables") ?? {}),
  };
}

/** Where it lies in the organisation, the service knows its name and address. */
function shownRepository(state: SimulatorState, { body, projectId }: SimDocument, request: Place): JsonObject {
  const kept = objectAt(body, "repository") ?? {};
  if (stringAt(kept, "type") !== "TfsGit") return kept;
  const repositoryId = stringAt(kept, "id");
  const place = { projectId, repositoryId };
  return {
    ...kept,
    ...repositoryOfDefinition(state, place, request.organizationUrl),
    defaultBranch: kept.defaultBranch ?? repositoryAt(state, place)?.defaultBranch ?? "refs/heads/main",
  };
}

/** What a definition says of where its content lies. */
type RepositoryPlace = Pick<DefinitionRecord, "projectId" | "repositoryId">;

/** The repository that holds the YAML: the one named, else the project's first. */
export function repositoryAt(
  state: SimulatorState,
  definition: RepositoryPlace | undefined,
): RepositoryRecord | undefined {
  if (definition === undefined) return undefined;
  const { repositoryId, projectId } = definition;
  return repositoryId === undefined ? state.repositories.list(projectId)[0] : state.repositories.byId(repositoryId);
}

export function repositoryOfDefinition(
  state: SimulatorState,
  definition: RepositoryPlace | undefined,
  organizationUrl: string,
): JsonObject {
  const { id = "", name = "", projectId = definition?.projectId ?? "" } = repositoryAt(state, definition) ?? {};
  const project = state.projectStore.byId(projectId);
  const place = [project?.name ?? "", "_git", name].map(encodeURIComponent).join("/");
  return {
    ...{ id, name, type: "TfsGit" },
    url: `${organizationUrl}/${place}`,
    clean: null,
    checkoutSubmodules: false,
  };
}
