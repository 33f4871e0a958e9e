/**
 * Settings of a project's pipelines (learn.microsoft.com/rest/api/azure/devops/build/general-settings): what jobs may
 * do with their tokens.
 */
import { isObject } from "../../../engine/foundation/json.ts";
import type { JsonObject } from "../../../engine/foundation/json.ts";
import type { PipelineSettings } from "./pipeline-settings-store.ts";
import type { Route, SimAnswer, SimRequest } from "../service.ts";
import type { SimulatorState } from "../state.ts";
import { pipelineProject } from "./pipeline-routes.ts";

export function pipelineSettingsRoutes(state: SimulatorState): readonly Route[] {
  const route = { template: "{project}/_apis/build/generalsettings", version: "7.1" };
  return [
    { ...route, method: "GET", scope: "vso.project", handle: (request) => settings(state, request) },
    { ...route, method: "PATCH", scope: "vso.project_write", handle: (request) => change(state, request) },
  ];
}

function settings(state: SimulatorState, request: SimRequest): SimAnswer {
  return { body: { ...others, ...state.pipelineSettings.of(pipelineProject(state, request)) } };
}

function change(state: SimulatorState, request: SimRequest): SimAnswer {
  const body = isObject(request.body) ? request.body : {};
  const flag = (name: keyof PipelineSettings): Partial<PipelineSettings> => {
    const value = body[name];
    return typeof value === "boolean" ? { [name]: value } : {};
  };
  const changes = { ...flag("enforceJobAuthScope"), ...flag("enforceReferencedRepoScopedToken") };
  state.pipelineSettings.change(pipelineProject(state, request), changes);
  return settings(state, request);
}

/** Settings that change nothing here, as a new project has them. */
const others: JsonObject = {
  auditEnforceSettableVar: false,
  buildsEnabledForForks: false,
  disableClassicBuildPipelineCreation: false,
  disableClassicPipelineCreation: false,
  disableClassicReleasePipelineCreation: false,
  enableShellTasksArgsSanitizing: false,
  enableShellTasksArgsSanitizingAudit: false,
  enforceJobAuthScopeForForks: true,
  enforceJobAuthScopeForReleases: true,
  enforceNoAccessToSecretsFromForks: true,
  enforceSettableVar: true,
  forkProtectionEnabled: true,
  isCommentRequiredForPullRequest: true,
  publishPipelineMetadata: false,
  requireCommentsForNonTeamMemberAndNonContributors: false,
  requireCommentsForNonTeamMembersOnly: false,
  statusBadgesArePrivate: true,
};
