/**
 * Reads one stream of one snapshot. Every byte is checked against the signed chain before it is handed on as
 * final (docs/format.md 3.2): anything wrong throws OBJECT_DAMAGED or OBJECT_MISSING naming stream and object.
 */
import type { JsonObject } from "../../foundation/json.ts";
import type { CatalogueItem, IndexLine, StreamState } from "../format/state.ts";
import type { Segment } from "../format/ref.ts";

export interface StoredRecord {
  readonly key: string | number;
  readonly value: JsonObject;
}

export interface StoredFile {
  readonly id: string;
  readonly length: number;
  readonly sha256: string;
  /** Throws at the end when the hash is wrong: use only what ended well. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

export interface StoredBundle {
  readonly segment: Segment;
  /** The whole bundle file. Throws at the end when the stored hash is wrong. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

export interface StreamReader {
  readonly line: IndexLine;
  /** Cached. Needs a catalogue or recovery key. */
  state(): Promise<StreamState>;
  /** Newest version of the record, by ranged reads; undefined when absent or deleted. Needs a recovery key. */
  record(key: string | number): Promise<JsonObject | undefined>;
  /** All records, newest version of each, in key order, merged over the chain in constant memory. */
  records(): AsyncIterable<StoredRecord>;
  /** A file of a `files` stream; undefined when the stream does not hold it. */
  file(id: string): Promise<StoredFile | undefined>;
  /** Ids, lengths and hashes of the files of a `files` stream, in id order, without their content. */
  toc(): AsyncIterable<Omit<StoredFile, "chunks">>;
  /** Every file of a `files` stream as they are stored, each segment read once. Take a content before the next file. */
  files(): AsyncIterable<StoredFile>;
  /** Bundles of a Git stream, base first. */
  bundles(): AsyncIterable<StoredBundle>;
  /** Names of the items, deltas merged, deleted ones left out. */
  items(): AsyncIterable<CatalogueItem>;
}

export interface SnapshotReader {
  /** Sequence number of the log entry. */
  readonly seq: number;
  /** Run id: the name people use. */
  readonly id: string;
  readonly takenAt: string;
  readonly status: "complete" | "partial";
  /** Index lines in stream-id order. */
  streams(): AsyncIterable<IndexLine>;
  stream(id: string): Promise<StreamReader | undefined>;
}
