/** Foreign text (attachments of runs, catalogues) for one line of a page: no control characters, bounded. */
import { inert } from "../../engine/foundation/text.ts";
import {
  arrayAt,
  isObject,
  numberAt,
  stringAt,
  type JsonObject,
  type JsonValue,
} from "../../engine/foundation/json.ts";

const longest = 1000;

export function plainText(text: string): string {
  return inert(text, longest).trim();
}

/** Empty for anything that is no text. */
export function plainTextAt(value: JsonObject, key: string): string {
  return plainText(stringAt(value, key) ?? "");
}

/** The texts of a list; whatever else is in it is left out. */
export function plainTextsAt(value: JsonObject, key: string, most = 200): readonly string[] {
  const list = arrayAt(value, key) ?? [];
  const texts = list.filter((member: JsonValue): member is string => typeof member === "string");
  return texts.slice(0, most).map(plainText);
}

/** A number of things; 0 for anything that is none. */
export function countAt(value: JsonObject, key: string): number {
  const number = numberAt(value, key);
  return number !== undefined && Number.isFinite(number) && number >= 0 ? Math.floor(number) : 0;
}

export function objectsAt(value: JsonObject, key: string): readonly JsonObject[] {
  return (arrayAt(value, key) ?? []).filter(isObject);
}
