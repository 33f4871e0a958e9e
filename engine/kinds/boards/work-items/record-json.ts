/**
 * A work item as it was read, on its way into its record. Most revisions go from the feed into the record as text,
 * without being looked at again: parsed, a project's history would be most of a backup's work and memory.
 */
import type { JsonObject } from "../../../foundation/json.ts";
import { utf8 } from "../../../foundation/bytes.ts";
import type { WorkItemRecord } from "./record.ts";

/** One revision, as JSON without white space. */
export interface RevisionText {
  readonly rev: number;
  readonly json: string;
}

export interface ReadRecord extends Omit<WorkItemRecord, "revisions"> {
  /** Oldest first. */
  readonly revisions: readonly RevisionText[];
}

export function parsedRevision({ json }: RevisionText): JsonObject {
  return JSON.parse(json) as JsonObject; // of a service's object
}

/** A quotation mark within a JSON text has a backslash before it: only a field is found. */
export function hasComments({ json }: RevisionText): boolean {
  return /"System\.CommentCount":[1-9]/.test(json);
}

/** False only where no attachment can be mentioned, by a relation or by an address in a text. */
export function mayMentionFile(json: string): boolean {
  return /"AttachedFile"|\/(?:attachments\/|AttachFileHandler\.)/i.test(json);
}

/** The record's JSON, and how many of its oldest revisions did not fit into `maxBytes`. */
export function recordJson(record: ReadRecord, maxBytes: number): { readonly json: string; readonly dropped: number } {
  let { revisions } = record;
  let json = composed(record, revisions);
  while (json.length * 3 > maxBytes && utf8(json).length > maxBytes && revisions.length > 0) {
    revisions = revisions.slice(Math.ceil(revisions.length / 4));
    json = composed(record, revisions);
  }
  return { json, dropped: record.revisions.length - revisions.length };
}

function composed({ id, rev, item, comments, files, deleted }: ReadRecord, revisions: readonly RevisionText[]): string {
  const before = JSON.stringify({ id, rev, item, ...(comments === undefined ? {} : { comments }) });
  const after = JSON.stringify({
    ...(files === undefined ? {} : { files }),
    ...(deleted === undefined ? {} : { deleted }),
  });
  const history = revisions.map(({ json }) => json).join(",");
  return `${before.slice(0, -1)},"revisions":[${history}]${after === "{}" ? "}" : `,${after.slice(1)}`}`;
}
