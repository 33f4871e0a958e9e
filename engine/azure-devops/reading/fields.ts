import { arrayAt, isObject, numberAt, objectAt, stringAt } from "../../foundation/json.ts";
import type { JsonObject, JsonValue } from "../../foundation/json.ts";
import { truncated } from "./truncated.ts";

/*
 * Strict reading of the few fields we use. What is missing or of another type makes the whole answer unusable
 * (ADO_TRUNCATED, naming the thing and the field); fields we do not use are never looked at.
 */

export function requiredObject(value: JsonValue, what: string): JsonObject {
  if (!isObject(value)) throw truncated(what, "an object is due");
  return value;
}

export function requiredText(value: JsonObject, key: string, what: string): string {
  const text = stringAt(value, key);
  if (text === undefined) throw truncated(what, `it has no text '${key}'`);
  return text;
}

export function requiredNumber(value: JsonObject, key: string, what: string): number {
  const number = numberAt(value, key);
  if (number === undefined) throw truncated(what, `it has no number '${key}'`);
  return number;
}

export function requiredPart(value: JsonObject, key: string, what: string): JsonObject {
  const part = objectAt(value, key);
  if (part === undefined) throw truncated(what, `it has no object '${key}'`);
  return part;
}

/** An array of objects. */
export function requiredObjects(value: JsonObject, key: string, what: string): readonly JsonObject[] {
  const members = arrayAt(value, key);
  if (members === undefined) throw truncated(what, `it has no list '${key}'`);
  return members.map((member) => requiredObject(member, `${what}: ${key}`));
}

export function flagOf(value: JsonObject, key: string): boolean {
  return value[key] === true;
}
