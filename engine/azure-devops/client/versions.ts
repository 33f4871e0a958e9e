import { isObject, numberAt, stringAt } from "../../foundation/json.ts";
import type { JsonValue } from "../../foundation/json.ts";
import type { ApiRequest, Area } from "../azure-devops.ts";

/**
 * Which api-version each operation is asked with
 * (learn.microsoft.com/azure/devops/integrate/concepts/rest-api-versioning): 7.1 where that is released, else the
 * preview the published specifications name. When the service refuses one, its own `OPTIONS _apis/{area}` answer tells
 * what it takes; that is remembered for the operation and reported as drift.
 */
export interface Versions {
  of(request: ApiRequest): string;
  /** Versions to try instead of a refused one, best first. */
  alternatives(request: ApiRequest, refused: string): Promise<readonly string[]>;
  /** Keeps the version that worked, for this operation and this run. */
  remember(request: ApiRequest, refused: string, accepted: string): Promise<void>;
  readonly drift: readonly string[];
}

const released = "7.1";

/** Preview operations: path below `_apis`, lower case; `*` is one segment, `**` any number. The first match counts. */
const previews: readonly (readonly [pattern: string, version: string])[] = [
  ["connectiondata", "7.1-preview.1"],
  ["resourceareas", "7.1-preview.1"],
  ["projects/*/properties", "7.1-preview.1"],
  ["projects/*/avatar", "7.1-preview.1"],
  ["projects/*/categorizedteams", "7.1-preview.1"],
  ["teams", "7.1-preview.3"],
  ["wit/workitems/*/comments/*/reactions/**", "7.1-preview.1"],
  ["wit/workitems/*/comments/*/versions/**", "7.1-preview.1"],
  ["wit/workitems/*/comments/**", "7.1-preview.4"],
  ["build/authorizedresources", "7.1-preview.1"],
  ["build/definitions/*/metrics", "7.1-preview.1"],
  ["build/definitions/*/resources", "7.1-preview.1"],
  ["build/folders/**", "7.1-preview.2"],
  ["build/latest/*", "7.1-preview.1"],
  ["build/metrics/*", "7.1-preview.1"],
  ["build/resourceusage", "7.1-preview.2"],
  ["build/status/*", "7.1-preview.1"],
  ["dashboard/dashboards/*/widgets/**", "7.1-preview.2"],
  ["dashboard/dashboards/**", "7.1-preview.3"],
  ["dashboard/**", "7.1-preview.1"],
  ["distributedtask/securefiles/**", "7.2-preview.1"],
  ["pipelines/checks/**", "7.1-preview.1"],
  ["pipelines/pipelinepermissions/**", "7.1-preview.1"],
  ["pipelines/environments/*/providers/kubernetes/**", "7.2-preview.2"],
  ["pipelines/environments/**", "7.2-preview.1"],
  ["policy/evaluations/**", "7.1-preview.1"],
  ["testplan/recyclebin/**", "7.2-preview.1"],
  ["packaging/feeds/*/packages/*/versions/*/provenance", "7.1-preview.1"],
  ["packaging/feeds/*/npm/**", "7.1"],
  ["packaging/feeds/*/nuget/packages/*/versions/*", "7.1"],
  ["packaging/feeds/*/nuget/packages/*/upstreaming", "7.1"],
  ["packaging/feeds/*/nuget/**", "7.1-preview.1"],
  ["packaging/feeds/*/maven/**", "7.1-preview.1"],
  ["packaging/feeds/*/pypi/**", "7.1-preview.1"],
  ["packaging/feeds/*/upack/**", "7.1-preview.1"],
  ["graph/descriptors/*", "7.1"],
  ["graph/storagekeys/*", "7.1"],
  ["graph/subjects/*/avatars", "7.1"],
  ["graph/users/*/providerinfo", "7.1"],
  ["graph/**", "7.1-preview.1"],
  ["securityroles/**", "7.1-preview.1"],
  ["favorite/**", "7.1-preview.1"],
  ["audit/**", "7.1-preview.1"],
  ["extensionmanagement/**", "7.1-preview.1"],
  ["featuremanagement/**", "7.1-preview.1"],
];

/** A resource as `OPTIONS` describes it. */
interface Location {
  readonly id: string;
  /** Segments below `_apis`, lower case, `{…}` for parameters. */
  readonly template: readonly string[];
  readonly minVersion: number;
  readonly maxVersion: number;
  /** 0 for a preview resource. */
  readonly releasedVersion: number;
  readonly resourceVersion: number;
}

export function createVersions(readLocations: (area: Area) => Promise<readonly JsonValue[]>): Versions {
  const accepted: { readonly location: Location; readonly version: string }[] = [];
  const known = new Map<Area, Promise<readonly Location[]>>();
  const drift: string[] = [];

  function locationsOf(area: Area): Promise<readonly Location[]> {
    const present = known.get(area);
    if (present !== undefined) return present;
    const reading = readLocations(area).then((values) => values.flatMap(locationFrom));
    known.set(area, reading);
    reading.catch(() => known.delete(area));
    return reading;
  }

  async function locationOf(request: ApiRequest): Promise<Location | undefined> {
    const fitting = (await locationsOf(request.area)).filter(({ template }) => fits(template, request.path));
    return fitting.sort((a, b) => b.maxVersion - a.maxVersion || literals(b) - literals(a))[0];
  }

  return {
    drift,
    of(request) {
      const negotiated = accepted.find(({ location }) => fits(location.template, request.path));
      return request.version ?? negotiated?.version ?? tableVersion(request.path);
    },
    async alternatives(request, refused) {
      const location = await locationOf(request);
      if (location === undefined) return [];
      return candidates(location).filter((version) => version !== refused);
    },
    async remember(request, refused, version) {
      const location = await locationOf(request);
      if (location === undefined || accepted.some((entry) => entry.location.id === location.id)) return;
      accepted.push({ location, version });
      drift.push(`${location.template.join("/")}: asked for ${refused}, the service takes ${version}`);
    },
  };
}

function tableVersion(path: readonly string[]): string {
  return previews.find(([pattern]) => matches(pattern.split("/"), path))?.[1] ?? released;
}

function matches(pattern: readonly string[], path: readonly string[]): boolean {
  const isOpen = pattern.at(-1) === "**";
  const fixed = isOpen ? pattern.slice(0, -1) : pattern;
  if (isOpen ? path.length < fixed.length : path.length !== fixed.length) return false;
  return fixed.every((part, index) => part === "*" || part === path[index]?.toLowerCase());
}

/** Best first: the released version nearest to ours, then the newest preview. */
function candidates({ minVersion, maxVersion, releasedVersion, resourceVersion }: Location): readonly string[] {
  const wanted = Number(released);
  const preview = (version: number): string => `${version.toFixed(1)}-preview.${resourceVersion}`;
  const nearest = Math.max(minVersion, Math.min(wanted, maxVersion));
  const stable = releasedVersion > 0 ? [Math.min(releasedVersion, Math.max(minVersion, wanted)).toFixed(1)] : [];
  return [...new Set([...stable, preview(nearest), preview(maxVersion)])];
}

function locationFrom(value: JsonValue): readonly Location[] {
  if (!isObject(value)) return [];
  const template = stringAt(value, "routeTemplate")
    ?.toLowerCase()
    .replace("{area}", (stringAt(value, "area") ?? "").toLowerCase())
    .replace("{resource}", (stringAt(value, "resourceName") ?? "").toLowerCase())
    .split("_apis/")[1];
  if (template === undefined) return [];
  const version = (key: string): number => Number(stringAt(value, key) ?? "0") || 0;
  return [
    {
      id: stringAt(value, "id") ?? template,
      template: template.split("/").filter((segment) => segment !== ""),
      minVersion: version("minVersion"),
      maxVersion: version("maxVersion"),
      releasedVersion: version("releasedVersion"),
      resourceVersion: numberAt(value, "resourceVersion") ?? 1,
    },
  ];
}

/** Whether a path is one the template describes; parameters at its end may be missing, `{*rest}` takes any number. */
function fits(template: readonly string[], path: readonly string[]): boolean {
  const takesRest = template.at(-1)?.startsWith("{*") === true;
  if (path.length > template.length && !takesRest) return false;
  return template.every((part, index) => {
    const segment = path[index]?.toLowerCase();
    if (segment === undefined) return part.startsWith("{");
    return part.startsWith("{") || part === segment || (part.startsWith("${") && segment.startsWith("$"));
  });
}

function literals({ template }: Location): number {
  return template.filter((part) => !part.startsWith("{")).length;
}
