/**
 * Strict parsing of what the vault signs: one text for one value, whole non-negative numbers, no reserved member
 * names. Each function throws Malformed, which its callers turn into what it means for them (a void entry, say).
 */
import { canonicalJson, isObject } from "../../foundation/json.ts";
import type { JsonObject, JsonValue } from "../../foundation/json.ts";
import { parseObjectPath } from "./layout.ts";
import type { Ref } from "./ref.ts";

export class Malformed extends Error {}

const reservedMembers: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);
const maxDepth = 16;
const hashForm = /^[0-9a-f]{64}$/;
const timeForm = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,7})?Z$/;

/** Parses canonical JSON: duplicate members, white space and numbers that lose digits do not survive the round trip. */
export function parseCanonical(line: string): JsonObject {
  const value = parsed(line);
  if (!isObject(value)) throw new Malformed("it is not a JSON object");
  checkShape(value, 0);
  if (canonicalJson(value) !== line) throw new Malformed("it is not canonical JSON");
  return value;
}

export function text(object: JsonObject, key: string, maxLength = 512): string {
  const value = object[key];
  if (typeof value !== "string" || value.length > maxLength) throw new Malformed(`${key} is not a short text`);
  return value;
}

export function matching(object: JsonObject, key: string, isGood: (value: string) => boolean): string {
  const value = text(object, key);
  if (!isGood(value)) throw new Malformed(`${key} does not have its form`);
  return value;
}

export function count(object: JsonObject, key: string): number {
  const value = object[key];
  if (typeof value !== "number") throw new Malformed(`${key} is not a number`);
  return value;
}

export function flag(object: JsonObject, key: string): boolean {
  const value = object[key];
  if (typeof value !== "boolean") throw new Malformed(`${key} is not true or false`);
  return value;
}

export function time(object: JsonObject, key: string): string {
  return matching(object, key, (value) => timeForm.test(value) && !Number.isNaN(Date.parse(value)));
}

export function oneOf<Value extends string>(object: JsonObject, key: string, values: readonly Value[]): Value {
  const found = values.find((value) => value === object[key]);
  if (found === undefined) throw new Malformed(`${key} is none of ${values.join(", ")}`);
  return found;
}

export function objectAt(object: JsonObject, key: string): JsonObject {
  const value = object[key];
  if (!isObject(value)) throw new Malformed(`${key} is not an object`);
  return value;
}

export function listAt<Member>(
  object: JsonObject,
  key: string,
  parse: (value: JsonValue) => Member,
): readonly Member[] {
  const value: unknown = object[key];
  if (!Array.isArray(value)) throw new Malformed(`${key} is not a list`);
  return (value as readonly JsonValue[]).map(parse);
}

/** Members of lists. */
export function aText(value: JsonValue): string {
  if (typeof value !== "string" || value.length > 512) throw new Malformed("a member is not a short text");
  return value;
}

export function aCount(value: JsonValue): number {
  if (typeof value !== "number") throw new Malformed("a member is not a number");
  return value;
}

export function anObject(value: JsonValue): JsonObject {
  if (!isObject(value)) throw new Malformed("a member is not an object");
  return value;
}

/** A REF whose path stays in the vault and whose numbers can be true. */
export function refAt(object: JsonObject, key: string): Ref {
  const ref = objectAt(object, key);
  const o = matching(ref, "o", (path) => parseObjectPath(path) !== undefined);
  const n = count(ref, "n");
  const hl = count(ref, "hl");
  if (hl >= n) throw new Malformed(`${key} names a header longer than its object`);
  const h = matching(ref, "h", (value) => hashForm.test(value));
  const hh = matching(ref, "hh", (value) => hashForm.test(value));
  return { o, n, h, hl, hh, ...(ref.v === undefined ? {} : { v: text(ref, "v") }) };
}

export function isSha256(value: string): boolean {
  return hashForm.test(value);
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new Malformed("it is not JSON");
  }
}

function checkShape(value: JsonValue, depth: number): void {
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value) || value < 0) throw new Malformed("a number is not whole and positive");
    return;
  }
  if (typeof value !== "object" || value === null) return;
  if (depth >= maxDepth) throw new Malformed("it is nested too deeply");
  for (const [key, member] of Object.entries(value)) {
    if (reservedMembers.has(key)) throw new Malformed(`it has a member ${key}`);
    checkShape(member, depth + 1);
  }
}
