/**
 * Whether the caller has permissions on security tokens
 * (learn.microsoft.com/rest/api/azure/devops/security/permissions). Of the Git namespace only: a token that is kept
 * from a repository of a project has no Read on all of them.
 */
import type { Route, SimAnswer, SimRequest } from "../service.ts";
import { SimError } from "../service.ts";
import type { SimulatorState } from "../state.ts";

const gitRepositories = "2e9eb7ed-3c0a-47d4-87c1-0ffdd275fd87";
const genericRead = 2;

export function permissionRoutes(state: SimulatorState): readonly Route[] {
  return [
    {
      method: "GET",
      template: "_apis/permissions/{securityNamespaceId}/{permissions}",
      version: "7.1",
      scope: "",
      handle: (request) => evaluated(state, request),
    },
  ];
}

function evaluated(state: SimulatorState, request: SimRequest): SimAnswer {
  const { params, query } = request;
  const namespace = params.securityNamespaceId ?? "";
  if (namespace.toLowerCase() !== gitRepositories || Number(params.permissions) !== genericRead)
    throw new SimError(404, "SecurityNamespaceNotFoundException", `Security namespace ${namespace} is not simulated.`);
  const tokens = (query.get("tokens") ?? "").split(query.get("delimiter") ?? ",");
  const value = tokens.map((token) => mayRead(state, request, token));
  return { body: { count: value.length, value } };
}

/** `repoV2/<project>` or `repoV2/<project>/<repository>`. */
function mayRead(state: SimulatorState, { isKeptFrom }: SimRequest, token: string): boolean {
  const [root, projectId = "", repositoryId] = token.toLowerCase().split("/");
  if (root !== "repov2") return false;
  if (repositoryId !== undefined) return !isKeptFrom(repositoryId);
  return !isKeptFrom(projectId) && state.repositories.list(projectId).every(({ id }) => !isKeptFrom(id));
}
