/**
 * How rare is this night in a project of this size? A repository crosses a level so many times a year; of N active ones
 * K cross it in one night by chance so seldom. A doubtful night alarms in a small project, is worth a note in a big
 * one, and alarms anywhere when several repositories share it.
 */
import { instantOf, type Crossing, type GitDelta, type Night } from "../vault/format/figures.ts";
import type { Anomaly } from "../vault/format/log-entry.ts";
import type { RepositoryFacts, SnapshotFacts } from "./facts.ts";
import { filesBefore, freshFiles } from "./git-trend.ts";
import { atLeast } from "./poisson.ts";
import { signals, signalOf, type Signal, type SignalName } from "./signals.ts";

/** False alarms a project-year that one signal may cost. */
export const alarmBudget = 0.15;
/** What happens more often than so many times a project-year is not worth a note. */
const noteBudget = 12;
const activeNights = 30;
const shownStreams = 5;
/** So many repositories that change most often are critical, in projects with ten times as many active ones. */
const criticalCount = 50;
const crowd = 10 * criticalCount;
const denseWithoutFiles = 50;

interface Changed extends RepositoryFacts {
  readonly d: GitDelta;
}

/** Alarms and notes about changes inside repositories. */
export function judgeGit(facts: SnapshotFacts): readonly Anomaly[] {
  const changed = facts.repositories.filter((one): one is Changed => one.d !== undefined);
  if (changed.length === 0) return [];
  const active = activeStreams(facts);
  const critical = facts.critical ?? mostChanged(facts, active);
  const groups = [true, false].map((isCritical) => ({
    changed: changed.filter(({ stream }) => critical.has(stream) === isCritical),
    active: activeAmong(facts, { active, critical, isCritical }),
  }));
  return [...groups.flatMap(judgeGroup), ...plainRules(changed)];
}

function activeStreams({ at, repositories }: SnapshotFacts): ReadonlySet<string> {
  const isActive = ({ d, c }: RepositoryFacts): boolean =>
    d !== undefined || (c !== undefined && at - c.changedAt <= activeNights);
  return new Set(repositories.filter(isActive).map(({ stream }) => stream));
}

/** In the first month nobody knows yet who is active: all may be. */
function isCold({ at, earlier }: SnapshotFacts): boolean {
  const first = earlier.reduce((least, snapshot) => Math.min(least, snapshot.at), at);
  return at - first < activeNights;
}

function activeAmong(
  facts: SnapshotFacts,
  {
    active,
    critical,
    isCritical,
  }: { readonly active: ReadonlySet<string>; readonly critical: ReadonlySet<string>; readonly isCritical: boolean },
): number {
  const count = [...active].filter((stream) => critical.has(stream) === isCritical).length;
  const all = isCold(facts) && !isCritical ? facts.listing.held : 0;
  return Math.max(1, count, all);
}

/**
 * A crowd of others must not dull what is said of the repositories that people work on. In smaller projects nothing is
 * dulled, and splitting them would only cost false alarms.
 */
function mostChanged(facts: SnapshotFacts, active: ReadonlySet<string>): ReadonlySet<string> {
  if (active.size < crowd || isCold(facts)) return new Set();
  const nights = facts.repositories
    .filter(({ stream }) => active.has(stream))
    .map(({ stream, c }) => ({ stream, nights: c?.changedNights ?? 0 }))
    .toSorted((a, b) => b.nights - a.nights || (a.stream < b.stream ? -1 : 1));
  return new Set(nights.slice(0, criticalCount).map(({ stream }) => stream));
}

interface Hit {
  readonly stream: string;
  readonly d: GitDelta;
  readonly since: Night;
  readonly n: number;
}

interface Best {
  readonly chance: number;
  readonly level: number;
  readonly hits: readonly Hit[];
}

/** One anomaly a signal at most: of the level that is crossed most improbably. */
function judgeGroup(group: { readonly changed: readonly Changed[]; readonly active: number }): readonly Anomaly[] {
  const hits = hitsOf(group.changed);
  return (Object.keys(signals) as readonly SignalName[]).flatMap((name) => {
    const best = bestLevel(signals[name], hits.get(name), group.active);
    return best === undefined || best.chance > noteBudget
      ? []
      : [gitAnomaly(signals[name], { ...best, active: group.active })];
  });
}

function bestLevel(
  { levels }: Signal,
  hits: ReadonlyMap<number, readonly Hit[]> | undefined,
  active: number,
): Best | undefined {
  let best: Best | undefined;
  for (const [number, [level, timesAYear]] of levels.entries()) {
    const hit = hits?.get(number);
    if (hit === undefined) continue;
    const chance = 365 * atLeast(hit.length, (active * timesAYear) / 365);
    if (best === undefined || chance < best.chance) best = { chance, level, hits: hit };
  }
  return best;
}

/** Crossings by signal and number of the level; those of other versions say nothing here. */
function hitsOf(changed: readonly Changed[]): ReadonlyMap<string, ReadonlyMap<number, readonly Hit[]>> {
  const found = new Map<string, Map<number, Hit[]>>();
  for (const { stream, d } of changed) {
    for (const [signal, level, since, n] of distinct(d.crossed ?? [])) {
      if (signalOf(signal) === undefined) continue;
      const levels = found.get(signal) ?? new Map<number, Hit[]>();
      found.set(signal, levels);
      levels.set(level, [...(levels.get(level) ?? []), { stream, d, since, n }]);
    }
  }
  return found;
}

/** One repository counts once for a level, whatever its line repeats. */
function distinct(crossed: readonly Crossing[]): readonly Crossing[] {
  const byKey = new Map(crossed.map((one) => [`${one[0]} ${one[1]}`, one]));
  return [...byKey.values()];
}

function gitAnomaly(signal: Signal, { chance, level, hits, active }: Best & { readonly active: number }): Anomaly {
  const wholes = hits.map(({ d }) => wholeOf(signal, d));
  const of = wholes.every((whole) => whole !== undefined) ? wholes.reduce((sum, whole) => sum + whole, 0) : undefined;
  const n = hits.reduce((sum, hit, index) => sum + Math.min(hit.n, wholes[index] ?? hit.n), 0);
  return {
    code: signal.code,
    n,
    ...(of === undefined ? {} : { of }),
    ...(signal.unit === "once" ? {} : { level: signal.unit === "share" ? Math.round(100 * level) : level }),
    ...hitStreams(hits),
    active,
    since: instantOf(Math.min(...hits.map(({ since }) => since))),
    chance: Math.max(1, Math.round(chance * 1e6)),
    ...(chance <= alarmBudget ? {} : { note: true as const }),
  };
}

function wholeOf({ code }: Signal, d: GitDelta): number | undefined {
  if (code === "history-rewritten") return undefined;
  return code === "branches-deleted" ? Math.max(1, d.branches) : filesBefore(d);
}

/** The most affected ones by name. */
function hitStreams(hits: readonly Pick<Hit, "stream" | "n">[]): Pick<Anomaly, "streams" | "hit"> {
  const sorted = hits.toSorted((a, b) => b.n - a.n || (a.stream < b.stream ? -1 : 1));
  return { streams: sorted.slice(0, shownStreams).map(({ stream }) => stream), hit: hits.length };
}

/** Rules that go by the night alone. */
function plainRules(changed: readonly Changed[]): readonly Anomaly[] {
  return [
    ...plain("tags-deleted", changed, {
      n: ({ tagsDeleted }) => tagsDeleted,
      of: ({ tags }) => tags,
      when: ({ tags, tagsDeleted }) => tagsDeleted >= 3 && tagsDeleted >= 0.5 * tags,
    }),
    ...plain("branches-rewritten", changed, {
      n: ({ rewritten }) => rewritten,
      of: ({ branches }) => branches,
      when: ({ branches, rewritten }) => branches >= 5 && rewritten >= Math.max(5, 0.5 * branches),
    }).map((anomaly) => ({ ...anomaly, note: true as const })),
    ...plain("content-scrambled", changed, {
      n: ({ dense = 0 }) => dense,
      when: (d) => denseOfUnknown(d) >= denseWithoutFiles,
    }).map((anomaly) => ({ ...anomaly, note: true as const })),
  ];
}

/** What has come dense where nobody knows how many files there were, or how they changed. */
function denseOfUnknown(d: GitDelta): number {
  if (d.added === undefined || d.deleted === undefined) return d.dense ?? 0;
  return d.files === undefined ? freshFiles(d).dense : 0;
}

function plain(
  code: string,
  changed: readonly Changed[],
  {
    n,
    of,
    when,
  }: {
    readonly n: (d: GitDelta) => number;
    readonly of?: (d: GitDelta) => number;
    readonly when: (d: GitDelta) => boolean;
  },
): readonly Anomaly[] {
  const hits = changed.filter(({ d }) => when(d)).map(({ stream, d }) => ({ stream, d, n: n(d) }));
  if (hits.length === 0) return [];
  const total = (count: (d: GitDelta) => number): number => hits.reduce((sum, { d }) => sum + count(d), 0);
  return [
    {
      code,
      n: total(n),
      ...(of === undefined ? {} : { of: total(of) }),
      ...hitStreams(hits),
      since: instantOf(Math.min(...hits.map(({ d }) => d.at))),
    },
  ];
}
