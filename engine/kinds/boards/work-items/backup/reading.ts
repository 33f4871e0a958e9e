/** Reading work items from Azure DevOps in the numbers a backup needs: 200 items a call, the rest only where it is. */
import {
  commentReactions,
  commentVersions,
  comments,
  getDeleted,
  recycleBinIds,
  revisions,
  workItemsBatch,
} from "../../../../azure-devops/boards/work-items.ts";
import { collect, mapConcurrent } from "../../../../foundation/concurrency.ts";
import { hasCode } from "../../../../foundation/errors.ts";
import { arrayAt, isObject, numberAt, stringAt, type JsonObject } from "../../../../foundation/json.ts";
import { IdSet, type Ids } from "../id-set.ts";
import { fieldsOf, filesOf } from "../record.ts";
import { linkedIds } from "../relations.ts";
import { hasComments, type ReadRecord, type RevisionText } from "../record-json.ts";
import type { SourceProject } from "../../../kind.ts";

/** Undefined when it holds more than the service lists: then each item that is gone is asked for by itself. */
export async function readRecycleBin({ azureDevOps, project }: SourceProject): Promise<Ids | undefined> {
  const ids = await recycleBinIds(azureDevOps, project.id);
  return ids === undefined ? undefined : new IdSet(ids);
}

/**
 * A record read, or why there is none: `moved` to another project, or `lost` (destroyed, or hidden from us). `lacks`: what
 * the service shows to be there and does not deliver, in words.
 */
export type ReadItem =
  | { readonly record: ReadRecord; readonly lacks?: readonly string[] }
  | { readonly id: number; readonly gone: "moved" | "lost" };

export interface Group {
  readonly id: number;
  /** Those the feed has just given, oldest first: all of them, some, or none. */
  readonly revisions: readonly RevisionText[];
}

const batchSize = 200;
/** Batches in flight: bounds memory to some 800 items. */
const batchesAhead = 3;

interface Place {
  readonly source: SourceProject;
  /** Undefined when it is too long for the service to list. */
  readonly bin: Ids | undefined;
}

/** Reads the groups, which come in id order, and yields in id order. */
export async function* readWorkItems(groups: AsyncIterable<Group>, place: Place): AsyncGenerator<ReadItem> {
  const ahead = Math.max(1, Math.min(batchesAhead, place.source.parallelism));
  for await (const items of mapConcurrent(batchesOf(groups), ahead, (batch) => readBatch(batch, place))) yield* items;
}

async function* batchesOf<Item>(items: AsyncIterable<Item> | Iterable<Item>): AsyncGenerator<readonly Item[]> {
  let batch: Item[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length === batchSize) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

async function readBatch(batch: readonly Group[], { source, bin }: Place): Promise<readonly ReadItem[]> {
  source.signal.throwIfAborted();
  const ids = batch.map(({ id }) => id);
  const items = await workItemsBatch(source.azureDevOps, ids);
  // What has gone since the recycle bin was listed may have gone there.
  const isExplained = bin === undefined || ids.every((id) => isObject(items.get(id)) || bin.has(id));
  const place = { source, bin: isExplained ? bin : await readRecycleBin(source) };
  const lanes = Math.max(1, Math.ceil(source.parallelism / batchesAhead));
  return collect(mapConcurrent(batch, lanes, (group) => readOne(group, items.get(group.id) ?? undefined, place)));
}

async function readOne(group: Group, item: JsonObject | undefined, { source, bin }: Place): Promise<ReadItem> {
  const mayBeInBin = bin === undefined || bin.has(group.id);
  if (item === undefined) return mayBeInBin ? readDeleted(group, source) : { id: group.id, gone: "lost" };
  const read = await readLive(group, item, source);
  if (!("lacks" in read)) return read;
  // It may have gone to the recycle bin between its two halves.
  const again = (await workItemsBatch(source.azureDevOps, [group.id])).get(group.id) ?? undefined;
  return again === undefined ? readDeleted(group, source) : readLive(group, again, source);
}

async function readLive({ id, revisions: known }: Group, item: JsonObject, source: SourceProject): Promise<ReadItem> {
  if (!isInProject(item, source)) return { id, gone: "moved" };
  const rev = numberAt(item, "rev") ?? 0;
  const history = isWhole(known, rev) ? known : await ifShown(allRevisions(id, source));
  const own = history ?? known;
  const commentCount = numberAt(fieldsOf(item), "System.CommentCount") ?? 0;
  // All comments may have been deleted since: deleted ones are kept too.
  const said = commentCount > 0 || own.some(hasComments) ? await ifShown(readComments(source, id)) : [];
  const lacks = lackOf(history, said);
  const comments = said === undefined || said.length === 0 ? {} : { comments: said };
  const record = { id, rev, item, ...comments, revisions: upTo(own, rev) };
  return lacks.length === 0 ? { record } : { record, lacks };
}

/** In words, what of an item that is there was not delivered. */
function lackOf(
  history: readonly RevisionText[] | undefined,
  said: readonly JsonObject[] | undefined,
): readonly string[] {
  return [
    ...(history === undefined ? ["its history"] : []),
    ...(said === undefined ? ["its comments"] : []),
    ...(said?.some(lacksVersions) === true ? ["earlier versions of its comments"] : []),
  ];
}

/** A deleted comment does not show them; a living one has as many as it says. */
function lacksVersions(comment: JsonObject): boolean {
  if (comment.isDeleted === true) return false;
  const hasVersions = (numberAt(comment, "version") ?? 1) > 1;
  return hasVersions && comment.versions === undefined;
}

/** The project's id stands in the item's address; its name may have changed since this run began. */
function isInProject(item: JsonObject, { project }: SourceProject): boolean {
  const id = /\/([0-9a-f-]{36})\/_apis\/wit\/workitems\//i.exec(stringAt(item, "url") ?? "")?.[1];
  if (id !== undefined) return id.toLowerCase() === project.id.toLowerCase();
  return stringAt(fieldsOf(item), "System.TeamProject")?.toLowerCase() === project.name.toLowerCase();
}

/** The feed of a project lacks what an item did in another one, and the latest revision may not have reached it yet. */
function isWhole(known: readonly RevisionText[], rev: number): boolean {
  return known.length >= rev && known[0]?.rev === 1;
}

async function allRevisions(id: number, { azureDevOps, project }: SourceProject): Promise<readonly RevisionText[]> {
  const all = await collect(revisions(azureDevOps, project.id, id));
  return all.map((revision) => ({ rev: numberAt(revision, "rev") ?? 0, json: JSON.stringify(revision) }));
}

/** A revision written between the feed and the item belongs to the next run. */
function upTo(own: readonly RevisionText[], last: number): readonly RevisionText[] {
  return own.filter(({ rev }) => rev <= last);
}

/** In the recycle bin the service shows fields only; revisions are those that the feed has given. */
async function readDeleted({ id, revisions: own }: Group, source: SourceProject): Promise<ReadItem> {
  try {
    const shown = await getDeleted(source.azureDevOps, source.project.id, id);
    const item = isObject(shown.resource) ? shown.resource : shown;
    const rev = numberAt(item, "rev") ?? own.at(-1)?.rev ?? 0;
    return { record: { id, rev, item, revisions: own, deleted: true } };
  } catch (error) {
    if (hasCode(error, "ADO_NOT_FOUND")) return { id, gone: "lost" };
    throw error;
  }
}

/** Comments with their earlier versions and their reactions, where there are any. */
export async function readComments(
  { azureDevOps, project }: SourceProject,
  id: number,
): Promise<readonly JsonObject[]> {
  const all: JsonObject[] = [];
  for await (const comment of comments(azureDevOps, project.id, id)) {
    const commentId = numberAt(comment, "id") ?? numberAt(comment, "commentId");
    if (commentId === undefined) continue;
    const place = { workItemId: id, commentId };
    const hasVersions = (numberAt(comment, "version") ?? 1) > 1;
    const hasReactions = (arrayAt(comment, "reactions")?.length ?? 0) > 0;
    const versions = hasVersions ? await ifShown(commentVersions(azureDevOps, project.id, place)) : undefined;
    const reactions = hasReactions ? await ifShown(commentReactions(azureDevOps, project.id, place)) : undefined;
    all.push({
      ...comment,
      ...(versions === undefined ? {} : { versions }),
      ...(reactions === undefined ? {} : { reactions }),
    });
  }
  return all;
}

/** Undefined for what is deleted (meanwhile), or hidden because of that. */
export async function ifShown<Value>(reading: Promise<Value>): Promise<Value | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (hasCode(error, "ADO_NOT_FOUND")) return undefined;
    throw error;
  }
}

export interface CurrentItem {
  readonly id: number;
  readonly rev: number;
  readonly comments: number;
  /** Ids of linked work items, ascending. */
  readonly linked: readonly number[];
  /** Files that its relations and texts show. */
  readonly files: readonly string[];
}

/** What the service shows of live items in passing, for the full comparison. */
export async function* currentItems(source: SourceProject, ids: readonly number[]): AsyncGenerator<CurrentItem> {
  const read = (batch: readonly number[]): ReturnType<typeof workItemsBatch> =>
    workItemsBatch(source.azureDevOps, batch);
  for await (const items of mapConcurrent(batchesOf(ids), Math.max(1, source.parallelism), read)) {
    for (const [id, item] of items) {
      if (item === null) continue;
      const comments = numberAt(fieldsOf(item), "System.CommentCount") ?? 0;
      yield {
        id,
        rev: numberAt(item, "rev") ?? 0,
        comments,
        linked: linkedIds(item),
        files: [...filesOf([item]).keys()],
      };
    }
  }
}
