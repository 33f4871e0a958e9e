/**
 * What a project's work items are, as people understand them: read over REST, or from a snapshot's records, in one
 * form that can be compared. What is left out or smoothed here is all that a restore may change (the fidelity table).
 */
import { createHash } from "node:crypto";
import { isObject, objectAt, stringAt, type JsonObject, type JsonValue } from "../../engine/foundation/json.ts";
import type { SnapshotReader } from "../../engine/vault/streams/stream-reader.ts";
import { linkEndOf } from "../simulator/boards/links.ts";
import { typesOf, type WorkItemType } from "../simulator/boards/types.ts";
import { ask, basic, type TestSimulator } from "./simulator.ts";

export interface ItemState {
  readonly place: "live" | "recycle-bin";
  readonly fields: Readonly<Record<string, JsonValue>>;
  /** `rel|end|name|comment`, sorted; files by the hash of their content. */
  readonly relations: readonly string[];
  readonly comments: readonly CommentState[];
}

export interface CommentState {
  readonly author: string;
  /** To the minute, which is what a quoted comment says. */
  readonly at: string;
  readonly text: string;
  readonly format: string;
}

export type ProjectState = ReadonlyMap<number, ItemState>;

/** Changed by every restore (revision, changed date and by), or computed from what is compared anyway. */
const renewed = new Set([
  "System.Id",
  "System.Rev",
  "System.Watermark",
  "System.AuthorizedAs",
  "System.AuthorizedDate",
  "System.RevisedDate",
  "System.PersonId",
  "System.ChangedDate",
  "System.ChangedBy",
  "System.History",
  "System.Parent",
  "System.AreaId",
  "System.IterationId",
  "System.NodeName",
  "System.IsDeleted",
  "System.BoardColumn",
  "System.BoardColumnDone",
  "System.BoardLane",
]);

const address =
  /(?:https?:\/\/[^\s"'<>()]*)?(?:\/_apis\/wit\/attachments\/|\/WorkItemTracking\/v1\.0\/AttachFileHandler\.ashx\?[^\s"'<>()]*?(?:FileNameGuid|FileID)=)([0-9a-f-]{36})[^\s"'<>()]*/gi;

type Hashes = (guid: string) => string;

interface RawItem {
  readonly item: JsonObject;
  readonly comments: readonly JsonObject[];
}

function textsOf({ item, comments }: RawItem): string {
  return JSON.stringify([item.fields ?? {}, item.relations ?? [], comments.map(({ text }) => text ?? "")]);
}

/** GUIDs of everything attached to it or shown in it. */
function filesIn(raw: RawItem): readonly string[] {
  const found = textsOf(raw).matchAll(new RegExp(address.source, "gi"));
  return [...found].map(([, guid]) => (guid ?? "").toLowerCase());
}

function withHashes(text: string, hashes: Hashes): string {
  return text.replace(address, (_, guid: string) => `file:${hashes(guid.toLowerCase())}`);
}

function valueOf(value: JsonValue, hashes: Hashes): JsonValue {
  if (typeof value === "string") return withHashes(value, hashes);
  if (!isObject(value)) return value;
  return stringAt(value, "uniqueName") ?? stringAt(value, "displayName") ?? "";
}

/** A type's own fields: an item keeps those of an earlier type, but nobody can see or set them. */
function hasField(type: string, name: string): boolean {
  return /^(?:System|WEF)[._]/.test(name) || typeIn("Agile", type)?.fields.includes(name) === true;
}

function typeIn(process: string, name: string): WorkItemType | undefined {
  return typesOf(process).find((type) => type.name === name);
}

function fieldsOf(item: JsonObject, hashes: Hashes): Record<string, JsonValue> {
  const fields = objectAt(item, "fields") ?? {};
  const type = stringAt(fields, "System.WorkItemType") ?? "";
  const kept = Object.entries(fields).filter(
    ([name]) => !renewed.has(name) && !/Level\d$|Count$/.test(name) && hasField(type, name),
  );
  const values: Record<string, JsonValue> = Object.fromEntries(
    kept.map(([name, value]) => [name, valueOf(value, hashes)]),
  );
  const formats = isObject(item.multilineFieldsFormat) ? item.multilineFieldsFormat : {};
  for (const name of Object.keys(formats)) if (values[name] !== undefined) values[`${name} format`] = "markdown";
  if (typeof values["System.Tags"] === "string")
    values["System.Tags"] = values["System.Tags"].toLowerCase().split("; ").sort().join("; ");
  return values;
}

function relationsOf(item: JsonObject, hashes: Hashes): readonly string[] {
  const relations = Array.isArray(item.relations) ? (item.relations as readonly JsonObject[]) : [];
  return relations
    .map((relation) => {
      const { name = "", comment = "" } = (relation.attributes ?? {}) as Record<string, string>;
      const [rel = "", url = ""] = [stringAt(relation, "rel"), stringAt(relation, "url")];
      const end = /\/_apis\/wit\/workItems\/(\d+)$/i.exec(url)?.[1];
      if (end !== undefined) return `${rel}|${end}||${comment}`;
      return `${rel}|${withHashes(url, hashes)}|${rel === "Hyperlink" ? "" : name}|${comment}`;
    })
    .sort();
}

const quotedHtml = /^<div><i>(.*?) wrote on (\d{4}-\d\d-\d\d) (\d\d:\d\d) UTC:<\/i><\/div>/s;
const quotedMarkdown = /^\*(.*?) wrote on (\d{4}-\d\d-\d\d) (\d\d:\d\d) UTC:\*\n\n/s;

/** A comment that was written anew says in its text whose it is: that counts as the same comment. */
function commentOf(raw: JsonObject, hashes: Hashes): CommentState {
  const text = withHashes(stringAt(raw, "text") ?? "", hashes);
  const by = stringAt(objectAt(raw, "createdBy") ?? {}, "displayName") ?? "";
  const at = (stringAt(raw, "createdDate") ?? "").slice(0, 16);
  const format = stringAt(raw, "format") ?? "html";
  const [quote, author, day, minute] = (format === "markdown" ? quotedMarkdown : quotedHtml).exec(text) ?? [];
  if (quote === undefined) return { author: by, at, text, format };
  return {
    author: unescaped(author ?? ""),
    at: `${day ?? ""}T${minute ?? ""}`,
    text: text.slice(quote.length),
    format,
  };
}

function unescaped(author: string): string {
  return author.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&").replace(/\\(.)/g, "$1");
}

function stateOf(raw: RawItem, place: ItemState["place"], hashes: Hashes): ItemState {
  const comments = raw.comments.filter(({ isDeleted }) => isDeleted !== true).map((one) => commentOf(one, hashes));
  const fields = fieldsOf(raw.item, hashes);
  if (place === "recycle-bin") return { place, fields, relations: [], comments: [] };
  const inOrder = comments.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  return { place, fields, relations: relationsOf(raw.item, hashes), comments: inOrder };
}

/** The project's items over REST, those in the recycle bin included. */
export async function projectState(azure: TestSimulator, project: { readonly id: string }): Promise<ProjectState> {
  const wiql = { query: "SELECT [System.Id] FROM WorkItems WHERE [System.TeamProject] = @project" };
  const { json } = await ask(azure, `${project.id}/_apis/wit/wiql`, { method: "POST", body: wiql });
  const ids = (json.workItems as readonly { readonly id: number }[]).map(({ id }) => id);
  const found = new Map(await liveItems(azure, project, ids));
  const { list } = await ask(azure, `${project.id}/_apis/wit/recyclebin`);
  for (const { id } of list) {
    const { json: deleted } = await ask(azure, `${project.id}/_apis/wit/recyclebin/${Number(id)}`);
    const raw: RawItem = { item: deleted.resource as JsonObject, comments: [] };
    found.set(Number(id), stateOf(raw, "recycle-bin", await hashesOver(azure, filesIn(raw))));
  }
  return found;
}

/** Live items wherever they are. */
export async function liveItems(
  azure: TestSimulator,
  project: { readonly id: string },
  ids: readonly number[],
): Promise<ProjectState> {
  const found = new Map<number, ItemState>();
  for (let at = 0; at < ids.length; at += 200) {
    const body = { ids: ids.slice(at, at + 200), $expand: "relations", errorPolicy: "omit" };
    const { json } = await ask(azure, "_apis/wit/workitemsbatch", { method: "POST", body });
    for (const item of json.value as readonly (JsonObject | null)[]) {
      if (item === null) continue;
      const path = `${project.id}/_apis/wit/workItems/${Number(item.id)}/comments`;
      const said = await ask(azure, `${path}?$top=200&order=asc&api-version=7.1-preview.4`);
      const raw: RawItem = { item, comments: said.json.comments as readonly JsonObject[] };
      found.set(Number(item.id), stateOf(raw, "live", await hashesOver(azure, filesIn(raw))));
    }
  }
  return found;
}

const contents = new WeakMap<TestSimulator, Map<string, string>>();

async function hashesOver(azure: TestSimulator, guids: readonly string[]): Promise<Hashes> {
  const known = contents.get(azure) ?? new Map<string, string>();
  contents.set(azure, known);
  for (const guid of guids) {
    if (known.has(guid)) continue;
    const headers = { authorization: basic(azure.token) };
    const url = `${azure.organizationUrl}/_apis/wit/attachments/${guid}?api-version=7.1&download=true`;
    const answer = await fetch(url, { headers });
    const bytes = new Uint8Array(await answer.arrayBuffer());
    known.set(guid, answer.ok ? createHash("sha256").update(bytes).digest("hex") : "missing");
  }
  return (guid) => known.get(guid) ?? "missing";
}

/** What a snapshot holds, in the same form. */
export async function snapshotState(snapshot: SnapshotReader): Promise<ProjectState> {
  const found = new Map<number, ItemState>();
  const files = await snapshot.stream("work-items/files");
  const known = new Map<string, string>();
  for await (const { id, sha256 } of files?.toc() ?? []) known.set(id, sha256);
  const stream = await snapshot.stream("work-items");
  for await (const { key, value } of stream?.records() ?? []) {
    const raw: RawItem = { item: value.item as JsonObject, comments: (value.comments ?? []) as readonly JsonObject[] };
    const place = value.deleted === true ? "recycle-bin" : "live";
    found.set(
      Number(key),
      stateOf(raw, place, (guid) => known.get(guid) ?? "missing"),
    );
  }
  return found;
}

/** As plain objects, so that a test shows what differs. */
export function shown(state: ProjectState): Record<string, ItemState> {
  return Object.fromEntries([...state].sort(([a], [b]) => a - b));
}

export interface Elsewhere {
  readonly sourceUrl: string;
  readonly source: { readonly id: string; readonly name: string };
  readonly target: { readonly id: string; readonly name: string };
  /** New ids by old ones. */
  readonly ids: ReadonlyMap<number, number>;
  /** Whether an item that was not restored can have the link: it is still there, and has no other parent by now. */
  readonly canLink: (rel: string, end: number, newId: number) => boolean;
}

type TextMove = Pick<Elsewhere, "ids" | "source" | "target" | "sourceUrl">;

function movedText(text: string, isMarkdown: boolean, { ids, source, target, sourceUrl }: TextMove): string {
  const base = `${sourceUrl}/${encodeURIComponent(source.name)}/_workitems/edit/`;
  const moved = text.replaceAll(new RegExp(`${base}(\\d+)`, "g"), (whole, id: string) => {
    const newId = ids.get(Number(id));
    return newId === undefined ? whole : `${sourceUrl}/${encodeURIComponent(target.name)}/_workitems/edit/${newId}`;
  });
  const number = (whole: string, before: string, id: string): string => {
    const newId = ids.get(Number(id));
    return newId === undefined ? whole : `${before}#${newId}`;
  };
  return isMarkdown
    ? moved.replace(/(^|\s)#(\d+)\b/g, number)
    : moved.replace(/(data-vss-mention=[^>]*>)#(\d+)/g, number);
}

/** Mentions and addresses of items that had to be created anew in their own project. */
export function withNewMentions(state: ProjectState, where: TextMove): ProjectState {
  const changed = (item: ItemState): ItemState => ({
    ...item,
    fields: Object.fromEntries(
      Object.entries(item.fields).map(([name, value]) => [
        name,
        typeof value === "string" ? movedText(value, item.fields[`${name} format`] !== undefined, where) : value,
      ]),
    ),
    comments: item.comments.map((one) => ({ ...one, text: movedText(one.text, one.format === "markdown", where) })),
  });
  return new Map([...state].map(([id, item]) => [id, changed(item)]));
}

/** What the items of a snapshot are to be in another project, by their new ids. */
export function inOtherProject(state: ProjectState, where: Elsewhere): ProjectState {
  const { ids, target } = where;
  const texts = (text: string, isMarkdown: boolean): string => movedText(text, isMarkdown, where);
  const copies = new Map<number, ItemState>();
  for (const [id, item] of state) {
    const newId = ids.get(id);
    if (newId === undefined || item.place === "recycle-bin") continue;
    const kept = Object.entries(item.fields).filter(([name]) => !name.startsWith("WEF_"));
    const fields = kept.map(([name, value]): [string, JsonValue] => {
      if (typeof value !== "string") return [name, value];
      if (name === "System.TeamProject") return [name, target.name];
      if (/^System\.(?:Area|Iteration)Path$/.test(name)) return [name, value.replace(/^[^\\]+/, target.name)];
      return [name, texts(value, item.fields[`${name} format`] !== undefined)];
    });
    copies.set(newId, {
      ...item,
      fields: Object.fromEntries(fields),
      relations: merged([...item.relations.map((one) => movedRelation(one, newId, where)), originOf(id, where)]),
      comments: item.comments.map((one) => ({ ...one, text: texts(one.text, one.format === "markdown") })),
    });
  }
  return copies;
}

/** The service has one hyperlink for each address: comments are joined. */
function merged(relations: readonly string[]): readonly string[] {
  const byEnd = new Map<string, string>();
  for (const relation of relations.filter((one) => one.startsWith("Hyperlink|"))) {
    const end = relation.slice(0, relation.lastIndexOf("|"));
    const first = byEnd.get(end);
    byEnd.set(end, first === undefined ? relation : `${first}; ${relation.slice(end.length + 1)}`);
  }
  return [...relations.filter((one) => !one.startsWith("Hyperlink|")), ...byEnd.values()].sort();
}

function originOf(id: number, { sourceUrl, source }: Elsewhere): string {
  return `Hyperlink|${sourceUrl}/${encodeURIComponent(source.name)}/_workitems/edit/${id}||Restored from work item ${id}`;
}

function movedRelation(relation: string, newId: number, { ids, canLink, sourceUrl, source }: Elsewhere): string {
  const [rel = "", end = "", name = "", comment = ""] = relation.split("|");
  if (!/^\d+$/.test(end)) return relation;
  const newEnd = ids.get(Number(end)) ?? (canLink(rel, Number(end), newId) ? Number(end) : undefined);
  if (newEnd !== undefined) return `${rel}|${newEnd}|${name}|${comment}`;
  return goneLink(relation, { sourceUrl, source });
}

/** A link whose other end does not exist any more. */
export function goneLink(relation: string, { sourceUrl, source }: Pick<Elsewhere, "sourceUrl" | "source">): string {
  const [rel = "", end = ""] = relation.split("|");
  return `Hyperlink|${sourceUrl}/${encodeURIComponent(source.name)}/_workitems/edit/${end}||Was: ${linkName(rel)} ${end}`;
}

function linkName(rel: string): string {
  const end = linkEndOf(rel);
  return end === undefined ? rel : end.isForward ? end.type.forwardName : end.type.reverseName;
}

/** Without the history file that a copy carries; how many had one is checked apart. */
export function withoutHistoryFile(state: ProjectState): ProjectState {
  const isHistory = (relation: string): boolean => /\|work-item-\d+-history\.json\|/.test(relation);
  return new Map(
    [...state].map(([id, item]) => [
      id,
      {
        ...item,
        fields: Object.fromEntries(Object.entries(item.fields).filter(([name]) => !name.startsWith("WEF_"))),
        relations: item.relations.filter((relation) => !isHistory(relation)),
      },
    ]),
  );
}
