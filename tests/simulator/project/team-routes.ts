/** Teams and their members (learn.microsoft.com/rest/api/azure/devops/core/teams). */
import { isObject, stringAt } from "../../../engine/foundation/json.ts";
import type { JsonObject } from "../../../engine/foundation/json.ts";
import { badRequest, projectNotFound } from "../http/errors.ts";
import { fullIdentity, identityRef } from "./identity-store.ts";
import { isOn, listAnswer, skipPage } from "../http/paging.ts";
import type { ProjectRecord, TeamRecord } from "./project-store.ts";
import type { Route, SimAnswer, SimRequest } from "../service.ts";
import { SimError } from "../service.ts";
import type { SimulatorState } from "../state.ts";

export function teamRoutes(state: SimulatorState): readonly Route[] {
  const all = "_apis/projects/{projectId}/teams";
  const one = `${all}/{teamId}`;
  const read = { version: "7.1", scope: "vso.project" };
  const manage = { version: "7.1", scope: "vso.project_manage" };
  return [
    {
      method: "GET",
      template: "_apis/teams",
      version: "7.1-preview.3",
      scope: "vso.project",
      handle: (r) => everywhere(state, r),
    },
    { method: "GET", template: all, ...read, handle: (r) => list(state, r) },
    { method: "POST", template: all, ...manage, handle: (r) => create(state, r) },
    { method: "GET", template: one, ...read, handle: (r) => get(state, r) },
    { method: "PATCH", template: one, ...manage, handle: (r) => update(state, r) },
    { method: "DELETE", template: one, ...manage, handle: (r) => remove(state, r) },
    { method: "GET", template: `${one}/members`, ...read, handle: (r) => members(state, r) },
  ];
}

function projectAt(state: SimulatorState, { params, maySee }: SimRequest): ProjectRecord {
  const name = params.projectId ?? "";
  const project = state.projectOf(name);
  if (project === undefined || !maySee(project.id)) throw projectNotFound(name);
  return project;
}

function teamAt(project: ProjectRecord, { params }: SimRequest): TeamRecord {
  const wanted = (params.teamId ?? "").toLowerCase();
  const team = project.teams.find(({ id, name }) => id === wanted || name.toLowerCase() === wanted);
  if (team === undefined) {
    const message = `The team with id '${params.teamId ?? ""}' does not exist.`;
    throw new SimError(404, "TeamNotFoundException", message);
  }
  return team;
}

function teamBody(project: ProjectRecord, team: TeamRecord, { organizationUrl, query }: SimRequest): JsonObject {
  const identity = {
    id: team.id,
    displayName: `[${project.name}]\\${team.name}`,
    uniqueName: "",
    descriptor: `vssgp.${team.id}`,
  };
  return {
    id: team.id,
    name: team.name,
    url: `${organizationUrl}/_apis/projects/${project.id}/teams/${team.id}`,
    description: team.description,
    identityUrl: `${organizationUrl}/_apis/Identities/${team.id}`,
    projectName: project.name,
    projectId: project.id,
    ...(isOn(query, "$expandIdentity") ? { identity: { ...fullIdentity(identity), isContainer: true } } : {}),
  };
}

function everywhere(state: SimulatorState, request: SimRequest): SimAnswer {
  const projects = state.projects().filter(({ id }) => request.maySee(id));
  const all = projects.flatMap((project) => project.teams.map((team) => teamBody(project, team, request)));
  return listAnswer(skipPage(all, request.query, 100));
}

function list(state: SimulatorState, request: SimRequest): SimAnswer {
  const project = projectAt(state, request);
  const mine = isOn(request.query, "$mine");
  const teams = project.teams.filter((team) => !mine || team.members.has(request.identity.id));
  return listAnswer(skipPage(teams, request.query, 100).map((team) => teamBody(project, team, request)));
}

function get(state: SimulatorState, request: SimRequest): SimAnswer {
  const project = projectAt(state, request);
  return { body: teamBody(project, teamAt(project, request), request) };
}

function create(state: SimulatorState, request: SimRequest): SimAnswer {
  const project = projectAt(state, request);
  const body = isObject(request.body) ? request.body : {};
  const name = stringAt(body, "name") ?? "";
  if (name === "") throw badRequest("ArgumentNullException", "Value cannot be null. Parameter name: name");
  const team = state.projectStore.addTeam(project, { name, description: stringAt(body, "description") ?? "" });
  return { status: 201, body: teamBody(project, team, request) };
}

function update(state: SimulatorState, request: SimRequest): SimAnswer {
  const project = projectAt(state, request);
  const team = teamAt(project, request);
  const body = isObject(request.body) ? request.body : {};
  team.name = stringAt(body, "name") ?? team.name;
  team.description = stringAt(body, "description") ?? team.description;
  return { body: teamBody(project, team, request) };
}

function remove(state: SimulatorState, request: SimRequest): SimAnswer {
  const project = projectAt(state, request);
  const team = teamAt(project, request);
  if (team.id === project.defaultTeamId) {
    throw badRequest("TeamDeleteException", "The default team of a project cannot be deleted.");
  }
  project.teams.splice(project.teams.indexOf(team), 1);
  return { status: 204 };
}

function members(state: SimulatorState, request: SimRequest): SimAnswer {
  const team = teamAt(projectAt(state, request), request);
  const all = [...team.members.values()].map(({ identity, isAdmin }) => ({
    ...(isAdmin ? { isTeamAdmin: true } : {}),
    identity: identityRef(identity, request.organizationUrl),
  }));
  return listAnswer(skipPage(all, request.query, 100));
}
