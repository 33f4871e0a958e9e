/**
 * Merges what a run has read with the newest snapshot of the log. A run works against one
 * snapshot (its base); when it commits, another run may have committed since. Then the run's own changed streams
 * go on top of that run's snapshot, not of the base. Pure.
 */
import type { ItemFigures } from "../format/figures.ts";
import type { IndexLine } from "../format/state.ts";
import { streamOf } from "../format/stream-ids.ts";

/** Index lines by stream id. */
export type Index = ReadonlyMap<string, IndexLine>;

/** What one run says about one stream: its line and the line of its files. No lines: the stream is dropped. */
export interface StreamDraft {
  /** Stream id; needed when there are no lines. */
  readonly s?: string;
  readonly lines: readonly IndexLine[];
  /** New content was stored; otherwise the lines only carry what the base had. */
  readonly changed: boolean;
  /** For the figures of the log entry: items by what became of them, and what more is known of them. */
  readonly changes?: { readonly added: number; readonly changed: number; readonly deleted: number };
  readonly figures?: ItemFigures;
  /** Bytes stored for it. */
  readonly newBytes?: number;
}

export interface MergeFacts {
  readonly drafts: readonly StreamDraft[];
  /** Index of the snapshot that the drafts were made against; empty for none. */
  readonly base: Index;
  /** Index of the newest kept snapshot; often the base itself. */
  readonly parent: Index;
  /** Streams whose new content must not be used, with the code of the reason. */
  readonly unusable: ReadonlyMap<string, string>;
}

export interface MergedStream {
  /** Stream id without `/files`. */
  readonly stream: string;
  readonly lines: readonly IndexLine[];
  /** `new`: this run's content; `kept`: the parent's, as it is there or with another status. */
  readonly from: "new" | "kept";
}

/** Code of a stream that no shard of the run has said anything about. */
export const notRead = "NOT_READ";

/** Every stream of the parent and of the drafts, in no particular order. */
export function mergeIndex(facts: MergeFacts): readonly MergedStream[] {
  const parent = byStream(facts.parent.values());
  const base = facts.base === facts.parent ? parent : byStream(facts.base.values());
  const drafts = new Map(facts.drafts.map((draft) => [streamOfDraft(draft), draft]));
  const streams = new Set([...parent.keys(), ...drafts.keys()]);
  return [...streams].map((stream) =>
    mergedStream(stream, {
      draft: drafts.get(stream),
      basis: base.get(stream) ?? [],
      theirs: parent.get(stream) ?? [],
      unusable: facts.unusable.get(stream),
    }),
  );
}

/** Lines in the order in which an index holds them. */
export function inIndexOrder(streams: readonly MergedStream[]): readonly IndexLine[] {
  return streams.flatMap(({ lines }) => lines).sort((a, b) => (a.s < b.s ? -1 : a.s > b.s ? 1 : 0));
}

interface Sides {
  readonly draft: StreamDraft | undefined;
  readonly basis: readonly IndexLine[];
  readonly theirs: readonly IndexLine[];
  readonly unusable: string | undefined;
}

function mergedStream(stream: string, { draft, basis, theirs, unusable }: Sides): MergedStream {
  const theyChanged = !sameContent(basis, theirs);
  if (draft?.changed === true && unusable !== undefined) {
    return { stream, lines: stale(theirs.length > 0 ? theirs : bare(stream, draft), unusable), from: "kept" };
  }
  if (draft?.changed === true && !(theyChanged && isNewer(theirs, draft.lines))) {
    return { stream, lines: draft.lines, from: "new" };
  }
  if (theyChanged) return { stream, lines: theirs, from: "kept" };
  return { stream, lines: draft?.lines ?? stale(theirs, notRead), from: "kept" };
}

export function streamOfDraft(draft: StreamDraft): string {
  const id = draft.lines[0]?.s ?? draft.s;
  if (id === undefined) throw new Error("a draft without lines must name its stream");
  return streamOf(id);
}

function byStream(lines: Iterable<IndexLine>): ReadonlyMap<string, readonly IndexLine[]> {
  const streams = new Map<string, IndexLine[]>();
  for (const line of lines) {
    const stream = streamOf(line.s);
    const known = streams.get(stream);
    if (known === undefined) streams.set(stream, [line]);
    else known.push(line);
  }
  return streams;
}

function sameContent(left: readonly IndexLine[], right: readonly IndexLine[]): boolean {
  return contentOf(left) === contentOf(right);
}

function contentOf(lines: readonly IndexLine[]): string {
  const objects = lines.map(({ s, state, items = [] }) => [s, state?.o ?? "", ...items.map(({ o }) => o)].join(" "));
  return objects.sort().join("\n");
}

/** By when the source was read, on the agents' clocks: it decides only which of two true states is shown. */
function isNewer(lines: readonly IndexLine[], than: readonly IndexLine[]): boolean {
  return readMs(lines) > readMs(than);
}

function readMs(lines: readonly IndexLine[]): number {
  return Math.max(0, ...lines.map(({ asOf }) => (asOf === undefined ? 0 : Date.parse(asOf))));
}

function stale(lines: readonly IndexLine[], code: string): readonly IndexLine[] {
  return lines.map((line) => (line.st === "stale" ? { ...line, err: code } : { ...line, st: "stale", err: code }));
}

/** A stream that was never stored before: its name only. */
function bare(stream: string, draft: StreamDraft): readonly IndexLine[] {
  const name = draft.lines.find(({ s }) => s === stream)?.name;
  return [{ s: stream, ...(name === undefined ? {} : { name }), st: "stale" }];
}
