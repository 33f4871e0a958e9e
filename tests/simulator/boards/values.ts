/** What the service makes of a field's value from outside. */
import { isObject } from "../../../engine/foundation/json.ts";
import type { JsonValue } from "../../../engine/foundation/json.ts";
import type { SimIdentity } from "../service.ts";
import { instantOf } from "./dates.ts";
import { ruleError } from "./errors.ts";
import type { FieldDefinition } from "./fields.ts";
import type { WitHost } from "./host.ts";
import type { FieldValue, WorkItem } from "./model.ts";

const LONGEST_TEXT = 1_048_576;
const LONGEST_STRING = 255;

export function isIdentity(value: FieldValue | null | undefined): value is SimIdentity {
  return typeof value === "object" && value !== null;
}

/** A field that holds a plain text; empty when it has none. */
export function textIn(bag: Readonly<Record<string, FieldValue | null>>, name: string): string {
  const value = bag[name];
  return typeof value === "string" ? value : "";
}

export function projectIdOf(item: WorkItem): string {
  return textIn(item.current, "System.TeamProject");
}

/** A JSON value for an error message. */
export function quoted(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : JSON.stringify(value ?? null);
}

/** Null clears the field. Throws the rule error of a value that does not fit. */
export function valueOf(
  field: FieldDefinition,
  value: JsonValue,
  from: { host: WitHost; bypassRules: boolean },
): FieldValue | null {
  if (value === null || value === "") return null;
  switch (field.type) {
    case "integer":
    case "double":
      return numberOf(field, value);
    case "boolean":
      return booleanOf(field, value);
    case "dateTime":
      return dateOf(field, value);
    case "identity":
      return identityOf(field, value, from);
    default:
      return textOf(field, value);
  }
}

function numberOf(field: FieldDefinition, value: JsonValue): number {
  const number = typeof value === "string" ? Number(value) : value;
  if (typeof number !== "number" || Number.isNaN(number) || (field.type === "integer" && !Number.isInteger(number))) {
    throw ruleError(field, "InvalidType");
  }
  return number;
}

function booleanOf(field: FieldDefinition, value: JsonValue): boolean {
  if (typeof value === "boolean") return value;
  if (value === "true" || value === "True" || value === 1) return true;
  if (value === "false" || value === "False" || value === 0) return false;
  throw ruleError(field, "InvalidType");
}

function dateOf(field: FieldDefinition, value: JsonValue): string {
  const instant = typeof value === "string" ? instantOf(value) : undefined;
  if (instant === undefined) throw ruleError(field, "InvalidDate");
  return instant;
}

function identityOf(
  field: FieldDefinition,
  value: JsonValue,
  from: { host: WitHost; bypassRules: boolean },
): FieldValue | null {
  const names = isObject(value) ? [value.descriptor, value.id, value.uniqueName, value.displayName] : [value];
  const texts = names.filter((name) => typeof name === "string" && name !== "") as string[];
  for (const text of texts) {
    const identity = from.host.identityOf(text);
    if (identity) return identity;
  }
  const last = texts.at(-1);
  if (from.bypassRules && last !== undefined) return last;
  throw ruleError(
    field,
    "HasValues, LimitedToValues, InvalidListValue",
    `The identity value '${last ?? ""}' for field '${field.name}' is an unknown identity.`,
  );
}

function textOf(field: FieldDefinition, value: JsonValue): string {
  if (typeof value === "object") throw ruleError(field, "InvalidType");
  const text = String(value);
  const longest = field.type === "string" ? LONGEST_STRING : LONGEST_TEXT;
  if (text.length > longest) throw ruleError(field, "InvalidTooLong");
  if (field.type === "string" && /[\r\n]/.test(text)) throw ruleError(field, "InvalidCharacters");
  return text;
}
