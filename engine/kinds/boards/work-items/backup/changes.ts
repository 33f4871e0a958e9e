/**
 * Which work items have to be read: those the feeds name since the watermark, those on which the service's lists and
 * our keys disagree, and once a week those that changed silently. The recycle bin and the feeds are read before the
 * list of what is alive, so that whatever moves between them meanwhile is found in one of them, or by the next run.
 */
import { reportingLinks, reportingRevisions, workItemIds } from "../../../../azure-devops/boards/work-items.ts";
import { mapConcurrent } from "../../../../foundation/concurrency.ts";
import { numberAt, stringAt, isObject, type JsonValue } from "../../../../foundation/json.ts";
import { sortLines, type LineSorter } from "../../../../native/sorted-lines.ts";
import type { BackupWork, SourceProject } from "../../../kind.ts";
import { IdSet, type Ids } from "../id-set.ts";
import type { RevisionText } from "../record-json.ts";
import type { Key, Keys } from "./keys.ts";
import { currentItems, ifShown, readComments, readRecycleBin, type CurrentItem, type Group } from "./reading.ts";

/** Without a position of its own the links feed begins this far back, against clocks and index delay. */
const overlapMs = 15 * 60_000;

export interface Watermark {
  readonly revisions: string;
  readonly links: string;
}

export function watermarkOf(value: JsonValue | undefined): Watermark | undefined {
  if (!isObject(value)) return undefined;
  const revisions = stringAt(value, "revisions");
  const links = stringAt(value, "links");
  return revisions === undefined || links === undefined ? undefined : { revisions, links };
}

export interface Changes {
  readonly watermark: Watermark;
  /** Undefined when the recycle bin is too long for the service to list. */
  readonly bin: Ids | undefined;
  /** How many items have to be read. */
  readonly count: number;
  /** They, in id order, each with the revisions that the feed has just given. */
  groups(): AsyncIterable<Group>;
  /** Removes what lies on disk; call it in a `finally`. */
  dispose(): Promise<void>;
}

type RevisionKey = readonly [id: number, rev: number];

export interface Before {
  readonly since: Watermark | undefined;
  readonly keys: Keys;
  /** Items of which the last run could not read everything. */
  readonly incomplete: Iterable<number>;
  /** Whether a file is stored, or will be asked for anyway. */
  readonly holdsFile: (id: string) => Promise<boolean>;
}

/** From a watermark on, or everything there is. */
export async function readChanges(work: BackupWork, before: Before): Promise<Changes> {
  const { source } = work;
  const { since, keys, incomplete } = before;
  const spool = sortLines<RevisionKey>({ folder: source.temporaryFolder });
  try {
    const bin = await readRecycleBin(source);
    const ids = new IdSet();
    const links = await linksFeed(source, since, ids);
    const revisions = await revisionsFeed(source, since, { ids, spool });
    const live = new IdSet();
    for await (const id of workItemIds(source.azureDevOps, source.project.id)) live.add(id);
    const isElsewhere = (id: number): boolean => bin?.has(id) === false && !live.has(id) && !keys.has(id);
    for (const id of ids) if (isElsewhere(id)) ids.delete(id);
    for (const id of incomplete) if (live.has(id)) ids.add(id);
    addDisagreements({ live, bin }, keys, ids);
    if (work.previous.reconcile) for await (const id of silentlyChanged(work, before, { live, ids })) ids.add(id);
    return {
      watermark: { revisions, links },
      bin,
      count: ids.size,
      groups: () => groupsOf(spool, ids),
      dispose: () => spool.dispose(),
    };
  } catch (error) {
    await spool.dispose();
    throw error;
  }
}

/** Both ends of every link that changed. Gives the new position. */
async function linksFeed(source: SourceProject, since: Watermark | undefined, ids: IdSet): Promise<string> {
  const start = new Date(source.clock.now().getTime() - overlapMs);
  const from = since === undefined ? { start } : { token: since.links };
  let position = "";
  for await (const page of reportingLinks(source.azureDevOps, source.project.id, from)) {
    for (const link of page.values) {
      ids.add(numberAt(link, "sourceId") ?? 0);
      ids.add(numberAt(link, "targetId") ?? 0);
    }
    position = page.token;
  }
  return position;
}

async function revisionsFeed(
  source: SourceProject,
  since: Watermark | undefined,
  { ids, spool }: { readonly ids: IdSet; readonly spool: LineSorter<RevisionKey> },
): Promise<string> {
  let position = "";
  let read = 0;
  const from = since === undefined ? {} : { token: since.revisions };
  for await (const page of reportingRevisions(source.azureDevOps, source.project.id, from)) {
    for (const revision of page.values) {
      const id = numberAt(revision, "id");
      const rev = numberAt(revision, "rev");
      if (id === undefined || rev === undefined) continue;
      ids.add(id);
      await spool.add([id, rev], JSON.stringify(revision));
    }
    position = page.token;
    read += page.values.length;
    source.reporter.progress({ activity: "Work item revisions", done: read });
  }
  return position;
}

/** What the service's lists say: everything alive, everything in the recycle bin where it can be listed. */
interface Census {
  readonly live: Ids;
  readonly bin: Ids | undefined;
}

/** Items the feeds have missed, and neighbours of those that came or went: their links show and hide with them. */
function addDisagreements(census: Census, keys: Keys, ids: IdSet): void {
  for (const id of disagreements(census, keys)) {
    ids.add(id);
    for (const neighbour of keys.get(id)?.l ?? []) if (census.live.has(neighbour)) ids.add(neighbour);
  }
}

/**
 * Ids on which the service's lists and our keys differ: new, deleted, restored, moved, destroyed or hidden. Where the
 * recycle bin cannot be listed, what was in it still counts as there: the feed tells what has been deleted since.
 */
function* disagreements(census: Census, keys: Keys): Generator<number> {
  for (const id of census.live) if (isGone(keys.get(id))) yield id;
  for (const id of census.bin ?? []) if (keys.get(id)?.deleted !== true) yield id;
  for (const id of keys.ids()) if (hasLeft(id, keys.get(id), census)) yield id;
}

function hasLeft(id: number, key: Key | undefined, { live, bin }: Census): boolean {
  if (live.has(id) || key?.lost !== false) return false;
  return bin === undefined ? !key.deleted : !bin.has(id);
}

function isGone(key: Key | undefined): boolean {
  return key === undefined || key.deleted || key.lost;
}

/**
 * The weekly full comparison: revision numbers and links of all items, files that they show and that are not stored, and
 * comments, whose edits and reactions leave no revision.
 */
async function* silentlyChanged(
  { source, into }: BackupWork,
  { keys, holdsFile }: Before,
  { live, ids }: { readonly live: Ids; readonly ids: Ids },
): AsyncGenerator<number> {
  const known = [...keys.ids()].filter((id) => live.has(id) && !ids.has(id));
  const check = async (item: CurrentItem): Promise<number | undefined> => {
    const key = keys.get(item.id);
    if (key?.rev !== item.rev || String(key.l ?? []) !== String(item.linked)) return item.id;
    for (const file of item.files) if (!(await holdsFile(file))) return item.id;
    if (item.comments === 0 && key.c === undefined) return undefined;
    const now = await ifShown(readComments(source, item.id));
    return now !== undefined && (await into.digestOf(now)) === key.c ? undefined : item.id;
  };
  for await (const id of mapConcurrent(currentItems(source, known), Math.max(1, source.parallelism), check))
    if (id !== undefined) yield id;
}

/** The feed may repeat and reorder revisions: each counts once, in order. */
async function* groupsOf(spool: LineSorter<RevisionKey>, ids: Ids): AsyncGenerator<Group> {
  const spooled = spool.entries()[Symbol.asyncIterator]();
  let next = await spooled.next();
  const upTo = async (id: number): Promise<readonly RevisionText[]> => {
    const found = new Map<number, string>();
    for (; next.done !== true && next.value[0][0] <= id; next = await spooled.next()) {
      const [[owner, rev], json] = next.value;
      if (owner === id) found.set(rev, json);
    }
    return [...found].map(([rev, json]) => ({ rev, json }));
  };
  try {
    for (const id of ids) yield { id, revisions: await upTo(id) };
  } finally {
    await spooled.return?.();
  }
}
