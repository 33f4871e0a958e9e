/** Stored and restored content, member by member. */
import { isObject, type JsonObject, type JsonValue } from "../../../engine/foundation/json.ts";
import type { RestoreResult } from "../../../engine/operations/results.ts";
import type { Difference, KindContract, Place } from "./declaration.ts";

interface Restored {
  readonly from: Place;
  readonly to: Place;
  readonly result: RestoreResult;
}

/** The content that is to be expected: with the ids, names and addresses of the target. */
export function translated(stored: JsonObject, { references = {} }: KindContract, restored: Restored): JsonObject {
  const { from, to, result } = restored;
  const ids = new Map([...result.steps].map(({ kind, key, result: { newId } }) => [`${kind}/${key}`, newId]));
  const texts = [...namesOf(from)].map((name, index) => [name, namesOf(to)[index] ?? ""] as [string, string]);
  for (const [place, id] of ids) {
    const key = place.slice(place.indexOf("/") + 1);
    if (id !== undefined && /^[0-9a-f-]{36}$/.test(key)) texts.push([key, id]);
  }
  const replaced = texts.reduce((text, [then, now]) => text.replaceAll(then, now), JSON.stringify(stored));
  return mapped(JSON.parse(replaced) as JsonObject, (path, value) => {
    const kind = references[patternOf(path)];
    const id = kind === undefined ? undefined : ids.get(`${kind}/${JSON.stringify(value)}`);
    return id === undefined ? value : Number(id);
  }) as JsonObject;
}

/** What the service says of the project and of the organisation wherever it shows a thing. */
function namesOf({ azure, project }: Place): readonly string[] {
  const { id, name } = azure.state.organization;
  const { host } = new URL(azure.organizationUrl);
  const place = [azure.organizationUrl, `//${name}@${host}/${name}/`, `${host}:v3/${name}/`];
  return [...place, id, project.id, project.name, encodeURIComponent(project.name), project.lastUpdateTime];
}

/** Lines of what is not as declared: differences that nobody expects, and expected ones that are none. */
export function undeclared(
  expected: JsonObject,
  present: JsonObject,
  declared: readonly Difference[],
): readonly string[] {
  const [then, now] = [leavesOf(expected), leavesOf(present)];
  const paths = [...new Set([...then.keys(), ...now.keys()])].filter((path) => then.get(path) !== now.get(path));
  const isDeclared = (path: string): boolean =>
    declared.some(({ at, only }) => isAt(path, at) && (only === undefined || !then.has(path)));
  const unexpected = paths.filter((path) => !isDeclared(path));
  const idle = declared.filter(({ at }) => !paths.some((path) => isAt(path, at)));
  return [
    ...unexpected.map((path) => `${path}: ${then.get(path) ?? "nothing"} became ${now.get(path) ?? "nothing"}`),
    ...idle.map(({ at }) => `${at} is declared to differ and does not`),
  ];
}

/** `a[3].b` → `a[].b`. */
function patternOf(path: string): string {
  return path.replaceAll(/\[\d+\]/g, "[]");
}

function isAt(path: string, at: string): boolean {
  const pattern = at.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*");
  return new RegExp(`^${pattern}$`).test(patternOf(path));
}

/** Path → value as JSON, of every member that has no members. */
function leavesOf(value: JsonObject): ReadonlyMap<string, string> {
  const leaves = new Map<string, string>();
  mapped(value, (path, leaf) => {
    leaves.set(path, JSON.stringify(leaf));
    return leaf;
  });
  return leaves;
}

function mapped(value: JsonValue, change: (path: string, leaf: JsonValue) => JsonValue, at = ""): JsonValue {
  if (Array.isArray(value) && value.length > 0)
    return (value as readonly JsonValue[]).map((one, index) => mapped(one, change, `${at}[${index}]`));
  if (isObject(value) && Object.keys(value).length > 0)
    return Object.fromEntries(
      Object.entries(value).map(([name, one]) => [name, mapped(one, change, at === "" ? name : `${at}.${name}`)]),
    );
  return change(at, value);
}
