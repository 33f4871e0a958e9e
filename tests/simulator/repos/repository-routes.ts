/**
 * Git repositories by REST: list, create, change, recycle bin, push history
 * (learn.microsoft.com/rest/api/azure/devops/git).
 */
import { isObject, objectAt, stringAt } from "../../../engine/foundation/json.ts";
import type { JsonObject } from "../../../engine/foundation/json.ts";
import { badRequest, projectNotFound, repositoryNotFound } from "../http/errors.ts";
import { identityRef } from "../project/identity-store.ts";
import { isOn, listAnswer, skipPage } from "../http/paging.ts";
import type { PushRecord, RepositoryRecord } from "./repository-store.ts";
import type { Route, SimAnswer, SimProject, SimRequest } from "../service.ts";
import type { SimulatorState } from "../state.ts";
import { projectReference } from "../project/project-routes.ts";

/** The repository a route names, by id or by name within the project. Throws the service's 404. */
export function repositoryAt(state: SimulatorState, { params, project, maySee }: SimRequest): RepositoryRecord {
  const name = params.repositoryId ?? "";
  const found = state.repositories.find(name, project?.id);
  if (found === undefined || !maySee(found.id) || !maySee(found.projectId)) throw repositoryNotFound(name);
  const home = state.projectOf(found.projectId);
  if (home === undefined || (project !== undefined && project.id !== home.id)) throw repositoryNotFound(name);
  return found;
}

/** What no client knows yet: the service adds members at any time. */
const comingFeature = { xSettings: { mode: "notYetKnown", since: null } };

/** A repository as answers show it. */
export function repositoryBody(
  state: SimulatorState,
  repository: RepositoryRecord,
  organizationUrl: string,
): JsonObject {
  const project = state.projectStore.byId(repository.projectId);
  if (project === undefined) throw projectNotFound(repository.projectId);
  const { host } = new URL(organizationUrl);
  const organization = state.organization.name;
  const web = `${organizationUrl}/${encodeURIComponent(project.name)}/_git/${encodeURIComponent(repository.name)}`;
  return {
    id: repository.id,
    name: repository.name,
    url: `${organizationUrl}/${project.id}/_apis/git/repositories/${repository.id}`,
    project: projectReference(state, project, organizationUrl),
    ...(repository.defaultBranch === undefined ? {} : { defaultBranch: repository.defaultBranch }),
    size: state.repositories.sizeOf(repository),
    remoteUrl: web.replace("http://", `http://${encodeURIComponent(organization)}@`),
    sshUrl: `git@ssh.${host}:v3/${organization}/${encodeURIComponent(project.name)}/${encodeURIComponent(repository.name)}`,
    webUrl: web,
    isDisabled: repository.isDisabled,
    isInMaintenance: repository.isInMaintenance,
    ...(repository.parentId === undefined ? {} : { isFork: true }),
    ...comingFeature,
  };
}

/** Both forms of a route: within a project, and in the organisation for requests that name an id. */
export function inAndOutOfProject(route: Omit<Route, "host">): readonly Route[] {
  return [route, { ...route, template: `{project}/${route.template}` }];
}

export function gitRepositoryRoutes(state: SimulatorState): readonly Route[] {
  const all = "_apis/git/repositories";
  const one = `${all}/{repositoryId}`;
  const bin = "{project}/_apis/git/recycleBin/repositories";
  const manage = { version: "7.1", scope: "vso.code_manage" };
  const read = { version: "7.1", scope: "vso.code" };
  return [
    ...inAndOutOfProject({ method: "GET", template: all, ...read, handle: (r) => list(state, r) }),
    ...inAndOutOfProject({ method: "POST", template: all, ...manage, handle: (r) => create(state, r) }),
    ...inAndOutOfProject({ method: "GET", template: one, ...read, handle: (r) => get(state, r) }),
    ...inAndOutOfProject({ method: "PATCH", template: one, ...manage, handle: (r) => update(state, r) }),
    ...inAndOutOfProject({ method: "DELETE", template: one, ...manage, handle: (r) => remove(state, r) }),
    ...inAndOutOfProject({ method: "GET", template: `${one}/pushes`, ...read, handle: (r) => pushes(state, r) }),
    { method: "GET", template: bin, ...read, handle: (r) => deleted(state, r) },
    {
      method: "GET",
      template: "{project}/_apis/git/deletedrepositories",
      ...read,
      handle: (r) => deleted(state, r),
    },
    { method: "PATCH", template: `${bin}/{repositoryId}`, ...manage, handle: (r) => restore(state, r) },
    { method: "DELETE", template: `${bin}/{repositoryId}`, ...manage, handle: (r) => purge(state, r) },
  ];
}

function list(state: SimulatorState, { project, query, organizationUrl, maySee }: SimRequest): SimAnswer {
  const wantsHidden = isOn(query, "includeHidden");
  const wanted = state.repositories
    .list(project?.id)
    .filter((one) => (wantsHidden || !one.isHidden) && maySee(one.id) && maySee(one.projectId))
    .filter((one) => state.projectOf(one.projectId) !== undefined);
  const urls = isOn(query, "includeAllUrls") ? { validRemoteUrls: [] } : {};
  return listAnswer(wanted.map((one) => ({ ...repositoryBody(state, one, organizationUrl), ...urls })));
}

function get(state: SimulatorState, request: SimRequest): SimAnswer {
  const repository = repositoryAt(state, request);
  const body = repositoryBody(state, repository, request.organizationUrl);
  const parent = repository.parentId === undefined ? undefined : state.repositories.byId(repository.parentId);
  if (parent === undefined || !isOn(request.query, "includeParent")) return { body };
  return { body: { ...body, parentRepository: repositoryBody(state, parent, request.organizationUrl) } };
}

function create(state: SimulatorState, { body, project, organizationUrl }: SimRequest): SimAnswer {
  if (!isObject(body)) throw badRequest("ArgumentNullException", "Value cannot be null. Parameter name: repository");
  const target = project ?? projectNamedIn(state, body);
  const parentId = stringAt(objectAt(body, "parentRepository") ?? {}, "id");
  const parent = parentId === undefined ? undefined : state.repositories.byId(parentId);
  if (parentId !== undefined && parent === undefined) throw repositoryNotFound(parentId);
  const origin = parent === undefined ? {} : { from: state.repositories.folderOf(parent), parentId: parent.id };
  const repository = state.repositories.create(target.id, { name: stringAt(body, "name") ?? "", ...origin });
  return { status: 201, body: repositoryBody(state, repository, organizationUrl) };
}

/** Requests outside of a project name it in their body. */
function projectNamedIn(state: SimulatorState, body: JsonObject): SimProject {
  const named = objectAt(body, "project") ?? {};
  const into = stringAt(named, "id") ?? stringAt(named, "name") ?? "";
  const found = state.projectOf(into);
  if (found === undefined) throw projectNotFound(into);
  return found;
}

/** One property at a time, as the service wants it; the others may be repeated unchanged. */
function update(state: SimulatorState, request: SimRequest): SimAnswer {
  const repository = repositoryAt(state, request);
  const body = isObject(request.body) ? request.body : {};
  const name = stringAt(body, "name");
  const defaultBranch = stringAt(body, "defaultBranch");
  if (typeof body.isDisabled === "boolean") repository.isDisabled = body.isDisabled;
  if (name !== undefined && name !== repository.name) state.repositories.rename(repository, name);
  if (defaultBranch !== undefined && defaultBranch !== repository.defaultBranch) {
    state.repositories.setDefaultBranch(repository, defaultBranch);
  }
  return { body: repositoryBody(state, repository, request.organizationUrl) };
}

function remove(state: SimulatorState, request: SimRequest): SimAnswer {
  const repository = repositoryAt(state, request);
  state.repositories.delete(repository);
  repository.deletedBy = request.identity;
  return { status: 204 };
}

function deleted(state: SimulatorState, { project, organizationUrl, maySee }: SimRequest): SimAnswer {
  const wanted = state.repositories.deleted(project?.id).filter(({ id }) => maySee(id));
  return listAnswer(wanted.map((one) => deletedBody(state, one, organizationUrl)));
}

function deletedBody(state: SimulatorState, repository: RepositoryRecord, organizationUrl: string): JsonObject {
  const project = state.projectStore.byId(repository.projectId);
  return {
    id: repository.id,
    name: repository.name,
    ...(project === undefined ? {} : { project: projectReference(state, project, organizationUrl) }),
    deletedBy: identityRef(repository.deletedBy ?? state.owner, organizationUrl),
    createdDate: repository.createdAt,
    deletedDate: repository.deletedAt ?? null,
  };
}

function deletedAt(state: SimulatorState, { params, project, maySee }: SimRequest): RepositoryRecord {
  const id = params.repositoryId ?? "";
  const found = state.repositories.deleted(project?.id).find((one) => one.id === id.toLowerCase());
  if (found === undefined || !maySee(found.id)) throw repositoryNotFound(id);
  return found;
}

function restore(state: SimulatorState, request: SimRequest): SimAnswer {
  const repository = deletedAt(state, request);
  if (!isObject(request.body) || request.body.deleted !== false) {
    throw badRequest("ArgumentException", "The value of 'deleted' must be false to restore a repository.");
  }
  state.repositories.undelete(repository);
  return { body: repositoryBody(state, repository, request.organizationUrl) };
}

function purge(state: SimulatorState, request: SimRequest): SimAnswer {
  state.repositories.purge(deletedAt(state, request));
  return { status: 204 };
}

function pushes(state: SimulatorState, request: SimRequest): SimAnswer {
  const repository = repositoryAt(state, request);
  const { query, organizationUrl } = request;
  const refName = query.get("searchCriteria.refName");
  const from = Date.parse(query.get("searchCriteria.fromDate") ?? "") || 0;
  const wanted = [...repository.pushes]
    .reverse()
    .filter(({ updates }) => refName === null || updates.some(({ ref }) => ref === refName))
    .filter(({ date }) => Date.parse(date) >= from);
  const wantsUpdates = isOn(query, "searchCriteria.includeRefUpdates");
  const url = `${organizationUrl}/${repository.projectId}/_apis/git/repositories/${repository.id}/pushes`;
  const body = (push: PushRecord): JsonObject => ({
    pushId: push.pushId,
    date: push.date,
    pushedBy: identityRef(push.pushedBy, organizationUrl),
    url: `${url}/${push.pushId}`,
    ...(wantsUpdates
      ? {
          refUpdates: push.updates.map(({ ref, oldOid, newOid }) => ({
            repositoryId: repository.id,
            name: ref,
            oldObjectId: oldOid,
            newObjectId: newOid,
          })),
        }
      : {}),
  });
  return listAnswer(skipPage(wanted, query, 100).map(body));
}
