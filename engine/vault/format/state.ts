/**
 * States: what a stream held at one time. One JSON object per changed stream and run (docs/format.md 3.4), sealed for
 * the catalogue. A kind decides what stands in `watermark` and `detail`; the vault only keeps them.
 */
import type { JsonObject, JsonValue } from "../../foundation/json.ts";
import type { ChainFigures, GitDelta, GitTrend } from "./figures.ts";
import type { Ref, Segment } from "./ref.ts";

interface StateBase {
  /** Stream id, e.g. `git-repositories/<guid>`. */
  readonly s: string;
  /** When the source was read; ISO 8601. */
  readonly asOf: string;
  /** What the kind needs next time to ask only for news. */
  readonly watermark?: JsonValue;
  /** Settings of the thing itself that are no records (default branch policy, names, ids). */
  readonly detail?: JsonObject;
  /** Ids of what the source names and did not deliver: asked for again by every run. */
  readonly missing?: readonly string[];
}

/** `[oid]` or `[oid, peeled oid]`. */
export type RefTarget = readonly [oid: string] | readonly [oid: string, peeled: string];

export interface GitState extends StateBase {
  readonly kind: "git";
  readonly hash: "sha1" | "sha256";
  readonly refs: Readonly<Record<string, RefTarget>>;
  /** What HEAD points to; null when unknown or unborn. */
  readonly head: string | null;
  readonly chain: readonly Segment[];
  /** What the past of this repository says of its next nights; absent in states of versions that did not record it. */
  readonly trend?: GitTrend;
}

export interface RecordsState extends StateBase {
  readonly kind: "records";
  /** Version of the record's shape; a change forces a base. */
  readonly schema: number;
  readonly count: number;
  readonly chain: readonly Segment[];
  /** Records `{id, h}` (h = keyed hash) to see what changed without reading content; catalogue-sealed chain. */
  readonly keys?: readonly Segment[];
}

export interface FilesState extends StateBase {
  readonly kind: "files";
  readonly count: number;
  /** Tar and bin segments, in the order the toc numbers them. */
  readonly chain: readonly Segment[];
  /** Records `{id, segment, offset, length, sha256}` sorted by id, sealed for the catalogue. */
  readonly toc: readonly Segment[];
  /** Of work items: the numbers of those that show a file of `missing`. One that nothing shows is asked for no more. */
  readonly shownBy?: Readonly<Record<string, readonly number[]>>;
}

export type StreamState = GitState | RecordsState | FilesState;

/** What may become of a stream in one snapshot. */
export type StreamStatus = "ok" | "stale" | "missing" | "deleted" | "skipped";

/** One line of a snapshot's index. */
export interface IndexLine {
  readonly s: string;
  /** Name for people; absent with `catalogueNames: ids`. */
  readonly name?: string;
  readonly st: StreamStatus;
  /** Sequence number of the log entry since which the status is not ok (stale, missing, deleted). */
  readonly since?: number;
  readonly asOf?: string;
  /** Keyed digest of what the source said: equal means unchanged. */
  readonly t?: string;
  /** Absent only while a stream could never be read. */
  readonly state?: Ref;
  /** Catalogue objects with item names, oldest first (base, then deltas). */
  readonly items?: readonly Ref[];
  /** Items in the stream (records, refs or files). */
  readonly count?: number;
  /** Stored bytes of the stream's chain. */
  readonly bytes?: number;
  /** Code of the gap, e.g. `TF401019`. */
  readonly err?: string;
  /** Git, in the snapshot that stored the change: what the night changed. Lines that are carried lose it. */
  readonly d?: GitDelta;
  /** Git: what forecasts need. */
  readonly c?: ChainFigures;
  /** How much the state names as `missing`; absent for nothing. */
  readonly lacks?: number;
  /** Code of the finding why the last state is carried though the status is ok, e.g. `REPOSITORY_DISABLED`. */
  readonly note?: string;
}

/** One item as people browse it (`items` objects). */
export interface CatalogueItem {
  readonly id: string;
  readonly name?: string;
  readonly type?: string;
  readonly state?: string;
  readonly rev?: number;
  readonly at?: string;
  readonly by?: string;
  /** Deleted since the base; a later line for the same id wins. */
  readonly del?: true;
}
