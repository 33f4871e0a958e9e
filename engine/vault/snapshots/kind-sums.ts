/** What a snapshot did to the streams of each kind: member `kinds` of the sum of its log entry (docs/format.md 3.1). */
import type { KindSum } from "../format/figures.ts";
import { streamOfDraft, type Index, type MergedStream, type StreamDraft } from "./merge-index.ts";
import type { IndexLine, StreamStatus } from "../format/state.ts";
import { kindOf } from "../format/stream-ids.ts";

export interface KindSumFacts {
  readonly drafts: readonly StreamDraft[];
  /** Index of the newest kept snapshot. */
  readonly before: Index;
  /** Of its log entry: what is not looked at tonight holds as many items as then. */
  readonly earlier: readonly KindSum[];
}

/** By name of the kind. Only drafts whose content the snapshot takes count: what another run stored is in its entry. */
export function kindSums(merged: readonly MergedStream[], facts: KindSumFacts): readonly KindSum[] {
  const drafts = new Map(facts.drafts.map((draft) => [streamOfDraft(draft), draft]));
  const byKind = new Map<string, StreamOfKind[]>();
  for (const { stream, lines, from } of merged) {
    const line = lines.find(({ s }) => s === stream);
    const kind = kindOf(stream);
    if (line === undefined) continue;
    const draft = drafts.get(stream);
    const own = byKind.get(kind) ?? [];
    own.push({ line, before: facts.before.get(stream), draft, isNew: from === "new" });
    byKind.set(kind, own);
  }
  return [...byKind]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([kind, streams]) => kindSum(kind, streams, facts.earlier));
}

interface StreamOfKind {
  readonly line: IndexLine;
  readonly before: IndexLine | undefined;
  readonly draft: StreamDraft | undefined;
  /** The snapshot takes what the draft has stored. */
  readonly isNew: boolean;
}

function kindSum(kind: string, streams: readonly StreamOfKind[], earlier: readonly KindSum[]): KindSum {
  const total = (of: (stream: StreamOfKind) => number | undefined): number =>
    streams.reduce((sum, stream) => sum + (of(stream) ?? 0), 0);
  const figure = (name: "back" | "dense" | "hidden"): number =>
    total(({ draft, isNew }) => (isNew ? draft?.figures?.[name] : 0));
  const there = streams.filter(({ line: { st } }) => st !== "deleted" && st !== "skipped");
  const hidden = figure("hidden");
  const known = earlier.find((sum) => sum.kind === kind)?.items;
  const itemsOf = ({ line, draft, isNew }: StreamOfKind): number | undefined =>
    (isNew ? draft?.figures?.items : isOfThings(streams) ? undefined : known) ?? line.count;
  return {
    kind,
    streams: there.length,
    items: there.reduce((sum, stream) => sum + (itemsOf(stream) ?? 0), 0),
    ...(isOfThings(streams) ? changedStreams(streams) : changedItems(streams)),
    back: figure("back"),
    dense: figure("dense"),
    missing: streams.filter((stream) => isNewly("missing", stream)).length,
    ...(hidden === 0 ? {} : { hidden }),
    newBytes: total(({ draft }) => draft?.newBytes),
  };
}

/** One stream for each thing, not one for all items. */
function isOfThings(streams: readonly StreamOfKind[]): boolean {
  return streams.some(({ line }) => line.s.includes("/"));
}

type Changes = Pick<KindSum, "added" | "changed" | "deleted">;

function changedStreams(streams: readonly StreamOfKind[]): Changes {
  return {
    added: streams.filter(({ before, line }) => before === undefined && line.state !== undefined).length,
    changed: streams.filter(({ before, isNew }) => before !== undefined && isNew).length,
    deleted: streams.filter((stream) => isNewly("deleted", stream)).length,
  };
}

function changedItems(streams: readonly StreamOfKind[]): Changes {
  const sum = { added: 0, changed: 0, deleted: 0 };
  for (const { draft, isNew } of streams) {
    if (!isNew || draft?.changes === undefined) continue;
    sum.added += draft.changes.added;
    sum.changed += draft.changes.changed;
    sum.deleted += draft.changes.deleted;
  }
  return sum;
}

function isNewly(status: StreamStatus, { line, before }: StreamOfKind): boolean {
  return line.st === status && before !== undefined && before.st !== status;
}
