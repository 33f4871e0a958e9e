/** JSON at the edges: values that came from outside are `unknown` until a function here has looked at them. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Parses and requires an object at the top; undefined when the text is not that. */
export function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * One text for one value: keys sorted by UTF-16 code unit, no white space (the object rules of RFC 8785;
 * numbers as JSON.stringify writes them). Undefined members are left out.
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) => {
    if (!isObject(member)) return member;
    return Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  });
}

export function stringAt(value: JsonObject, key: string): string | undefined {
  const member = value[key];
  return typeof member === "string" ? member : undefined;
}

export function numberAt(value: JsonObject, key: string): number | undefined {
  const member = value[key];
  return typeof member === "number" ? member : undefined;
}

export function objectAt(value: JsonObject, key: string): JsonObject | undefined {
  const member = value[key];
  return isObject(member) ? member : undefined;
}

export function arrayAt(value: JsonObject, key: string): readonly JsonValue[] | undefined {
  const member = value[key];
  return Array.isArray(member) ? (member as readonly JsonValue[]) : undefined;
}
