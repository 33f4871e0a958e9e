/** Nights of repositories and snapshots of projects, with defaults: nothing happened. */
import { gitCrossings } from "../../../engine/insight/git-crossings.ts";
import type { RepositoryFacts, SnapshotFacts } from "../../../engine/insight/facts.ts";
import type { GitDelta, GitTrend, KindSum, Night } from "../../../engine/vault/format/figures.ts";

export const firstNight: Night = 20_500;

export function aDelta(over: Partial<GitDelta> = {}): GitDelta {
  return {
    at: firstNight,
    files: 200,
    branches: 9,
    tags: 4,
    added: 0,
    edited: 0,
    deleted: 0,
    lost: 0,
    whole: 0,
    dense: 0,
    halfDense: 0,
    refsAdded: 0,
    refsMoved: 1,
    refsDeleted: 0,
    tagsDeleted: 0,
    rewritten: 0,
    defaultRewritten: false,
    ...over,
  };
}

/** A night of which something is not known. */
export function aDeltaWithout(unknown: readonly (keyof GitDelta)[], over: Partial<GitDelta> = {}): GitDelta {
  const known = Object.entries(aDelta(over)).filter(([name]) => !unknown.some((one) => one === name));
  return Object.fromEntries(known) as unknown as GitDelta;
}

/** A repository that changed tonight, by its own past. */
export function aRepository(stream: string, over: Partial<GitDelta> = {}, trend?: GitTrend): RepositoryFacts {
  const delta = aDelta(over);
  const { crossed } = gitCrossings(trend, delta);
  return { stream: `git-repositories/${stream}`, d: { ...delta, crossed }, c: aChange(delta.at) };
}

/** One that did not. */
export function aQuiet(stream: string, at: Night = firstNight): RepositoryFacts {
  return { stream: `git-repositories/${stream}`, c: aChange(at) };
}

export function aChange(changedAt: Night, changedNights = 1): { changedAt: Night; changedNights: number } {
  return { changedAt, changedNights };
}

export function aKindSum(over: Partial<KindSum> = {}): KindSum {
  return {
    kind: "work-items",
    streams: 1,
    items: 1000,
    added: 0,
    changed: 0,
    deleted: 0,
    back: 0,
    dense: 0,
    missing: 0,
    newBytes: 0,
    ...over,
  };
}

/** Of a vault that has been there for long. */
export function someFacts(over: Partial<SnapshotFacts> = {}): SnapshotFacts {
  return {
    at: firstNight,
    repositories: [],
    listing: { held: 12, deleted: [], missing: [] },
    kinds: [],
    earlier: [{ at: firstNight - 200, kinds: [], settled: new Set() }],
    expected: new Set(),
    ...over,
  };
}

/** One night after the other; the trend after each goes into the next. */
export function afterNights(nights: readonly Partial<GitDelta>[]): { trend: GitTrend; crossed: readonly string[] } {
  let trend: GitTrend | undefined;
  let crossed: readonly string[] = [];
  for (const [index, over] of nights.entries()) {
    const found = gitCrossings(trend, aDelta({ at: firstNight + index, ...over }));
    trend = found.trend;
    crossed = found.crossed.map(([signal, level]) => `${signal} ${level}`);
  }
  if (trend === undefined) throw new Error("no night");
  return { trend, crossed };
}
