/**
 * What a kind writes a stream's new content through. Sealing, naming, hashing, framing and checkpoints are the
 * vault's business; a kind only decides what goes in. Nothing written counts before the log entry names it.
 */
import type { CatalogueItem, FilesState } from "../format/state.ts";
import type { Ref, Segment } from "../format/ref.ts";

/** Where a segment joins its chain: `from` is null for a base, else the `to` of the segment before. */
export interface SegmentLink {
  readonly from: string | null;
  readonly to: string;
}

export type RecordLine =
  { readonly key: string | number; readonly json: string } | { readonly key: string | number; readonly deleted: true };

export interface BundleContent {
  /** Bytes of the bundle header, then of the pack; a chunk is valid until the next is asked for. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Read after `chunks` has ended. */
  facts(): { readonly header: number; readonly objects: number };
}

export interface FileContent {
  /** Identity inside the stream: GUID or SHA-256; lower-case hex and hyphens only. */
  readonly id: string;
  /** Length the source announced; a different number of bytes fails the file. */
  readonly length?: number;
  /** Hex SHA-256 the source announced; checked. */
  readonly sha256?: string;
  readonly chunks: AsyncIterable<Uint8Array>;
}

export interface FilesWriter {
  /** True when the stream's earlier segments or this run already hold the file. */
  has(id: string): boolean;
  /** Files one after another; a failure of one (thrown) leaves the others intact and the writer usable. */
  add(file: FileContent): Promise<void>;
  /** New files in this run. */
  readonly added: number;
  /** Closes the last segment and writes the toc. Undefined when there are no files at all, old or new. */
  finish(facts: { readonly asOf: string } & Pick<FilesState, "missing" | "shownBy">): Promise<FilesState | undefined>;
}

export interface StreamWriter {
  readonly stream: string;
  /** HMAC-SHA256 under the agent's key over canonical JSON, hex: equal digests mean unchanged. */
  digestOf(value: unknown): Promise<string>;
  /** A Git bundle as one segment, streamed. */
  bundle(link: SegmentLink, content: BundleContent): Promise<Segment>;
  /** Records in key order (numbers numerically, strings by UTF-16 code unit), streamed. Duplicate keys throw. */
  records(link: SegmentLink, records: AsyncIterable<RecordLine>): Promise<Segment>;
  /** The same, readable with the agent and viewer keys: only for ids, digests and other catalogue facts. */
  catalogueRecords(link: SegmentLink, records: AsyncIterable<RecordLine>): Promise<Segment>;
  /** A writer for the companion stream `<stream>/files`, continuing `previous`; `base` starts it anew. */
  files(previous: FilesState | undefined, options?: { readonly base: boolean }): Promise<FilesWriter>;
  /**
   * Writes names for people who browse: the given lines as a delta on `previous`, or as a new base when there is
   * no previous, when `complete` says that the lines are everything, or when the deltas have grown too many.
   */
  items(
    previous: readonly Ref[],
    lines: AsyncIterable<CatalogueItem>,
    options: { readonly complete: boolean },
  ): Promise<readonly Ref[]>;
  /** Bytes stored through this writer so far. */
  readonly storedBytes: number;
}
