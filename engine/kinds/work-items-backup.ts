/**
 * Backing up work items, incrementally by the reporting feeds (rest-reference §8.8).
 *
 *   base:      revisions feed from the start → sorted by (id, rev) on an encrypted spool
 *              → in id order, 200 at a time: full items, comments where there are any, files → records
 *   increment: ids named by the revisions feed and the links feed since the watermark, plus those on which the census
 *              (WIQL ids, recycle bin) and the stored keys disagree → their records anew
 *
 * The feeds are opened before anything is read, so that a change during the run is seen by the next one.
 */
import { reportingLinks, reportingRevisions } from "../azure-devops/work-items.ts";
import { hasCode } from "../foundation/errors.ts";
import { arrayAt, isObject, numberAt, stringAt, type JsonObject } from "../foundation/json.ts";
import { sortLines, type LineSorter } from "../native/sorted-lines.ts";
import type { CatalogueItem, RecordsState } from "../vault/state.ts";
import type { RecordLine } from "../vault/stream-writer.ts";
import { linkedWorkItem, relationsOf } from "./work-item-relations.ts";
import { catalogueItemOf, workItemSchema, type WorkItemRecord } from "./work-item-record.ts";
import {
  currentRevisions,
  readCensus,
  readComments,
  readRecycleBin,
  readWorkItems,
  type Census,
  type ReadItem,
} from "./work-items-reading.ts";
import { WorkItemFiles } from "./work-items-files.ts";
import type { BackupWork, Finding, Gap, SourceStream, StreamOutcome } from "./kind.ts";

/** Links feed and census look back this far, against clocks and index delay. */
const overlapMs = 15 * 60_000;

interface Watermark {
  readonly revisions: string;
  readonly links: string;
}

interface Key {
  readonly rev: number;
  /** Keyed hash of the comments; absent without comments. */
  readonly c?: string;
  /** Linked work items: when this one enters or leaves the recycle bin, theirs change without a word in any feed. */
  readonly l?: readonly number[];
  readonly deleted: boolean;
  readonly lost: boolean;
}

export async function backUpWorkItems(stream: SourceStream, work: BackupWork): Promise<StreamOutcome> {
  const previous = (await work.previous.rebase()) === undefined ? await work.previous.state() : undefined;
  const watermark =
    previous?.kind === "records" && previous.schema === workItemSchema ? watermarkOf(previous) : undefined;
  if (previous?.kind !== "records" || watermark === undefined) return base(stream, work);
  try {
    return await increment(stream, work, { previous, watermark });
  } catch (error) {
    if (!isRejectedToken(error)) throw error;
    work.source.reporter.warn(
      "Azure DevOps no longer accepts the stored reading position of work items; all of them are read again",
    );
    return base(stream, work);
  }
}

function watermarkOf(state: RecordsState): Watermark | undefined {
  const value = state.watermark;
  if (!isObject(value)) return undefined;
  const revisions = stringAt(value, "revisions");
  const links = stringAt(value, "links");
  return revisions === undefined || links === undefined ? undefined : { revisions, links };
}

function isRejectedToken(error: unknown): boolean {
  return hasCode(error, "ADO_REQUEST") && /continuation ?token|watermark/i.test(error.message);
}

async function base(stream: SourceStream, work: BackupWork): Promise<StreamOutcome> {
  const { source } = work;
  const links = await linksPosition(work);
  const bin = await readRecycleBin(source);
  const sorter = sortLines<readonly [number, number]>({ folder: source.temporaryFolder });
  try {
    const revisions = await spoolRevisions(work, sorter);
    const read = readWorkItems(groupsOf(sorter), { source, bin });
    return await store(stream, work, { read, watermark: { revisions, links }, previous: undefined, keys: new Map() });
  } finally {
    await sorter.dispose();
  }
}

/** Where the links feed stands now; opened before the revisions are read. */
async function linksPosition({ source }: BackupWork): Promise<string> {
  const start = new Date(source.clock.now().getTime() - overlapMs);
  let position = "";
  for await (const page of reportingLinks(source.azureDevOps, source.project.id, { start })) position = page.token;
  return position;
}

async function spoolRevisions({ source }: BackupWork, sorter: LineSorter<readonly [number, number]>): Promise<string> {
  let position = "";
  let read = 0;
  for await (const page of reportingRevisions(source.azureDevOps, source.project.id, {})) {
    for (const revision of page.values) {
      const id = numberAt(revision, "id");
      const rev = numberAt(revision, "rev");
      if (id !== undefined && rev !== undefined) await sorter.add([id, rev], JSON.stringify(revision));
    }
    position = page.token;
    read += page.values.length;
    source.reporter.progress({ activity: "Work item revisions", done: read });
  }
  return position;
}

/** One group for each work item, its revisions oldest first; a revision that the feed repeated counts once. */
async function* groupsOf(
  sorter: LineSorter,
): AsyncGenerator<{ readonly id: number; readonly revisions: readonly JsonObject[] }> {
  let id: number | undefined;
  let revisions = new Map<number, JsonObject>();
  for await (const line of sorter.sorted()) {
    const revision = JSON.parse(line) as JsonObject;
    const next = numberAt(revision, "id");
    if (id !== undefined && next !== id) {
      yield { id, revisions: [...revisions.values()] };
      revisions = new Map();
    }
    id = next;
    revisions.set(numberAt(revision, "rev") ?? 0, revision);
  }
  if (id !== undefined) yield { id, revisions: [...revisions.values()] };
}

interface Known {
  readonly previous: RecordsState;
  readonly watermark: Watermark;
}

async function increment(stream: SourceStream, work: BackupWork, known: Known): Promise<StreamOutcome> {
  const keys = await readKeys(work);
  const news = await changedIds(work, known, keys);
  if (news.ids.size === 0) return { status: "unchanged" };
  const groups = [...news.ids].sort((a, b) => a - b).map((id) => ({ id }));
  const read = readWorkItems(groups, { source: work.source, bin: news.census.bin });
  return store(stream, work, { read, watermark: news.watermark, previous: known.previous, keys });
}

async function readKeys({ previous }: BackupWork): Promise<Map<number, Key>> {
  const keys = new Map<number, Key>();
  for await (const { key, value } of previous.keys()) {
    const c = stringAt(value, "c");
    const l = arrayAt(value, "l")?.filter((id) => typeof id === "number");
    keys.set(Number(key), {
      rev: numberAt(value, "rev") ?? 0,
      deleted: value.del === true,
      lost: value.lost === true,
      ...(c === undefined ? {} : { c }),
      ...(l === undefined ? {} : { l }),
    });
  }
  return keys;
}

interface ChangedIds {
  readonly ids: ReadonlySet<number>;
  readonly watermark: Watermark;
  readonly census: Census;
}

async function changedIds(work: BackupWork, { watermark }: Known, keys: ReadonlyMap<number, Key>): Promise<ChangedIds> {
  const { azureDevOps, project } = work.source;
  const ids = new Set<number>();
  const position = { ...watermark };
  for await (const page of reportingRevisions(azureDevOps, project.id, { token: watermark.revisions })) {
    for (const revision of page.values) ids.add(numberAt(revision, "id") ?? 0);
    position.revisions = page.token;
  }
  const linked = new Set<number>();
  for await (const page of reportingLinks(azureDevOps, project.id, { token: watermark.links })) {
    for (const link of page.values) {
      linked.add(numberAt(link, "sourceId") ?? 0);
      linked.add(numberAt(link, "targetId") ?? 0);
    }
    position.links = page.token;
  }
  const census = await readCensus(work.source);
  for (const id of linked) if (keys.has(id) || census.live.has(id)) ids.add(id);
  for (const id of disagreements(census, keys)) {
    ids.add(id);
    for (const neighbour of keys.get(id)?.l ?? []) if (census.live.has(neighbour)) ids.add(neighbour);
  }
  if (work.previous.reconcile) for await (const id of silentlyChanged(work, keys)) ids.add(id);
  ids.delete(0);
  return { ids, watermark: position, census };
}

/** Ids on which the service's lists and our keys differ: missed by the feeds, moved, destroyed or hidden. */
function* disagreements(census: Census, keys: ReadonlyMap<number, Key>): Generator<number> {
  for (const id of census.live) {
    const key = keys.get(id);
    if (key === undefined || key.deleted || key.lost) yield id;
  }
  for (const id of census.bin) if (keys.get(id)?.deleted !== true) yield id;
  for (const [id, key] of keys) if (!census.live.has(id) && !census.bin.has(id) && !key.lost) yield id;
}

/** The weekly full comparison: revision numbers of all items, and comments, whose edits leave no revision. */
async function* silentlyChanged({ source, into }: BackupWork, keys: ReadonlyMap<number, Key>): AsyncGenerator<number> {
  for await (const { id, rev, comments } of currentRevisions(source, keys)) {
    const key = keys.get(id);
    if (key === undefined || key.rev !== rev) yield id;
    else if (comments > 0 || key.c !== undefined) {
      const now = await readComments(source, id);
      if ((await into.digestOf(now)) !== key.c) yield id;
    }
  }
}

interface Reading {
  readonly read: AsyncIterable<ReadItem>;
  readonly watermark: Watermark;
  readonly previous: RecordsState | undefined;
  readonly keys: Map<number, Key>;
}

/** Writes records, keys, names and files of everything read, and composes the new state. */
async function store(stream: SourceStream, work: BackupWork, reading: Reading): Promise<StreamOutcome> {
  const { into, source } = work;
  const { previous } = reading;
  const files = new WorkItemFiles(work, await into.files(await work.previous.files()));
  const tally = new Tally(reading.keys, source.temporaryFolder);
  try {
    const to = await into.digestOf({ ...reading.watermark });
    const from = previous?.chain.at(-1)?.to ?? null;
    const segment = await into.records({ from, to }, recordsOf(reading.read, { work, files, tally }));
    const keysFrom = previous?.keys?.at(-1)?.to ?? null;
    const keySegment = await into.catalogueRecords({ from: keysFrom, to }, tally.keyLines());
    const items = await into.items(previous === undefined ? [] : work.previous.items, tally.catalogueLines(), {
      complete: previous === undefined,
    });
    const asOf = source.clock.now().toISOString();
    const filesState = await files.finish(asOf);
    const state: RecordsState = {
      s: stream.id,
      kind: "records",
      asOf,
      schema: workItemSchema,
      watermark: { ...reading.watermark },
      count: reading.keys.size,
      chain: from === null ? [segment] : [...(previous?.chain ?? []), segment],
      keys: keysFrom === null ? [keySegment] : [...(previous?.keys ?? []), keySegment],
    };
    const lost = lostItems(stream, tally.lost);
    return {
      status: "changed",
      digest: to,
      state,
      ...(filesState === undefined ? {} : { files: filesState }),
      items,
      count: reading.keys.size,
      changes: tally.changes(),
      gaps: [...files.gaps, ...lost.gaps],
      findings: [...files.findings, ...lost.findings],
    };
  } finally {
    await tally.dispose();
  }
}

async function* recordsOf(
  read: AsyncIterable<ReadItem>,
  { work, files, tally }: { readonly work: BackupWork; readonly files: WorkItemFiles; readonly tally: Tally },
): AsyncGenerator<RecordLine> {
  const names = work.source.options.catalogueNames;
  for await (const item of read) {
    if ("gone" in item) {
      const isTombstone = await tally.addGone(item.id, item.gone);
      if (isTombstone) yield { key: item.id, deleted: true };
      continue;
    }
    const record = await files.store(item.record);
    const c = record.comments === undefined ? undefined : await work.into.digestOf(record.comments);
    await tally.addRecord(record, { c, line: catalogueItemOf(record, names) });
    work.source.reporter.progress({ activity: "Work items", done: tally.records, bytes: work.into.storedBytes });
    yield { key: record.id, json: JSON.stringify(record) };
  }
}

/** The key as it is stored, without what is the rule. */
function storedKey({ rev, c, l, deleted, lost }: Key): JsonObject {
  return {
    rev,
    ...(c === undefined ? {} : { c }),
    ...(l === undefined ? {} : { l }),
    ...(deleted ? { del: true } : {}),
    ...(lost ? { lost: true } : {}),
  };
}

function linkedIds({ item }: WorkItemRecord): readonly number[] {
  const ids = relationsOf(item).flatMap((relation) => linkedWorkItem(relation) ?? []);
  return [...new Set(ids)].map(Number).sort((a, b) => a - b);
}

/** Counts what changed and keeps the catalogue lines for later on an encrypted spool. */
class Tally {
  records = 0;
  readonly lost: number[] = [];
  readonly #keys: Map<number, Key>;
  readonly #keySpool: LineSorter<number>;
  readonly #itemSpool: LineSorter<number>;
  #added = 0;
  #changed = 0;
  #deleted = 0;

  constructor(keys: Map<number, Key>, folder: string) {
    this.#keys = keys;
    this.#keySpool = sortLines<number>({ folder, memoryBytes: 4 << 20 });
    this.#itemSpool = sortLines<number>({ folder, memoryBytes: 4 << 20 });
  }

  async addRecord(
    record: WorkItemRecord,
    { c, line }: { readonly c: string | undefined; readonly line: CatalogueItem },
  ): Promise<void> {
    const before = this.#keys.get(record.id);
    const deleted = record.deleted === true;
    if (deleted && before?.deleted !== true) this.#deleted += before === undefined ? 0 : 1;
    else if (before === undefined) this.#added += 1;
    else this.#changed += 1;
    this.records += 1;
    // The recycle bin does not show links: the ones known before are what comes back with the item.
    const linked = deleted ? (before?.l ?? []) : linkedIds(record);
    const key: Key = {
      rev: record.rev,
      deleted,
      lost: false,
      ...(c === undefined ? {} : { c }),
      ...(linked.length === 0 ? {} : { l: linked }),
    };
    this.#keys.set(record.id, key);
    await this.#keySpool.add(record.id, JSON.stringify(storedKey(key)));
    await this.#itemSpool.add(record.id, JSON.stringify(line));
  }

  /** True when the record has to be dropped: the item lives in another project now. */
  async addGone(id: number, gone: "moved" | "lost"): Promise<boolean> {
    const before = this.#keys.get(id);
    if (before === undefined) return false;
    if (gone === "lost") {
      if (before.lost) return false;
      this.lost.push(id);
      this.#keys.set(id, { ...before, lost: true });
      await this.#keySpool.add(id, JSON.stringify(storedKey({ ...before, lost: true })));
      return false;
    }
    this.#deleted += 1;
    this.#keys.delete(id);
    await this.#keySpool.add(id, "");
    await this.#itemSpool.add(id, JSON.stringify({ id: String(id), del: true }));
    return true;
  }

  changes(): { readonly added: number; readonly changed: number; readonly deleted: number } {
    return { added: this.#added, changed: this.#changed, deleted: this.#deleted };
  }

  async *keyLines(): AsyncGenerator<RecordLine> {
    for await (const [key, line] of this.#keySpool.entries()) {
      yield line === ""
        ? { key: Number(key), deleted: true }
        : { key: Number(key), json: JSON.stringify({ id: Number(key), ...(JSON.parse(line) as JsonObject) }) };
    }
  }

  async *catalogueLines(): AsyncGenerator<CatalogueItem> {
    for await (const [, line] of this.#itemSpool.entries()) yield JSON.parse(line) as CatalogueItem;
  }

  async dispose(): Promise<void> {
    await this.#keySpool.dispose();
    await this.#itemSpool.dispose();
  }
}

/** A few invisible items are destroyed ones; many are a permission that was taken away. */
const fewLost = 20;

function lostItems(
  stream: SourceStream,
  lost: readonly number[],
): { readonly gaps: readonly Gap[]; readonly findings: readonly Finding[] } {
  if (lost.length === 0) return { gaps: [], findings: [] };
  const shown = lost.slice(0, 10).join(", ") + (lost.length > 10 ? ", …" : "");
  const message = `${lost.length} work items are neither listed nor in the recycle bin any more (${shown}); their last stored state is kept`;
  if (lost.length <= fewLost) {
    return { gaps: [], findings: [{ stream: stream.id, code: "WORK_ITEMS_INVISIBLE", message, severity: "warning" }] };
  }
  const cure = "Check that the identity may view work items in every area; destroyed items need no action.";
  return { gaps: [{ stream: stream.id, code: "WORK_ITEMS_INVISIBLE", message, cure }], findings: [] };
}
