/** Which levels a repository crosses in one night: judged from its own past only, so shards need nothing else. */
import type { Crossing, GitDelta, GitTrend, Night } from "../vault/format/figures.ts";
import { filesBefore, freshFiles, isInRow, nextTrend, nothingSeen, tidied } from "./git-trend.ts";
import { signalNames, signals, type Level, type SignalName } from "./signals.ts";

/** A level counts once in so many nights. */
const quietNights = 90;
/** Of a night in which nearly everything was edited it is told how much came whole, not as deltas. */
const mostlyEdited = 0.7;
/** Amending the last commits is ordinary. */
const fewCommits = 5;

interface Measured {
  /** In the unit of the signal's levels, times `of`. */
  readonly count: number;
  readonly of: number;
  readonly since: Night;
  /** Files, commits or branches that it is about. */
  readonly n: number;
}

type Measures = Readonly<Partial<Record<SignalName, Measured>>>;

/**
 * The stream's trend after a night with a change, and the levels that it crossed and had not crossed in the 90 nights
 * before. `trend`: of the state before, undefined for none. `crossed` belongs into the index line's `d`, the trend
 * into the state. Deterministic; whole numbers in, no limits on them.
 */
export function gitCrossings(
  trend: GitTrend | undefined,
  delta: GitDelta,
): { readonly trend: GitTrend; readonly crossed: readonly Crossing[] } {
  const after = nextTrend(trend ?? nothingSeen(delta.at), delta);
  const measures = { ...shares(after, delta), ...rows(after, delta), ...refs(after.at, delta) };
  const last: Record<string, Night> = { ...after.last };
  const crossed: Crossing[] = [];
  for (const name of signalNames) {
    const measured = measures[name];
    if (measured === undefined) continue;
    for (const level of levelsReached(name, measured)) {
      const key = `${name}${level}`;
      if (after.at - (last[key] ?? -Infinity) > quietNights) crossed.push([name, level, measured.since, measured.n]);
      last[key] = after.at;
    }
  }
  return { trend: tidied({ ...after, last }, quietNights), crossed };
}

function levelsReached(name: SignalName, { count, of }: Measured): readonly number[] {
  const { least, levels } = signals[name];
  if (count < least) return [];
  return levels.flatMap(([level]: Level, number) => (count / of >= level ? [number] : []));
}

/** Shares of the files before; none where their number is not known. */
function shares(after: GitTrend, delta: GitDelta): Measures {
  const files = filesBefore(delta);
  if (files === undefined) return {};
  const fresh = freshFiles(delta);
  const { at, from } = after;
  const share = (count: number, since: Night | undefined): Measured => ({
    count,
    of: files,
    since: since ?? at,
    n: Math.round(count),
  });
  const { edited = 0, whole = 0, added = 0 } = delta;
  const replaced = edited >= mostlyEdited * files ? Math.min(edited, Math.max(0, whole - added)) : 0;
  return {
    ...(fresh.dense > 0 ? { dense: share(after.dense * files, from.dense) } : {}),
    ...(fresh.halfDense > 0 ? { halfDense: share(after.halfDense * files, from.halfDense) } : {}),
    ...(fresh.lost > 0
      ? {
          lost: share(after.lost * files, from.lost),
          swapped: share(Math.min(after.any, after.lost) * files, laterOf(from.any, from.lost)),
        }
      : {}),
    edited: share(edited, at),
    replaced: share(replaced, at),
  };
}

/** Files went away while others came: it began when both had begun. */
function laterOf(one: Night | undefined, other: Night | undefined): Night | undefined {
  return one === undefined || other === undefined ? undefined : Math.max(one, other);
}

function rows(after: GitTrend, delta: GitDelta): Measures {
  const fresh = freshFiles(delta);
  const files = filesBefore(delta);
  const row = (name: "losing" | "scrambling", tonight: number, sum: number): Measured => ({
    count: after[name],
    of: 1,
    since: after.from[name] ?? after.at,
    n: files === undefined ? tonight : Math.round(sum * files),
  });
  return {
    ...(fresh.lost > 0 && isInRow(after, "losing") ? { losing: row("losing", fresh.lost, after.lost) } : {}),
    ...(fresh.dense > 0 && isInRow(after, "scrambling")
      ? { scrambling: row("scrambling", fresh.dense, after.dense) }
      : {}),
  };
}

/** Commits that nobody can count, because the server has forgotten the old tip, are many. */
function refs(at: Night, { branches, refsDeleted, defaultRewritten, lost }: GitDelta): Measures {
  const isRewritten = defaultRewritten && (lost === undefined || lost > fewCommits);
  return {
    rewritten: { count: isRewritten ? 1 : 0, of: 1, since: at, n: lost ?? 0 },
    refsDeleted: { count: refsDeleted, of: Math.max(1, branches), since: at, n: refsDeleted },
  };
}
