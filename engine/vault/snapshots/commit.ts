/**
 * Commits a snapshot (docs/format.md 5). Objects are written long before; nothing of them counts
 * until the log entry made here names their index.
 *
 *   on the log as it is now:
 *     committed by this run already → done
 *     merge what was read with the newest kept snapshot
 *     check what the changed streams refer to: not retired (commit-rules.ts), all there (probe.ts)
 *     write the index; append the entry
 *   somebody else appended first → the same again on the new log
 */
import { collect } from "../../foundation/concurrency.ts";
import { referenceChecks, runRetired } from "./commit-checks.ts";
import type { UnusableStream } from "./commit-checks.ts";
import type { RunSum } from "../format/figures.ts";
import { readIndex, writeIndex } from "../objects/index-file.ts";
import type { KindCoverage } from "../format/coverage.ts";
import { appendEntry } from "../log/append.ts";
import type { AppendFacts, EntryBody } from "../log/append.ts";
import type { Anomaly, SnapshotSum } from "../format/log-entry.ts";
import type { Log } from "../log/log.ts";
import { inIndexOrder, mergeIndex } from "./merge-index.ts";
import type { Index, MergedStream, StreamDraft } from "./merge-index.ts";
import { reachesIn } from "./reaches.ts";
import type { Reaches } from "./reaches.ts";
import type { Ref } from "../format/ref.ts";
import { retiredRuns } from "./retired.ts";
import type { SealedWriter, VaultAccess } from "../objects/sealed-objects.ts";
import { clockSkewMs, statusOf, sumOf } from "./snapshot-sum.ts";
import { newestSnapshot, snapshotOfRun } from "./snapshots.ts";
import type { LoggedSnapshot } from "./snapshots.ts";
import type { IndexLine } from "../format/state.ts";
import { isStoredDamage } from "../format/stored-damage.ts";

export type { UnusableStream } from "./commit-checks.ts";
export type { MergedStream, StreamDraft } from "./merge-index.ts";

export interface CommitFacts {
  /** `by.run` is the run that commits. */
  readonly append: AppendFacts;
  readonly access: VaultAccess;
  /** Writes the index. */
  readonly sealed: SealedWriter;
  readonly log: Log;
  /** Index of the snapshot that the drafts were made against; empty for none. */
  readonly base: Index;
  /** Sequence number of that snapshot: while it is the newest one, its index need not be read again. */
  readonly baseSeq?: number | undefined;
  /** Knows what the run's states reach; without it they are read again. */
  readonly reaches?: Reaches;
  readonly drafts: readonly StreamDraft[];
  readonly window: readonly [from: string, to: string];
  /** Something inside a stream could not be read: the snapshot is partial though all streams are there. */
  readonly hasGaps: boolean;
  /** Kinds that were not read or may hold more; default none. */
  readonly kinds?: KindCoverage;
  /** Stored bytes of the run so far; those of the index are added. */
  readonly newBytes: number;
  /** What the run has cost up to now. */
  readonly run?: () => RunSum;
  /** What the snapshot shows, judged on the log that it is committed to. */
  readonly judge: (made: ComposedSnapshot) => readonly Anomaly[];
  /**
   * What becomes of changed streams whose objects are retired or gone: `rebase` commits nothing and names them, so
   * that they can be stored anew; `carry` commits the parent's state of them as stale.
   */
  readonly unusable: "rebase" | "carry";
}

/** A snapshot that is about to be committed. */
export interface ComposedSnapshot {
  /** The log that it continues. */
  readonly log: Log;
  readonly begunAt: Date;
  readonly lines: readonly IndexLine[];
  /** Index of the newest kept snapshot; empty for none. */
  readonly before: Index;
  readonly sum: SnapshotSum;
  /** How far the agent's clock is from the storage service's. */
  readonly skewMs: number;
}

export type Committed =
  | {
      readonly outcome: "committed";
      readonly log: Log;
      readonly snapshot: LoggedSnapshot;
      /** An earlier attempt of this run had committed; nothing was written now. */
      readonly already: boolean;
      /** What the snapshot holds; empty when `already`. */
      readonly streams: readonly MergedStream[];
      /** Streams carried as stale because their new content could not be used. */
      readonly carried: readonly UnusableStream[];
    }
  | { readonly outcome: "rebase"; readonly log: Log; readonly streams: readonly UnusableStream[] };

/** Throws RUN_RETIRED when retention has given the run up, and what `appendEntry` throws. */
export async function commitSnapshot(facts: CommitFacts): Promise<Committed> {
  const composer = newComposer(facts);
  const { log, entry } = await appendEntry(facts.append, facts.log, composer.compose);
  const { merged, carried, toRebase } = composer.result();
  if (toRebase.length > 0) return { outcome: "rebase", log, streams: toRebase };
  const snapshot = snapshotOfRun(log, facts.append.by.run);
  if (snapshot === undefined) throw new Error("a commit without an entry must have found something to rebase");
  const already = entry === undefined;
  return { outcome: "committed", log, snapshot, already, streams: already ? [] : merged, carried };
}

interface Composed {
  readonly merged: readonly MergedStream[];
  readonly carried: readonly UnusableStream[];
  readonly toRebase: readonly UnusableStream[];
}

interface Composer {
  readonly compose: (log: Log) => Promise<EntryBody | undefined>;
  result(): Composed;
}

function newComposer(facts: CommitFacts): Composer {
  const { append, access, sealed, drafts, base } = facts;
  const { run } = append.by;
  const indexes = indexReader(access, facts);
  const checks = referenceChecks(access, { run, reaches: facts.reaches ?? reachesIn(access) });
  let composed: Composed = { merged: [], carried: [], toRebase: [] };
  let unusable: readonly UnusableStream[] = [];

  async function mergeUsable(log: Log, parent: Index): Promise<Composed> {
    for (;;) {
      const codes = new Map(unusable.map(({ stream, code }) => [stream, code]));
      const merged = mergeIndex({ drafts, base, parent, unusable: codes });
      const found = await checks.unusable(log, merged, parent);
      if (found.length === 0) return { merged, carried: unusable, toRebase: [] };
      if (facts.unusable === "rebase") return { merged: [], carried: [], toRebase: found };
      unusable = [...unusable, ...found];
    }
  }

  return {
    async compose(log) {
      if (snapshotOfRun(log, run) !== undefined) return undefined;
      if (retiredRuns(log).has(run)) throw runRetired(run);
      const parent = newestSnapshot(log);
      const before = await indexes(parent);
      composed = await mergeUsable(log, before);
      if (composed.toRebase.length > 0) return undefined;
      const lines = inIndexOrder(composed.merged.map(withOwnFigures));
      const earlierBytes = sealed.storedBytes;
      const index = await writeIndex(sealed, streamed(lines));
      const newBytes = facts.newBytes + sealed.storedBytes - earlierBytes;
      const earlier = parent?.entry.snapshot.sum.kinds ?? [];
      const kinds = facts.kinds ?? allKinds;
      const sum = sumOf(composed.merged, { newBytes, drafts, before, earlier, kinds, run: facts.run?.() });
      const begunAt = new Date(facts.window[0]);
      const anomaly = facts.judge({ log, begunAt, lines, before, sum, skewMs: await clockSkewMs(append) });
      return snapshotBody(facts, composed.merged, { parent, index, sum, anomaly });
    },
    result: () => composed,
  };
}

function snapshotBody(
  facts: CommitFacts,
  merged: readonly MergedStream[],
  made: {
    readonly parent: LoggedSnapshot | undefined;
    readonly index: Ref;
    readonly sum: SnapshotSum;
    readonly anomaly: readonly Anomaly[];
  },
): EntryBody {
  const { parent, index, sum, anomaly } = made;
  return {
    kind: "snapshot",
    snapshot: {
      parent: parent?.entry.seq ?? null,
      status: facts.hasGaps ? "partial" : statusOf(merged),
      window: facts.window,
      index,
      sum,
      anomaly,
    },
  };
}

const allKinds: KindCoverage = { kindsNotRead: 0, kindsUnsure: 0 };

/** What a night changed is told by the snapshot that stored it; what is carried on tells nothing new. */
function withOwnFigures(merged: MergedStream): MergedStream {
  return merged.from === "new" ? merged : { ...merged, lines: merged.lines.map(withoutDelta) };
}

function withoutDelta(line: IndexLine): IndexLine {
  const { d, ...rest } = line;
  return d === undefined ? line : rest;
}

async function* streamed(lines: readonly IndexLine[]): AsyncGenerator<IndexLine> {
  yield* lines;
}

/** An index that is damaged or gone says nothing: then only what this run has read counts. */
async function indexOf(access: VaultAccess, ref: Ref): Promise<Index> {
  try {
    const lines = await collect(readIndex(access, ref));
    return new Map(lines.map((line) => [line.s, line]));
  } catch (error) {
    if (isStoredDamage(error)) return new Map();
    throw error;
  }
}

/** Index of a snapshot, remembered: most commits need only one. */
function indexReader(
  access: VaultAccess,
  { base, baseSeq }: Pick<CommitFacts, "base" | "baseSeq">,
): (snapshot: LoggedSnapshot | undefined) => Promise<Index> {
  const indexes = new Map<number, Index>(baseSeq === undefined ? [] : [[baseSeq, base]]);
  return async (snapshot) => {
    if (snapshot === undefined) return new Map();
    const { seq, snapshot: body } = snapshot.entry;
    const known = indexes.get(seq);
    if (known !== undefined) return known;
    const index = await indexOf(access, body.index);
    indexes.set(seq, index);
    return index;
  };
}
