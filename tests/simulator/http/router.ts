/** Finds the route of a request: host prefix, template, verb. Templates match segment by segment, letter case aside. */
import type { Route } from "../service.ts";

export interface Match {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

export type RouteResult =
  | { readonly kind: "match"; readonly match: Match }
  /** The path exists, the verb does not. */
  | { readonly kind: "verb"; readonly allowed: readonly string[] }
  /** The path exists, but on another host. */
  | { readonly kind: "host" }
  | { readonly kind: "none" };

export interface Router {
  /** `segments` are decoded and lie below the organisation. */
  find(request: { readonly method: string; readonly host: string; readonly segments: readonly string[] }): RouteResult;
}

interface Entry {
  readonly route: Route;
  readonly parts: readonly string[];
  readonly score: number;
}

/** A router over these routes; the most literal template wins, whatever the order. */
export function routerOf(routes: readonly Route[]): Router {
  const byArea = new Map<string, Entry[]>();
  for (const route of routes) {
    const parts = route.template.split("/");
    const area = areaOf(parts);
    byArea.set(area, [...(byArea.get(area) ?? []), { route, parts, score: scoreOf(parts) }]);
  }
  for (const entries of byArea.values()) entries.sort((a, b) => b.score - a.score);
  return { find: (request) => found(byArea.get(areaOf(request.segments)) ?? [], request) };
}

function found(
  entries: readonly Entry[],
  request: { readonly method: string; readonly host: string; readonly segments: readonly string[] },
): RouteResult {
  const fitting = entries.flatMap(({ route, parts, score }) => {
    const params = paramsOf(parts, request.segments);
    return params === undefined ? [] : [{ route, params, score }];
  });
  const here = fitting.filter(({ route }) => (route.host ?? "") === request.host);
  if (here.length === 0) return { kind: fitting.length === 0 ? "none" : "host" };
  const match = here.find(({ route }) => route.method === request.method);
  if (match === undefined) return { kind: "verb", allowed: [...new Set(here.map(({ route }) => route.method))] };
  return { kind: "match", match };
}

/** The segment after `_apis`, lower case: routes are looked up by it. */
function areaOf(parts: readonly string[]): string {
  const marker = parts.findIndex((part) => part.toLowerCase() === "_apis");
  return (parts[marker + 1] ?? "").toLowerCase();
}

function scoreOf(parts: readonly string[]): number {
  let score = 0;
  for (const part of parts) score = score * 3 + (part.startsWith("{*") ? 0 : part.includes("{") ? 1 : 2);
  return score;
}

function paramsOf(parts: readonly string[], segments: readonly string[]): Record<string, string> | undefined {
  const params: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    if (part.startsWith("{*")) {
      if (segments.length <= index) return undefined;
      params[part.slice(2, -1)] = segments.slice(index).join("/");
      return params;
    }
    const segment = segments[index];
    if (segment === undefined || !fits(part, segment, params)) return undefined;
  }
  return parts.length === segments.length ? params : undefined;
}

/** A part is literal, `{name}` or a literal prefix and `{name}`, as in `${type}`. */
function fits(part: string, segment: string, params: Record<string, string>): boolean {
  const open = part.indexOf("{");
  if (open < 0) return part.toLowerCase() === segment.toLowerCase();
  const prefix = part.slice(0, open);
  if (!segment.toLowerCase().startsWith(prefix.toLowerCase()) || segment.length === prefix.length) return false;
  params[part.slice(open + 1, -1)] = segment.slice(prefix.length);
  return true;
}
