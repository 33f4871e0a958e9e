/** Ids of other things inside a document, by declared paths: `variableGroups[].id`. */
import { isObject, type JsonObject, type JsonValue } from "../../foundation/json.ts";
import type { IdMap } from "../kind.ts";

export interface Reference {
  /** `a.b`, `a[].b` (every element), `a.*.b` (every member). */
  readonly at: string;
  /** The kind, or what stands for one that this product does not keep yet. */
  readonly kind: string;
  /** Only in documents like this. */
  readonly when?: (document: JsonObject) => boolean;
  /** The document works without it: where nothing corresponds to it in the target, it is left out, and the plan says so. */
  readonly isOptional?: boolean;
}

/** Every id that the document refers to. */
export function* referencesIn(
  document: JsonObject,
  declared: readonly Reference[],
): Generator<{ readonly reference: Reference; readonly id: string }> {
  for (const reference of declared)
    if (reference.when?.(document) !== false)
      for (const value of valuesAt(document, segmentsOf(reference.at))) yield { reference, id: idOf(value) };
}

/** What stands in the target for an id; undefined leaves it out, with the element of the list that it is in. */
export type Translate = (reference: Reference, id: string) => string | undefined;

/** The document with other ids. Numbers stay numbers. */
export function translated(document: JsonObject, declared: readonly Reference[], translate: Translate): JsonObject {
  let result: JsonObject = document;
  for (const reference of declared) {
    if (reference.when?.(document) === false) continue;
    const changed = mapped(result, segmentsOf(reference.at), (value) => {
      const now = translate(reference, idOf(value));
      return typeof value === "number" && now !== undefined && /^\d+$/.test(now) ? Number(now) : now;
    });
    if (isObject(changed)) result = changed;
  }
  return result;
}

/** What `id` is in the target, as far as the id map knows; the source's own ids count only in the source. */
export function idInTarget(
  { ids, isSource }: { readonly ids: IdMap; readonly isSource: boolean },
  kind: string,
  id: string,
): string | undefined {
  if (ids.isAwaited(kind, id)) return undefined;
  return ids.get(kind, id) ?? (isSource ? id : undefined);
}

function segmentsOf(path: string): readonly string[] {
  return path.replaceAll("[]", ".*").split(".");
}

function idOf(value: string | number): string {
  return String(value).toLowerCase();
}

function* valuesAt(value: JsonValue | undefined, [first, ...rest]: readonly string[]): Generator<string | number> {
  if (first === undefined) {
    if ((typeof value === "string" && value !== "") || typeof value === "number") yield value;
  } else if (first === "*") {
    const members = Array.isArray(value)
      ? (value as readonly JsonValue[])
      : Object.values(isObject(value) ? value : {});
    for (const member of members) yield* valuesAt(member, rest);
  } else if (isObject(value)) yield* valuesAt(value[first], rest);
}

type Change = (value: string | number) => string | number | undefined;

/** Undefined: what is here goes, because an id in it has nothing that corresponds to it. */
function mapped(value: JsonValue, [first, ...rest]: readonly string[], change: Change): JsonValue | undefined {
  if (first === undefined)
    return (typeof value === "string" && value !== "") || typeof value === "number" ? change(value) : value;
  if (first === "*" && Array.isArray(value))
    return (value as readonly JsonValue[]).flatMap((one) => mapped(one, rest, change) ?? []);
  if (!isObject(value)) return value;
  const entries = Object.entries(value).flatMap(([name, member]) => {
    const now = first === "*" || first === name ? mapped(member, rest, change) : member;
    return now === undefined ? [] : [[name, now] as const];
  });
  // An element of a list is nothing without the id that it is there for.
  const isGone = first !== "*" && rest.length === 0 && first in value && entries.length < Object.keys(value).length;
  return isGone ? undefined : Object.fromEntries(entries);
}
