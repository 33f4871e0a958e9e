/**
 * The common way of kinds whose things are JSON documents without a change feed: read everything, compare keyed
 * hashes with those of the parent snapshot, store what differs. A complete reading without a document is the
 * evidence that it was deleted; callers must not come here with an incomplete one.
 */
import type { JsonObject, JsonValue } from "../../foundation/json.ts";
import { stringAt } from "../../foundation/json.ts";
import type { CatalogueItem, RecordsState } from "../../vault/format/state.ts";
import type { RecordLine } from "../../vault/streams/stream-writer.ts";
import type { BackupWork, SourceStream, StreamOutcome } from "../kind.ts";

export interface StoredDocument {
  /** Identity inside the stream; written to disk. */
  readonly key: string;
  /** What the service sent, whole. */
  readonly value: JsonObject;
  /** The part that counts as a change; without it the whole value does. */
  readonly significant?: JsonValue;
  readonly item: Omit<CatalogueItem, "id" | "del">;
}

interface Comparison {
  /** To be written: what differs, in a new base everything. */
  readonly written: readonly StoredDocument[];
  readonly gone: readonly string[];
  /** Against the parent snapshot, also when everything is written. */
  readonly changes: { readonly added: number; readonly changed: number; readonly deleted: number };
  /** Keyed hash of each document now. */
  readonly hashes: ReadonlyMap<string, string>;
}

/** Stores the stream as records with keys; `schema` is the version of the documents' shape. */
export async function backUpDocuments(
  stream: SourceStream,
  work: BackupWork,
  { documents, schema }: { readonly documents: readonly StoredDocument[]; readonly schema: number },
): Promise<StreamOutcome> {
  const sorted = [...documents].sort((a, b) => (a.key < b.key ? -1 : 1));
  const hashes = new Map<string, string>();
  for (const document of sorted)
    hashes.set(document.key, await work.into.digestOf(document.significant ?? document.value));
  const digest = await work.into.digestOf({ schema, hashes: Object.fromEntries(hashes) });
  if (digest === work.previous.digest && work.previous.broken === undefined) return { status: "unchanged" };
  const previous = await continuable(work, schema);
  const comparison = compare(sorted, hashes, { before: await hashesBefore(work), isBase: previous === undefined });
  return write(stream, work, { comparison, previous, digest, schema, count: sorted.length });
}

async function continuable({ previous }: BackupWork, schema: number): Promise<RecordsState | undefined> {
  if ((await previous.rebase()) !== undefined) return undefined;
  const state = await previous.state();
  return state?.kind === "records" && state.schema === schema ? state : undefined;
}

/** Keyed hashes of the parent snapshot; none where its chain is broken. */
async function hashesBefore({ previous }: BackupWork): Promise<ReadonlyMap<string, string | undefined>> {
  const before = new Map<string, string | undefined>();
  if (previous.broken !== undefined) return before;
  for await (const { key, value } of previous.keys()) before.set(String(key), stringAt(value, "h"));
  return before;
}

function compare(
  documents: readonly StoredDocument[],
  hashes: ReadonlyMap<string, string>,
  { before, isBase }: { readonly before: ReadonlyMap<string, string | undefined>; readonly isBase: boolean },
): Comparison {
  const differing = documents.filter(({ key }) => before.get(key) !== hashes.get(key));
  const gone = [...before.keys()].filter((key) => !hashes.has(key));
  const added = documents.filter(({ key }) => !before.has(key)).length;
  return {
    written: isBase ? documents : differing,
    gone: isBase ? [] : gone,
    changes: { added, changed: differing.length - added, deleted: gone.length },
    hashes,
  };
}

interface Writing {
  readonly comparison: Comparison;
  readonly previous: RecordsState | undefined;
  readonly digest: string;
  readonly schema: number;
  readonly count: number;
}

async function write(stream: SourceStream, work: BackupWork, writing: Writing): Promise<StreamOutcome> {
  const { comparison, previous, digest, schema, count } = writing;
  const { into, source } = work;
  const from = previous?.chain.at(-1)?.to ?? null;
  const segment = await into.records(
    { from, to: digest },
    lines(comparison, (document) => document.value),
  );
  const keys = await into.catalogueRecords(
    { from, to: digest },
    lines(comparison, ({ key }) => ({ id: key, h: comparison.hashes.get(key) ?? "" })),
  );
  const state: RecordsState = {
    s: stream.id,
    kind: "records",
    asOf: source.clock.now().toISOString(),
    schema,
    count,
    chain: from === null ? [segment] : [...(previous?.chain ?? []), segment],
    keys: from === null ? [keys] : [...(previous?.keys ?? []), keys],
  };
  const items = await into.items(
    previous === undefined ? [] : work.previous.items,
    catalogue(comparison, source.options.catalogueNames),
    {
      complete: previous === undefined,
    },
  );
  return { status: "changed", digest, state, items, count, changes: comparison.changes };
}

async function* lines(
  { written, gone }: Comparison,
  valueOf: (document: StoredDocument) => JsonObject,
): AsyncGenerator<RecordLine> {
  const puts = written.map((document) => ({ key: document.key, json: JSON.stringify(valueOf(document)) }));
  const deletions = gone.map((key) => ({ key, deleted: true as const }));
  yield* [...puts, ...deletions].sort((a, b) => (a.key < b.key ? -1 : 1));
}

async function* catalogue({ written, gone }: Comparison, names: "names" | "ids"): AsyncGenerator<CatalogueItem> {
  for (const { key, item } of written) {
    const { name, by, ...rest } = item;
    const spoken =
      names === "names" ? { ...(name === undefined ? {} : { name }), ...(by === undefined ? {} : { by }) } : {};
    yield { id: key, ...rest, ...spoken };
  }
  for (const key of gone) yield { id: key, del: true };
}
