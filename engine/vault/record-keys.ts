/**
 * Keys of records. A record's line begins with its key: `{"id":<key>` and then `,` or `}`; a deletion is
 * `{"$del":<key>}`. So a reader finds one record among thousands without parsing the others.
 */
export type RecordKey = string | number;

export interface LineKey {
  readonly key: RecordKey;
  readonly deleted: boolean;
}

const linePattern = /^\{"(id|\$del)":(-?[0-9]{1,16}|"(?:[^"\\]|\\.)*")([,}])/;

/** Numbers numerically, strings by UTF-16 code unit; NaN for keys of different sorts, which have no order. */
export function compareKeys(left: RecordKey, right: RecordKey): number {
  if (typeof left !== typeof right) return NaN;
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Undefined for a line that does not begin with its key. */
export function keyOfLine(line: string): LineKey | undefined {
  const match = linePattern.exec(line);
  if (match?.[2] === undefined) return undefined;
  const deleted = match[1] === "$del";
  if (deleted && (match[3] !== "}" || match[0].length !== line.length)) return undefined;
  const key: unknown = JSON.parse(match[2]);
  return typeof key === "string" || Number.isSafeInteger(key) ? { key: key as RecordKey, deleted } : undefined;
}

export function putPrefix(key: RecordKey): string {
  return `{"id":${JSON.stringify(key)}`;
}

export function deletionLine(key: RecordKey): string {
  return `{"$del":${JSON.stringify(key)}}`;
}
