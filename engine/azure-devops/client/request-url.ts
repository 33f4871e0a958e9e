import type { ApiRequest, Query } from "../azure-devops.ts";

/**
 * The full address of a request below an area's base URL. Every piece is percent-encoded; `$` stays as it is, because
 * route templates and query names of the service contain it (`workitems/$Bug`, `$top`).
 */
export function requestUrl(baseUrl: string, request: ApiRequest, version: string): URL {
  const scope = [request.project, request.team].filter((part) => part !== undefined);
  const path = [...scope, "_apis", ...request.path].map(encodedSegment).join("/");
  return new URL(`${baseUrl}/${path}?${queryText({ "api-version": version, ...request.query })}`);
}

function encodedSegment(segment: string): string {
  // `.` and `..` would be resolved away by URL, even when encoded: another resource would be asked for.
  if (segment === "" || segment === "." || segment === "..")
    throw new RangeError(`'${segment}' cannot stand in a path`);
  return encoded(segment);
}

function queryText(query: Query): string {
  return Object.entries(query)
    .flatMap(([name, value]) => (value === undefined ? [] : [`${encoded(name)}=${encoded(String(value))}`]))
    .join("&");
}

function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll("%24", "$");
}
