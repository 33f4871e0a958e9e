/**
 * The stored record of a work item (docs/decisions/0010-work-item-records.md: answers of the service untouched):
 * `{id, rev, item, comments?, revisions, files?, deleted?}` in id order, and what is read out of it for people
 * and for finding files.
 */
import {
  arrayAt,
  isObject,
  numberAt,
  objectAt,
  stringAt,
  type JsonObject,
  type JsonValue,
} from "../../../foundation/json.ts";
import type { CatalogueItem } from "../../../vault/format/state.ts";

/** Version of the record's shape. */
export const workItemSchema = 1;

export interface WorkItemRecord {
  readonly id: number;
  readonly rev: number;
  /** The full work item with relations; of a deleted one what the recycle bin shows. */
  readonly item: JsonObject;
  /** Comments with `versions` and `reactions` added to each that has them. */
  readonly comments?: readonly JsonObject[];
  /** All revisions, oldest first: `{id, rev, fields}`. */
  readonly revisions: readonly JsonObject[];
  /** Attachments and inline images by GUID, with the name they had. */
  readonly files?: Readonly<Record<string, { readonly name: string }>>;
  /** It was in the recycle bin. */
  readonly deleted?: true;
}

/** Reads a stored record; undefined when it is none. */
export function workItemRecordOf(value: JsonObject): WorkItemRecord | undefined {
  const id = numberAt(value, "id");
  const rev = numberAt(value, "rev");
  const item = objectAt(value, "item");
  const revisions = arrayAt(value, "revisions");
  if (id === undefined || rev === undefined || item === undefined || revisions === undefined) return undefined;
  const comments = arrayAt(value, "comments");
  return {
    id,
    rev,
    item,
    revisions: revisions.filter(isObject),
    ...(comments === undefined ? {} : { comments: comments.filter(isObject) }),
    files: namesOf(objectAt(value, "files") ?? {}),
    ...(value.deleted === true ? { deleted: true } : {}),
  };
}

function namesOf(files: JsonObject): Readonly<Record<string, { readonly name: string }>> {
  return Object.fromEntries(
    Object.entries(files).flatMap(([id, entry]) =>
      isObject(entry) ? [[id, { name: stringAt(entry, "name") ?? id }]] : [],
    ),
  );
}

export function fieldsOf(item: JsonObject): JsonObject {
  return objectAt(item, "fields") ?? {};
}

/** The line people browse. */
export function catalogueItemOf(record: Omit<WorkItemRecord, "revisions">, names: "names" | "ids"): CatalogueItem {
  const fields = fieldsOf(record.item);
  const title = stringAt(fields, "System.Title") ?? stringAt(record.item, "name");
  const changedBy = fields["System.ChangedBy"];
  const by = isObject(changedBy)
    ? stringAt(changedBy, "displayName")
    : typeof changedBy === "string"
      ? changedBy
      : undefined;
  return {
    id: String(record.id),
    ...optional("name", names === "names" ? title : undefined),
    ...optional("type", stringAt(fields, "System.WorkItemType") ?? stringAt(record.item, "type")),
    ...optional("state", record.deleted === true ? "Deleted" : stringAt(fields, "System.State")),
    rev: record.rev,
    ...optional("at", stringAt(fields, "System.ChangedDate")),
    ...optional("by", names === "names" ? by : undefined),
  };
}

function optional<Key extends string>(key: Key, value: string | undefined): Partial<Record<Key, string>> {
  return value === undefined ? {} : ({ [key]: value } as Partial<Record<Key, string>>);
}

const guidForm = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";
const query = String.raw`(?:\?[^\s"'<>()]*)?`;
const host = String.raw`(?:https?://[^\s"'<>()]*?)?`;
/** Addresses of attachments, in the forms Azure DevOps has written over the years, with their GUID. */
export const attachmentAddresses = new RegExp(
  String.raw`${host}/_apis/wit/attachments/(${guidForm})${query}|` +
    String.raw`${host}/AttachFileHandler\.ashx\?[^\s"'<>()]*?(?:FileNameGuid|FileID)=(${guidForm})[^\s"'<>()]*`,
  "gi",
);

/**
 * Every attachment and inline image in it, with its name: relations of the item and of its revisions, and every
 * text in fields and comments.
 */
export function filesOf(content: readonly JsonValue[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const value of content) collectFiles(value, found);
  return found;
}

function collectFiles(value: JsonValue, found: Map<string, string>): void {
  if (typeof value === "string") collectFromText(value, found);
  else if (Array.isArray(value)) for (const member of value as readonly JsonValue[]) collectFiles(member, found);
  else if (isObject(value)) {
    if (value.rel === "AttachedFile") collectRelation(value, found);
    for (const member of Object.values(value)) collectFiles(member, found);
  }
}

function collectRelation(relation: JsonObject, found: Map<string, string>): void {
  const id = attachmentIdOf(stringAt(relation, "url") ?? "");
  const name = stringAt(objectAt(relation, "attributes") ?? {}, "name");
  if (id !== undefined) found.set(id, name ?? found.get(id) ?? id);
}

function collectFromText(text: string, found: Map<string, string>): void {
  if (!/attach/i.test(text)) return;
  for (const [address, current, legacy] of text.matchAll(attachmentAddresses)) {
    const id = (current ?? legacy ?? "").toLowerCase();
    const known = found.get(id);
    if (known === undefined || known === id) found.set(id, fileNameIn(address) ?? id);
  }
}

function fileNameIn(address: string): string | undefined {
  const parameters = new URLSearchParams(address.slice(address.indexOf("?") + 1).replaceAll("&amp;", "&"));
  for (const [name, value] of parameters) if (name.toLowerCase() === "filename" && value !== "") return value;
  return undefined;
}

/** The GUID in an attachment's address; undefined when it is none. */
export function attachmentIdOf(url: string): string | undefined {
  return new RegExp(`_apis/wit/attachments/(${guidForm})(?:[?/]|$)`, "i").exec(url)?.[1]?.toLowerCase();
}
