/** Reading work items from Azure DevOps in the numbers a backup needs: 200 items a call, the rest only where it is. */
import {
  commentReactions,
  commentVersions,
  comments,
  getDeleted,
  recycleBinIds,
  revisions,
  workItemIds,
  workItemsBatch,
} from "../azure-devops/work-items.ts";
import { mapConcurrent } from "../foundation/concurrency.ts";
import { hasCode } from "../foundation/errors.ts";
import { arrayAt, isObject, numberAt, stringAt, type JsonObject } from "../foundation/json.ts";
import { fieldsOf, type WorkItemRecord } from "./work-item-record.ts";
import type { SourceProject } from "./kind.ts";

/** What the service's lists say: everything alive, everything in the recycle bin. */
export interface Census {
  readonly live: ReadonlySet<number>;
  readonly bin: ReadonlySet<number>;
}

export async function readCensus(source: SourceProject): Promise<Census> {
  const live = new Set<number>();
  for await (const id of workItemIds(source.azureDevOps, source.project.id)) live.add(id);
  return { live, bin: await readRecycleBin(source) };
}

export async function readRecycleBin({ azureDevOps, project }: SourceProject): Promise<ReadonlySet<number>> {
  return new Set(await recycleBinIds(azureDevOps, project.id));
}

/** A record read, or why there is none: `moved` to another project, or `lost` (destroyed, or hidden from us). */
export type ReadItem = { readonly record: WorkItemRecord } | { readonly id: number; readonly gone: "moved" | "lost" };

interface Group {
  readonly id: number;
  /** Read one by one when absent. */
  readonly revisions?: readonly JsonObject[];
}

const batchSize = 200;
/** Batches in flight: bounds memory to some 800 items. */
const batchesAhead = 3;

/** Reads the groups, which come in id order, and yields in id order. */
export async function* readWorkItems(
  groups: AsyncIterable<Group> | Iterable<Group>,
  { source, bin }: { readonly source: SourceProject; readonly bin: ReadonlySet<number> },
): AsyncGenerator<ReadItem> {
  const ahead = Math.max(1, Math.min(batchesAhead, source.parallelism));
  for await (const items of mapConcurrent(batchesOf(groups), ahead, (batch) => readBatch(batch, source, bin)))
    yield* items;
}

async function* batchesOf(groups: AsyncIterable<Group> | Iterable<Group>): AsyncGenerator<readonly Group[]> {
  let batch: Group[] = [];
  for await (const group of groups) {
    batch.push(group);
    if (batch.length === batchSize) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

async function readBatch(
  batch: readonly Group[],
  source: SourceProject,
  bin: ReadonlySet<number>,
): Promise<readonly ReadItem[]> {
  source.signal.throwIfAborted();
  const items = await workItemsBatch(
    source.azureDevOps,
    batch.map((group) => group.id),
  );
  const lanes = Math.max(1, Math.ceil(source.parallelism / batchesAhead));
  const read: ReadItem[] = [];
  for await (const item of mapConcurrent(batch, lanes, (group) => readOne(group, items.get(group.id), { source, bin })))
    read.push(item);
  return read;
}

async function readOne(
  group: Group,
  item: JsonObject | null | undefined,
  { source, bin }: { readonly source: SourceProject; readonly bin: ReadonlySet<number> },
): Promise<ReadItem> {
  if (item === null || item === undefined)
    return bin.has(group.id) ? readDeleted(group, source) : { id: group.id, gone: "lost" };
  if (!isInProject(item, source)) return { id: group.id, gone: "moved" };
  const own = group.revisions ?? (await revisionsOf(source, group.id));
  const commentCount = numberAt(fieldsOf(item), "System.CommentCount") ?? 0;
  const said = commentCount > 0 || hadComments(own) ? await readComments(source, group.id) : [];
  const rev = numberAt(item, "rev") ?? 0;
  return {
    record: { id: group.id, rev, item, ...(said.length === 0 ? {} : { comments: said }), revisions: upTo(own, rev) },
  };
}

function isInProject(item: JsonObject, { project }: SourceProject): boolean {
  return stringAt(fieldsOf(item), "System.TeamProject")?.toLowerCase() === project.name.toLowerCase();
}

/** All comments may have been deleted since: deleted ones are kept too. */
function hadComments(own: readonly JsonObject[]): boolean {
  return own.some((revision) => (numberAt(fieldsOf(revision), "System.CommentCount") ?? 0) > 0);
}

/** A revision written between the feed and the item belongs to the next run. */
function upTo(own: readonly JsonObject[], rev: number): readonly JsonObject[] {
  return own.filter((revision) => (numberAt(revision, "rev") ?? 0) <= rev);
}

async function revisionsOf({ azureDevOps, project }: SourceProject, id: number): Promise<readonly JsonObject[]> {
  const all: JsonObject[] = [];
  for await (const revision of revisions(azureDevOps, project.id, id)) all.push(revision);
  return all;
}

async function readDeleted(group: Group, source: SourceProject): Promise<ReadItem> {
  try {
    const item = await getDeleted(source.azureDevOps, source.project.id, group.id);
    const resource = item.resource;
    const full = isObject(resource) ? resource : item;
    const own = group.revisions ?? [];
    const rev = numberAt(full, "rev") ?? numberAt(own.at(-1) ?? {}, "rev") ?? 0;
    return { record: { id: group.id, rev, item: full, revisions: own, deleted: true } };
  } catch (error) {
    if (hasCode(error, "ADO_NOT_FOUND")) return { id: group.id, gone: "lost" };
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
    const versions =
      (numberAt(comment, "version") ?? 1) > 1 ? await commentVersions(azureDevOps, project.id, place) : undefined;
    const reactions =
      (arrayAt(comment, "reactions")?.length ?? 0) > 0
        ? await commentReactions(azureDevOps, project.id, place)
        : undefined;
    all.push({
      ...comment,
      ...(versions === undefined ? {} : { versions }),
      ...(reactions === undefined ? {} : { reactions }),
    });
  }
  return all;
}

/** Revision numbers and comment counts of all live items, for the full comparison. */
export async function* currentRevisions(
  source: SourceProject,
  keys: ReadonlyMap<number, unknown>,
): AsyncGenerator<{ readonly id: number; readonly rev: number; readonly comments: number }> {
  const groups = [...keys.keys()].sort((a, b) => a - b).map((id) => ({ id }));
  const batches = mapConcurrent(batchesOf(groups), Math.max(1, source.parallelism), async (batch) =>
    workItemsBatch(
      source.azureDevOps,
      batch.map((group) => group.id),
    ),
  );
  for await (const items of batches) {
    for (const [id, item] of items) {
      if (item === null) continue;
      yield { id, rev: numberAt(item, "rev") ?? 0, comments: numberAt(fieldsOf(item), "System.CommentCount") ?? 0 };
    }
  }
}
