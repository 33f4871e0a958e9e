/**
 * Keys of records, and how a line shows its own: `{"id":<key>` and then `,` or `}` where the record begins so,
 * `{"$put":<key>,"value":<record>}` where it does not, `{"$del":<key>}` for a deletion. So a reader finds one
 * record among thousands without parsing the others.
 */
import { objectAt, parseObject } from "../../foundation/json.ts";
import type { JsonObject } from "../../foundation/json.ts";

export type RecordKey = string | number;

const key = `(-?[0-9]{1,16}|"(?:[^"\\\\]|\\\\.)*")`;
const plainPattern = new RegExp(`^\\{"id":${key}[,}]`);
const wrappedPattern = new RegExp(`^\\{"\\$put":${key},"value":\\{`);
const deletionPattern = new RegExp(`^\\{"\\$del":${key}\\}$`);

export interface LineKey {
  readonly key: RecordKey;
  readonly deleted: boolean;
}

/** Numbers numerically, strings by UTF-16 code unit; NaN for keys of different sorts, which have no order. */
export function compareKeys(left: RecordKey, right: RecordKey): number {
  if (typeof left !== typeof right) return NaN;
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The line that puts a record: `json` itself where it begins with its key, else wrapped. */
export function putLine(key: RecordKey, json: string): string {
  return isPlain(json, key) ? json : `{"$put":${JSON.stringify(key)},"value":${json}}`;
}

export function deletionLine(key: RecordKey): string {
  return `{"$del":${JSON.stringify(key)}}`;
}

/** Undefined for a line that does not show its key. */
export function keyOfLine(line: string): LineKey | undefined {
  const deletion = deletionPattern.exec(line)?.[1];
  const found = deletion ?? plainPattern.exec(line)?.[1] ?? wrappedPattern.exec(line)?.[1];
  if (found === undefined) return undefined;
  const key = parsedKey(found);
  return key === undefined ? undefined : { key, deleted: deletion !== undefined };
}

/** Finds the line of one key without parsing the others. */
export function isLineOf(line: string, key: RecordKey): boolean {
  if (isPlain(line, key) || line === deletionLine(key)) return true;
  return line.startsWith(`{"$put":${JSON.stringify(key)},`);
}

/** The record a putting line holds; undefined for anything else. */
export function recordOfLine(line: string): JsonObject | undefined {
  const value = parseObject(line);
  return value !== undefined && line.startsWith(`{"$put":`) ? objectAt(value, "value") : value;
}

function isPlain(line: string, key: RecordKey): boolean {
  const prefix = `{"id":${JSON.stringify(key)}`;
  const next = line[prefix.length];
  return line.startsWith(prefix) && (next === "," || next === "}");
}

function parsedKey(text: string): RecordKey | undefined {
  try {
    const key: unknown = JSON.parse(text);
    return typeof key === "string" || Number.isSafeInteger(key) ? (key as RecordKey) : undefined;
  } catch {
    return undefined;
  }
}
