/** What is kept of a repository's past nights: sums that fade, rows of nights, when levels were crossed last. */
import type { GitDelta, GitTrend, Night } from "../vault/format/figures.ts";

/** Sums fade by 6/7 a night. */
const memoryNights = 7;
/** Below it a sum is as good as nothing: what comes now is the beginning. */
const nothing = 0.005;
const tellingShare = 0.01;
/** Shares of a handful of files say nothing. */
const fewFiles = 5;
/** Where the number of files is not known, nights of a row are those with so many at least. */
const unknownLeast = { losing: 10, scrambling: 5 };
/** Backups within half a night are of the same night; with one night between, a row still goes on. */
const sameNight = 0.5;
const rowEndsAfter = 2.5;
const rememberedNights = 60;

const sums = ["dense", "halfDense", "any", "lost"] as const;
type Sum = (typeof sums)[number];

/** Files of the night by what they may mean. */
export type FreshFiles = Readonly<Record<Sum, number>>;

/** Nothing where the service did not tell how the files changed: what came may as well be new. */
export function freshFiles({ added, deleted, dense = 0, halfDense = 0 }: GitDelta): FreshFiles {
  if (added === undefined || deleted === undefined) return { dense: 0, halfDense: 0, any: 0, lost: 0 };
  const net = Math.max(0, added - deleted);
  return {
    dense: Math.max(0, dense - net),
    halfDense: Math.max(0, dense + halfDense - net),
    any: dense + halfDense,
    lost: Math.max(0, deleted - added),
  };
}

/** What shares are of; undefined where nobody knows. */
export function filesBefore({ files }: Pick<GitDelta, "files">): number | undefined {
  return files === undefined ? undefined : Math.max(fewFiles, files);
}

export function nothingSeen(at: Night): GitTrend {
  return {
    at,
    dense: 0,
    halfDense: 0,
    any: 0,
    lost: 0,
    losing: 0,
    losingAt: 0,
    scrambling: 0,
    scramblingAt: 0,
    from: {},
    last: {},
    nights: [],
  };
}

/** The trend after the night, all but `last`. A night before the trend's own counts as the same. */
export function nextTrend(trend: GitTrend, delta: GitDelta): GitTrend {
  const at = Math.max(trend.at, delta.at);
  const fresh = freshFiles(delta);
  const files = filesBefore(delta);
  const decay = (1 - 1 / memoryNights) ** (at - trend.at);
  const from: Record<string, Night> = { ...trend.from };
  const sumAfter = (name: Sum): number => {
    const before = trend[name] * decay;
    if (before < nothing && fresh[name] > 0) from[name] = at;
    return files === undefined ? before : before + Math.min(1, fresh[name] / files);
  };
  const row = (name: "losing" | "scrambling", count: number): Row => {
    const isOne = count > 0 && count >= (files === undefined ? unknownLeast[name] : tellingShare * files);
    const before = { nights: trend[name], at: trend[`${name}At`] };
    if (!isOne) return before;
    const isNew = at - before.at > rowEndsAfter;
    if (isNew) from[name] = at;
    if (!isNew && at - before.at < sameNight) return before;
    return { nights: isNew ? 1 : before.nights + 1, at };
  };
  const [dense, halfDense, any, lost] = [sumAfter("dense"), sumAfter("halfDense"), sumAfter("any"), sumAfter("lost")];
  const [losing, scrambling] = [row("losing", fresh.lost), row("scrambling", fresh.dense)];
  return {
    at,
    ...(delta.files === undefined
      ? {}
      : { files: Math.max(0, delta.files + (delta.added ?? 0) - (delta.deleted ?? 0)) }),
    ...(trend.thin === undefined ? {} : { thin: trend.thin }),
    ...{ dense, halfDense, any, lost },
    ...{ losing: losing.nights, losingAt: losing.at },
    ...{ scrambling: scrambling.nights, scramblingAt: scrambling.at },
    from,
    last: trend.last,
    nights: nightsAfter(trend.nights, at),
  };
}

interface Row {
  readonly nights: number;
  readonly at: Night;
}

/** True when the night belongs to the row: it was one more, or one more backup of the same night. */
export function isInRow(trend: GitTrend, name: "losing" | "scrambling"): boolean {
  return trend.at - trend[`${name}At`] < sameNight && trend[name] > 0;
}

/** Without what can no longer matter, in as few digits as hold it. */
export function tidied(trend: GitTrend, quietNights: number): GitTrend {
  const { at, losingAt, scramblingAt } = trend;
  const hasRow = { losing: at - losingAt <= rowEndsAfter, scrambling: at - scramblingAt <= rowEndsAfter };
  const matters = (name: string): boolean =>
    name === "losing" || name === "scrambling"
      ? hasRow[name]
      : sums.some((sum) => sum === name && trend[sum] >= nothing);
  return {
    ...trend,
    ...Object.fromEntries(sums.map((name) => [name, Math.round(trend[name] * 1e6) / 1e6])),
    from: Object.fromEntries(Object.entries(trend.from).filter(([name]) => matters(name))),
    last: Object.fromEntries(Object.entries(trend.last).filter(([, night]) => at - night <= quietNights)),
  };
}

function nightsAfter(nights: readonly Night[], at: Night): readonly Night[] {
  const tonight = Math.floor(at);
  const earlier = nights.filter((night) => night < tonight && tonight - night < rememberedNights);
  return [...earlier, tonight];
}
