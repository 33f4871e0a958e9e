/**
 * What clients may ask for in the Accept header beside a version. The clients for extensions ask for lists without
 * their wrapping, numbers for enumerations and dates of the old form.
 */
import { isObject, type JsonValue } from "../../../engine/foundation/json.ts";
import type { EnumNumbers } from "../service.ts";

/** The body as the Accept header wants it. */
export function acceptedForm(body: JsonValue, accept: string | undefined, enums: EnumNumbers | undefined): JsonValue {
  const wants = (option: string): boolean => new RegExp(`\\b${option}=true\\b`, "i").test(accept ?? "");
  const list = wants("noArrayWrap") ? unwrapped(body) : body;
  const change: Change = {
    enums: wants("enumsAsNumbers") ? (enums ?? {}) : {},
    hasOldDates: wants("msDateFormat"),
  };
  if (!change.hasOldDates && Object.keys(change.enums).length === 0) return list;
  return changed(list, change);
}

function unwrapped(body: JsonValue): JsonValue {
  if (!isObject(body) || !Array.isArray(body.value)) return body;
  return Object.keys(body).every((key) => key === "count" || key === "value") ? body.value : body;
}

interface Change {
  readonly enums: EnumNumbers;
  readonly hasOldDates: boolean;
}

/** Texts that other people write (parameters, documents of extensions) are no dates of the service. */
const foreign = new Set(["templateParameters", "variables", "value"]);

function changed(value: JsonValue, change: Change): JsonValue {
  if (isList(value)) return value.map((one) => changed(one, change));
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(([key, member]): [string, JsonValue] => [
    key,
    foreign.has(key) && isObject(member) ? member : changedMember(key, member, change),
  ]);
  return Object.fromEntries(entries);
}

function changedMember(key: string, member: JsonValue, change: Change): JsonValue {
  if (typeof member !== "string") return changed(member, change);
  const number = change.enums[key]?.[member];
  if (number !== undefined) return number;
  const isDate = change.hasOldDates && /(Date|Time|On|Modified)$/.test(key) && /^\d{4}-\d\d-\d\dT.*Z$/.test(member);
  return isDate ? `/Date(${Date.parse(member)})/` : member;
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
