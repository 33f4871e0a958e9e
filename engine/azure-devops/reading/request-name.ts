import type { ApiRequest } from "../azure-devops.ts";

/** Names a request in messages: method and path, without host and query. */
export function requestName(request: ApiRequest): string {
  const scope = [request.project, request.team].filter((part) => part !== undefined);
  return `${request.method ?? "GET"} ${[...scope, ...request.path].join("/")}`;
}
