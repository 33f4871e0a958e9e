/** The figures of a repository's index line and state: what its kind has seen, beside what its past says of it. */
import { gitCrossings } from "../../insight/git-crossings.ts";
import type { GitFigures } from "../../kinds/kind.ts";
import { writtenAt } from "../../vault/snapshots/chain-rules.ts";
import { nightOf, type ChainFigures, type GitDelta, type Night } from "../../vault/format/figures.ts";
import type { GitState, IndexLine } from "../../vault/format/state.ts";

export interface GitPast {
  /** By the storage service's clock. */
  readonly now: Date;
  /** Of the state that the new one continues; undefined for none. */
  readonly before: GitState | undefined;
  /** Its line; with `d` only when the change that this tells of is in no snapshot yet. */
  readonly line: Pick<IndexLine, "c" | "d"> | undefined;
}

/** Crossings are judged from the stream's own past, so that shards need nothing of each other. */
export function withGitFigures(
  state: GitState,
  { night, filesNow, thin }: GitFigures,
  { now, before, line }: GitPast,
): { readonly state: GitState; readonly line: Pick<IndexLine, "c" | "d"> } {
  const at = nightOf(now);
  const delta: GitDelta = {
    ...(night ?? { ...nothingNew, ...(filesNow === undefined ? {} : { files: filesNow }) }),
    at,
  };
  const { trend, crossed } = gitCrossings(before?.trend, delta);
  const d = crossed.length === 0 ? delta : { ...delta, crossed };
  return {
    state: {
      ...state,
      trend: {
        ...trend,
        ...(filesNow === undefined ? {} : { files: filesNow }),
        ...(thin === undefined ? {} : { thin }),
      },
    },
    line: {
      ...(night === undefined ? {} : { d: line?.d === undefined ? d : joined(line.d, d) }),
      c: chainFigures(state, { at, nights: trend.nights.length, before, c: line?.c }),
    },
  };
}

const nothingNew: Omit<GitDelta, "at"> = {
  ...{ branches: 0, tags: 0, added: 0, edited: 0, deleted: 0, lost: 0, whole: 0, dense: 0, halfDense: 0 },
  ...{ refsAdded: 0, refsMoved: 0, refsDeleted: 0, tagsDeleted: 0, rewritten: 0, defaultRewritten: false },
};

const summed = [
  ...(["added", "edited", "deleted", "lost", "whole", "dense", "halfDense"] as const),
  ...(["refsAdded", "refsMoved", "refsDeleted", "tagsDeleted", "rewritten"] as const),
];

/** Two changes that one snapshot tells of, because the run that found the first one died. */
function joined(first: GitDelta, second: GitDelta): GitDelta {
  const sums: Partial<Record<(typeof summed)[number], number>> = {};
  for (const name of summed) {
    const [one, other] = [first[name], second[name]];
    if (one !== undefined && other !== undefined) sums[name] = one + other;
  }
  const { at, refsAdded, refsMoved, refsDeleted, tagsDeleted, rewritten } = second;
  const { branches, tags, files } = first;
  const crossed = [...(first.crossed ?? []), ...(second.crossed ?? [])];
  return {
    ...{ at, branches, tags, refsAdded, refsMoved, refsDeleted, tagsDeleted, rewritten },
    ...(files === undefined ? {} : { files }),
    ...sums,
    defaultRewritten: first.defaultRewritten || second.defaultRewritten,
    ...(crossed.length === 0 ? {} : { crossed }),
  };
}

interface ChainPast {
  readonly at: Night;
  /** Nights with a change of the last 60. */
  readonly nights: number;
  readonly before: GitState | undefined;
  readonly c: ChainFigures | undefined;
}

function chainFigures({ chain }: GitState, past: ChainPast): ChainFigures {
  const [base, ...deltas] = chain;
  const { at, nights } = past;
  return {
    baseAt: base === undefined ? at : nightOf(writtenAt(base)),
    baseKiB: base === undefined ? 0 : kib(base.n),
    deltaKiB: kib(deltas.reduce((sum, { n }) => sum + n, 0)),
    depth: deltas.length,
    changedAt: at,
    changedNights: nights,
    meanKiB: meanKiB(chain, past),
  };
}

/** What a base holds says nothing about what a night brings. */
function meanKiB(chain: GitState["chain"], { nights, before, c }: ChainPast): number {
  const newest = chain.at(-1);
  const isStored = newest !== undefined && newest.o !== before?.chain.at(-1)?.o;
  if (isStored && chain.length === 1) return c?.meanKiB ?? 0;
  const tonight = isStored ? kib(newest.n) : 0;
  const earlier = c?.meanKiB ?? tonight;
  return Math.round(10 * (earlier + (tonight - earlier) / Math.max(1, nights))) / 10;
}

function kib(bytes: number): number {
  return Math.round(bytes / 102.4) / 10;
}
