/**
 * Backing up work items, incrementally by the reporting feeds (learn.microsoft.com/rest/api/azure/devops/wit).
 *
 *   base:      the feeds from the start        increment: the feeds since the watermark
 *              → ids to read, with their revisions sorted by (id, rev) on an encrypted spool (changes.ts)
 *              → in id order, 200 at a time: full items, comments where there are any, files → records
 *
 * The feeds are opened before anything is read, so that a change during the run is seen by the next one.
 */
import { BackupError, hasCode } from "../../../../foundation/errors.ts";
import { memoized } from "../../../../foundation/memoized.ts";
import { counted } from "../../../../foundation/text.ts";
import type { RecordsState } from "../../../../vault/format/state.ts";
import type { RecordLine } from "../../../../vault/streams/stream-writer.ts";
import { catalogueItemOf, workItemSchema } from "../record.ts";
import { recordJson, type ReadRecord } from "../record-json.ts";
import { readChanges, watermarkOf, type Changes, type Watermark } from "./changes.ts";
import { WorkItemFiles } from "./files.ts";
import { Incomplete } from "./incomplete.ts";
import { noKeys, readKeys, type Keys } from "./keys.ts";
import { readWorkItems } from "./reading.ts";
import { ChangeFigures } from "./figures.ts";
import { Tally } from "./totals.ts";
import type { BackupWork, Finding, Gap, SourceStream, StreamOutcome } from "../../../kind.ts";

/** The chain is continued. */
interface Continued {
  readonly state: RecordsState;
  readonly watermark: Watermark;
}

export async function backUpWorkItems(stream: SourceStream, work: BackupWork): Promise<StreamOutcome> {
  const keys = await keysBefore(work);
  const continued = await continuable(work, keys);
  try {
    return await backUp(stream, work, { keys, continued });
  } catch (error) {
    if (continued === undefined || !isRejectedToken(error)) throw error;
    work.source.reporter.warn(
      "Azure DevOps no longer accepts the stored reading position of work items; all of them are read again",
    );
    return backUp(stream, work, { keys, continued: undefined });
  }
}

/** Of a chain whose objects are gone, as much as can be read. */
async function keysBefore({ previous }: BackupWork): Promise<Keys> {
  try {
    return await readKeys(previous);
  } catch (error) {
    const isBroken = previous.broken !== undefined && error instanceof BackupError;
    if (isBroken && /^(?:OBJECT|SEALED|STATE)_/.test(error.code)) return noKeys();
    throw error;
  }
}

async function continuable({ previous }: BackupWork, keys: Keys): Promise<Continued | undefined> {
  if (previous.broken !== undefined) return undefined;
  // A new base cannot take over what is hidden from us: a chain that has grown long is the smaller evil.
  const mayWait = keys.lost > fewLost;
  if ((await previous.rebase()) !== undefined && !mayWait) return undefined;
  const state = await previous.state();
  if (state?.kind !== "records" || state.schema !== workItemSchema) return undefined;
  const watermark = watermarkOf(state.watermark);
  return watermark === undefined ? undefined : { state, watermark };
}

function isRejectedToken(error: unknown): boolean {
  return hasCode(error, "ADO_REQUEST") && /continuation ?token|watermark/i.test(error.message);
}

interface Before {
  readonly keys: Keys;
  readonly continued: Continued | undefined;
}

async function backUp(stream: SourceStream, work: BackupWork, { keys, continued }: Before): Promise<StreamOutcome> {
  const known: Keys = continued === undefined ? noKeys() : keys;
  const files = memoized(() => openFiles(work, known));
  const incomplete = (continued?.state.missing ?? []).map(Number);
  const holdsFile = async (id: string): Promise<boolean> => (await files()).holds(id);
  const changes = await readChanges(work, { since: continued?.watermark, keys: known, incomplete, holdsFile });
  try {
    const isOpen = continued === undefined || changes.count > 0 || known.lost > fewLost;
    if (!isOpen) {
      const still = await onlyLost(work, files);
      if (still !== undefined) return { status: "unchanged", ...still };
    }
    return await store(stream, work, { before: { keys, continued }, changes, files: await files(), incomplete });
  } finally {
    await changes.dispose();
  }
}

/** Nothing is new but, perhaps, files that are asked for again: undefined once one of them is stored. */
async function onlyLost(
  { previous }: BackupWork,
  open: () => Promise<WorkItemFiles>,
): Promise<Pick<WorkItemFiles, "gaps" | "findings"> | undefined> {
  if (((await previous.files())?.missing ?? []).length === 0) return { gaps: [], findings: [] };
  const files = await open();
  await files.retry();
  return files.hasNews ? undefined : { gaps: files.gaps, findings: files.findings };
}

async function openFiles(work: BackupWork, keys: Keys): Promise<WorkItemFiles> {
  const before = await work.previous.files();
  return new WorkItemFiles(work, { writer: await work.into.files(before), before, keys });
}

interface Reading {
  readonly before: Before;
  readonly changes: Changes;
  readonly files: WorkItemFiles;
  /** Items of which the last run could not read everything. */
  readonly incomplete: readonly number[];
}

/** Writes records, keys, names and files of everything read, and composes the new state. */
async function store(stream: SourceStream, work: BackupWork, reading: Reading): Promise<StreamOutcome> {
  const { into, source, previous } = work;
  const { keys, continued } = reading.before;
  const isBase = continued === undefined;
  const { files } = reading;
  const incomplete = new Incomplete(reading.incomplete);
  const tally = new Tally({ before: keys, isBase, folder: source.temporaryFolder });
  const notes: Finding[] = [];
  const figures = new ChangeFigures(source);
  try {
    const asOf = source.clock.now().toISOString();
    const to = await into.digestOf({ ...reading.changes.watermark, asOf });
    const lines = recordsOf(work, { changes: reading.changes, files, tally, notes, figures, keys, incomplete });
    const segment = await into.records({ from: lastOf(continued?.state.chain), to }, lines);
    const keySegment = await into.catalogueRecords({ from: lastOf(continued?.state.keys), to }, tally.keyLines());
    const items = await into.items(isBase ? [] : previous.items, tally.catalogueLines(), { complete: isBase });
    const filesState = await files.finish(asOf);
    const state: RecordsState = {
      s: stream.id,
      kind: "records",
      asOf,
      schema: workItemSchema,
      watermark: { ...reading.changes.watermark },
      count: tally.held,
      ...(incomplete.ids.length === 0 ? {} : { missing: incomplete.ids.map(String) }),
      chain: [...(continued?.state.chain ?? []), segment],
      keys: [...(continued?.state.keys ?? []), keySegment],
    };
    const lost = lostItems(stream, tally);
    return {
      status: "changed",
      digest: to,
      state,
      ...(filesState === undefined ? {} : { files: filesState }),
      items,
      count: tally.held,
      changes: tally.changes(),
      figures: {
        items: tally.held - tally.heldDeleted,
        back: figures.back,
        dense: figures.dense,
        hidden: tally.lost.length + tally.vanished().length,
      },
      gaps: [...files.gaps, ...lost.gaps],
      findings: [...files.findings, ...incomplete.findings, ...notes, ...lost.findings],
    };
  } finally {
    await tally.dispose();
  }
}

function lastOf(chain: RecordsState["chain"] | undefined): string | null {
  return chain?.at(-1)?.to ?? null;
}

interface RecordTools {
  readonly changes: Changes;
  readonly files: WorkItemFiles;
  readonly tally: Tally;
  readonly notes: Finding[];
  readonly figures: ChangeFigures;
  /** Of the parent snapshot, also when everything is stored anew. */
  readonly keys: Keys;
  readonly incomplete: Incomplete;
}

async function* recordsOf(work: BackupWork, tools: RecordTools): AsyncGenerator<RecordLine> {
  const { changes, files, tally, notes, figures, keys, incomplete } = tools;
  const { source, into } = work;
  for await (const item of readWorkItems(changes.groups(), { source, bin: changes.bin })) {
    if ("gone" in item) {
      files.forget(item.id);
      if (await tally.addGone(item.id, item.gone)) yield { key: item.id, deleted: true };
      continue;
    }
    if (item.lacks !== undefined) {
      incomplete.note(item.record.id, item.lacks);
      if (tally.holds(item.record.id)) continue; // what is stored of it is more
    }
    await figures.see(item.record, keys.get(item.record.id));
    const record = await files.store(item.record);
    const c = record.comments === undefined ? undefined : await into.digestOf(record.comments);
    await tally.addRecord(record, { c, line: catalogueItemOf(record, source.options.catalogueNames) });
    source.reporter.progress({
      activity: "Work items",
      done: tally.records,
      total: changes.count,
      bytes: into.storedBytes,
    });
    yield { key: record.id, json: jsonOf(record, notes) };
  }
}

/** The format takes 64 MiB for a record. */
const maxRecordBytes = 60 * 1024 * 1024;

/** Of a history that is too long for one record the oldest revisions are left out. */
function jsonOf(record: ReadRecord, notes: Finding[]): string {
  const { json, dropped } = recordJson(record, maxRecordBytes);
  if (dropped > 0)
    notes.push({
      stream: "work-items",
      item: String(record.id),
      code: "HISTORY_TOO_LONG",
      message: `Work item ${record.id}: its ${counted(dropped, "oldest revision")} do not fit into one record and are not stored`,
      severity: "warning",
    });
  return json;
}

/** A few invisible items are destroyed ones; many are a permission that was taken away. */
const fewLost = 20;

/** Many stay a gap for as long as they are hidden; a few are reported once. */
function lostItems(
  stream: SourceStream,
  tally: Tally,
): { readonly gaps: readonly Gap[]; readonly findings: readonly Finding[] } {
  const vanished = tally.vanished();
  const all = tally.heldLost;
  const isMany = all + vanished.length > fewLost;
  const told = [...tally.lost, ...vanished];
  if (told.length === 0 && !isMany) return { gaps: [], findings: [] };
  const shown = told.slice(0, 10).join(", ") + (told.length > 10 ? ", …" : "");
  const kept = vanished.length === 0 ? "their last stored state is kept" : "snapshots up to now hold their last state";
  const which = told.length === 0 ? "" : ` (${shown})`;
  const number = counted(isMany ? all + vanished.length : told.length, "work item");
  const message = `${number} neither listed nor in the recycle bin any more${which}; ${kept}`;
  const code = "WORK_ITEMS_INVISIBLE";
  if (!isMany) return { gaps: [], findings: [{ stream: stream.id, code, message, severity: "warning" }] };
  const cure = "Check that the identity may view work items in every area; destroyed items need no action.";
  return { gaps: [{ stream: stream.id, code, message, cure }], findings: [] };
}
