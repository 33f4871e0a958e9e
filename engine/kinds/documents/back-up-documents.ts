/**
 * The common way of kinds whose things are JSON documents without a change feed: list them all, compare keyed hashes
 * with those of the parent snapshot, store what differs. Documents are never held together: what may have to be written
 * waits on an encrypted spool, and of each only its hash stays in memory.
 *
 * A document that cannot be read keeps its old record and is a gap, in every run until it can be read. One that is not
 * listed any more counts as deleted only with evidence (absent-documents.ts); else its old record stays, and it is a gap.
 */
import { mapConcurrent } from "../../foundation/concurrency.ts";
import type { JsonObject, JsonValue } from "../../foundation/json.ts";
import { stringAt } from "../../foundation/json.ts";
import { memoized } from "../../foundation/memoized.ts";
import { sortLines, type LineSorter } from "../../native/sorted-lines.ts";
import type { CatalogueItem, RecordsState } from "../../vault/format/state.ts";
import type { RecordLine } from "../../vault/streams/stream-writer.ts";
import type { BackupWork, Gap, SourceStream, StreamOutcome } from "../kind.ts";
import { absentDocuments, type DeletionEvidence } from "./absent-documents.ts";
import { concernsOneDocument } from "./one-document.ts";

export interface StoredDocument {
  /** Identity inside the stream; written to disk. */
  readonly key: string;
  /** What the service sent, whole; a function when it is fetched only where `significant` differs. */
  readonly value: JsonObject | (() => Promise<JsonObject>);
  /** The part that counts as a change; without it the whole value does, which then must be there. */
  readonly significant?: JsonValue;
  readonly item: Omit<CatalogueItem, "id" | "del">;
}

/** A document that is there and cannot be read. */
export interface UnreadDocument {
  readonly key: string;
  readonly gap: Pick<Gap, "code" | "message" | "cure">;
}

export interface DocumentSource {
  readonly documents: AsyncIterable<StoredDocument | UnreadDocument> | Iterable<StoredDocument | UnreadDocument>;
  /** Version of the documents' shape. */
  readonly schema: number;
  /** What proves that a document which is not listed was deleted. Without it the listing itself does. */
  readonly evidence?: DeletionEvidence;
}

/** Stores the stream as records with keys. Throws what the listing throws: an incomplete one must. */
export async function backUpDocuments(
  stream: SourceStream,
  work: BackupWork,
  source: DocumentSource,
): Promise<StreamOutcome> {
  const spool = sortLines<string>({ folder: work.source.temporaryFolder });
  try {
    const past = memoized(() => pastOf(work, source.schema));
    const reading: Reading = { stream, work, spool, past, hashes: new Map(), kept: new Map(), gaps: [] };
    await readListed(source, reading);
    if (await endsAsBefore(source, reading)) return unchanged(reading);
    await settleAbsent(source, reading);
    if (await endsAsBefore(source, reading)) return unchanged(reading);
    return await write(source, reading);
  } finally {
    await spool.dispose();
  }
}

/** What the parent snapshot holds of the stream. */
interface Past {
  /** Keyed hashes by key; none where the chain is broken. */
  readonly hashes: ReadonlyMap<string, string | undefined>;
  /** The chain that is gone on with; undefined when everything is written anew. */
  readonly state: RecordsState | undefined;
}

interface Reading {
  readonly stream: SourceStream;
  readonly work: BackupWork;
  /** What was read, by key: hash and catalogue item, then the record. */
  readonly spool: LineSorter<string>;
  readonly past: () => Promise<Past>;
  /** Of what is listed and readable. */
  readonly hashes: Map<string, string>;
  /** Of documents whose old record stays. */
  readonly kept: Map<string, string>;
  readonly gaps: Gap[];
}

async function pastOf({ previous }: BackupWork, schema: number): Promise<Past> {
  const hashes = new Map<string, string | undefined>();
  if (previous.broken !== undefined) return { hashes, state: undefined };
  for await (const { key, value } of previous.keys()) hashes.set(String(key), stringAt(value, "h"));
  if ((await previous.rebase()) !== undefined) return { hashes, state: undefined };
  const state = await previous.state();
  return { hashes, state: state?.kind === "records" && state.schema === schema ? state : undefined };
}

async function readListed({ documents }: DocumentSource, reading: Reading): Promise<void> {
  const { work } = reading;
  const read = mapConcurrent(documents, Math.max(1, work.source.parallelism), async (document) =>
    "gap" in document ? document : fetched(document, reading),
  );
  for await (const document of read) {
    work.source.signal.throwIfAborted();
    if (reading.hashes.has(document.key)) continue; // a list that moves while it is paged shows one twice
    if ("gap" in document) await keepUnread(document, reading);
    else await keepRead(document, reading);
  }
}

interface ReadDocument {
  readonly key: string;
  readonly hash: string;
  /** Undefined where the stored record is as it should be. */
  readonly value: JsonObject | undefined;
  readonly item: StoredDocument["item"];
}

async function fetched(document: StoredDocument, reading: Reading): Promise<ReadDocument | UnreadDocument> {
  const { key, value, significant, item } = document;
  if (typeof value !== "function") {
    const hash = await reading.work.into.digestOf(significant ?? value);
    return { key, hash, value, item };
  }
  const hash = await reading.work.into.digestOf(significant ?? null);
  const past = await reading.past();
  if (past.state !== undefined && past.hashes.get(key) === hash) return { key, hash, value: undefined, item };
  try {
    return { key, hash, value: await value(), item };
  } catch (error) {
    if (!concernsOneDocument(error)) throw error;
    return { key, gap: { code: error.code, message: error.message, cure: error.hint } };
  }
}

async function keepRead({ key, hash, value, item }: ReadDocument, { hashes, spool }: Reading): Promise<void> {
  hashes.set(key, hash);
  if (value === undefined) return;
  await spool.add(key, `${JSON.stringify([hash, item])}\t${JSON.stringify(value)}`);
}

/** Where the stored chain itself is broken there is no record that could stay: what can be read heals the rest. */
async function keepUnread({ key, gap }: UnreadDocument, reading: Reading): Promise<void> {
  const { hashes } = await reading.past();
  if (hashes.has(key)) reading.kept.set(key, hashes.get(key) ?? "");
  reading.gaps.push({ stream: reading.stream.id, item: key, ...gap });
}

/** What was stored and is not listed: kept where it is not wanted now or is missing; gone where it was deleted. */
async function settleAbsent({ evidence }: DocumentSource, reading: Reading): Promise<void> {
  const { hashes } = await reading.past();
  const absent = [...hashes.keys()].filter((key) => !reading.hashes.has(key) && !reading.kept.has(key));
  const isWanted = (key: string): boolean => reading.work.takes?.({ id: key }) !== false;
  for (const key of absent) if (!isWanted(key)) reading.kept.set(key, hashes.get(key) ?? "");
  if (evidence === undefined) return;
  const asked = absent.filter(isWanted);
  const facts = { known: hashes.size, listed: [...reading.hashes.keys()] };
  for (const { key, reason } of await absentDocuments(asked, evidence, facts)) {
    reading.kept.set(key, hashes.get(key) ?? "");
    reading.gaps.push({
      stream: reading.stream.id,
      item: key,
      code: "DOCUMENT_MISSING",
      message: `${evidence.one} ${key} is missing: ${reason}`,
      cure: `Give the identity access to it again; if it was deleted on purpose, acknowledge that with exclude: ${reading.stream.id}/${key}.`,
    });
  }
}

/** Whether what is there now, with what is kept, is what the parent snapshot holds. */
async function endsAsBefore({ schema }: DocumentSource, reading: Reading): Promise<boolean> {
  const { previous } = reading.work;
  return (await digestOf(schema, reading)) === previous.digest && previous.broken === undefined;
}

function digestOf(schema: number, { work, hashes, kept }: Reading): Promise<string> {
  return work.into.digestOf({ schema, hashes: Object.fromEntries([...kept, ...hashes]) });
}

function unchanged({ gaps }: Reading): StreamOutcome {
  return { status: "unchanged", ...(gaps.length === 0 ? {} : { gaps }) };
}

async function write({ schema }: DocumentSource, reading: Reading): Promise<StreamOutcome> {
  const { stream, work, hashes, kept, gaps } = reading;
  const { into, source } = work;
  const past = await reading.past();
  const previous = past.state ?? (kept.size === 0 ? undefined : await unbrokenState(reading, schema));
  const link = { from: previous?.chain.at(-1)?.to ?? null, to: await digestOf(schema, reading) };
  const news: News = { ...reading, past, isBase: previous === undefined };
  const segment = await into.records(
    link,
    records(news, ({ json }) => json),
  );
  const keys = await into.catalogueRecords(
    link,
    records(news, ({ key, hash }) => JSON.stringify({ id: key, h: hash })),
  );
  const count = hashes.size + kept.size;
  const state: RecordsState = {
    ...{ s: stream.id, kind: "records", asOf: source.clock.now().toISOString(), schema, count },
    chain: [...(previous?.chain ?? []), segment],
    keys: [...(previous?.keys ?? []), keys],
  };
  const items = await into.items(previous === undefined ? [] : work.previous.items, catalogue(news), {
    complete: previous === undefined,
  });
  const changes = changesOf(reading, past);
  return {
    ...{ status: "changed", digest: link.to, state, items, count, changes },
    ...(gaps.length === 0 ? {} : { gaps }),
  };
}

/** Records that stay are only in the old chain: a new one waits until all documents can be read. */
async function unbrokenState({ work: { previous } }: Reading, schema: number): Promise<RecordsState | undefined> {
  const state = await previous.state();
  return state?.kind === "records" && state.schema === schema ? state : undefined;
}

function changesOf(
  { hashes, kept }: Reading,
  { hashes: before }: Past,
): { added: number; changed: number; deleted: number } {
  const keys = [...hashes.keys()];
  return {
    added: keys.filter((key) => !before.has(key)).length,
    changed: keys.filter((key) => before.has(key) && before.get(key) !== hashes.get(key)).length,
    deleted: [...before.keys()].filter((key) => !hashes.has(key) && !kept.has(key)).length,
  };
}

interface News extends Omit<Reading, "past"> {
  readonly past: Past;
  readonly isBase: boolean;
}

interface Written {
  readonly key: string;
  readonly hash: string;
  readonly item: StoredDocument["item"];
  readonly json: string;
}

/** In key order: documents that are written, and keys that are gone. */
async function* changesInOrder(news: News): AsyncGenerator<Written | string> {
  const { hashes, kept, past, spool, isBase } = news;
  const gone = isBase ? [] : [...past.hashes.keys()].filter((key) => !hashes.has(key) && !kept.has(key)).sort();
  let next = 0;
  for await (const [key, line] of spool.entries()) {
    for (let key2 = gone[next]; key2 !== undefined && key2 < key; key2 = gone[next]) {
      yield key2;
      next += 1;
    }
    const written = writtenOf(key, line);
    if (isBase || past.hashes.get(key) !== written.hash) yield written;
  }
  yield* gone.slice(next);
}

function writtenOf(key: string, line: string): Written {
  const tab = line.indexOf("\t");
  const [hash, item] = JSON.parse(line.slice(0, tab)) as [string, StoredDocument["item"]]; // written by keepRead
  return { key, hash, item, json: line.slice(tab + 1) };
}

async function* records(news: News, jsonOf: (written: Written) => string): AsyncGenerator<RecordLine> {
  for await (const change of changesInOrder(news))
    yield typeof change === "string" ? { key: change, deleted: true } : { key: change.key, json: jsonOf(change) };
}

async function* catalogue(news: News): AsyncGenerator<CatalogueItem> {
  const isNamed = news.work.source.options.catalogueNames === "names";
  for await (const change of changesInOrder(news)) {
    if (typeof change === "string") {
      yield { id: change, del: true };
      continue;
    }
    const { name, by, ...rest } = change.item;
    const spoken = isNamed ? { ...(name === undefined ? {} : { name }), ...(by === undefined ? {} : { by }) } : {};
    yield { id: change.key, ...rest, ...spoken };
  }
}
