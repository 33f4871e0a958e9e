/**
 * Tells apart what retention removes because time has passed from what it removes because something else has changed:
 * its rules, or who wrote them. With `last=7` and a backup every night one snapshot goes every night, which is all that
 * is older than 7 days; that is no reason to stop.
 */
import { minAgeDays, planSnapshots } from "./rules.ts";
import type { RetentionRules, SnapshotFacts } from "./rules.ts";

const dayMs = 86_400_000;
/** What went within so many days counts as going at once: nobody empties a vault in small steps unnoticed. */
export const atOnceDays = 7;

/** A plan that is about to be carried out, or a retire entry of the log. */
export interface Retirement {
  readonly at: Date;
  /** By sequence number. */
  readonly snapshots: readonly number[];
}

export interface FlowFacts {
  /** Those that are kept and those that were retired in the last days, oldest first. */
  readonly snapshots: readonly SnapshotFacts[];
  readonly rules: RetentionRules;
  /** Oldest first; the last one is what is planned now. */
  readonly retirements: readonly Retirement[];
}

/**
 * Of each retirement of the last days the snapshots that the rules, as they are now, would not have kept a day before
 * it, or when retention was carried out last, if that is longer ago (a week at most).
 */
export function beyondFlow({ snapshots, rules, retirements }: FlowFacts): readonly Retirement[] {
  const now = retirements.at(-1)?.at.getTime() ?? 0;
  const kept = new Map<number, ReadonlySet<number>>();
  const keptAt = (base: number): ReadonlySet<number> => {
    const known = kept.get(base) ?? keptBy({ snapshots, rules }, new Date(base));
    kept.set(base, known);
    return known;
  };
  return retirements.flatMap(({ at, snapshots: retired }, index) => {
    if (now - at.getTime() > atOnceDays * dayMs) return [];
    const stayed = keptAt(baseOf(at.getTime(), retirements[index - 1]?.at.getTime()));
    return [{ at, snapshots: retired.filter((seq) => !stayed.has(seq)) }];
  });
}

/** To the hour, so that a vault with a retirement every few minutes does not plan hundreds of times. */
function baseOf(at: number, before: number | undefined): number {
  const dayBefore = at - dayMs;
  const base = Math.max(at - minAgeDays * dayMs, Math.min(dayBefore, before ?? dayBefore));
  return at - base > dayMs ? Math.floor(base / 3_600_000) * 3_600_000 : base;
}

/** By the clock, that is: the newest one of its time went because another came. */
function keptBy({ snapshots, rules }: Pick<FlowFacts, "snapshots" | "rules">, now: Date): ReadonlySet<number> {
  const there = snapshots.filter(({ createdAt }) => Date.parse(createdAt) <= now.getTime());
  const { keep } = planSnapshots({ snapshots: there, rules, now });
  const byClock = keep.filter(({ reasons }) => reasons.some((reason) => !reason.startsWith("newest")));
  return new Set(byClock.map(({ seq }) => seq));
}
