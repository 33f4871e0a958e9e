/** Repositories that are deleted, or that cannot be seen any more. */
import { instantOf } from "../vault/format/figures.ts";
import type { Anomaly } from "../vault/format/log-entry.ts";
import type { SnapshotFacts } from "./facts.ts";
import { alarmBudget } from "./judge-git.ts";
import { atLeast } from "./poisson.ts";

/** Repositories deleted of one repository, a year. */
const deletedAYear = 0.03;
const shownStreams = 5;

export function judgeListing(facts: SnapshotFacts): readonly Anomaly[] {
  return [...deleted(facts), ...missing(facts)];
}

function deleted({ at, listing }: SnapshotFacts): readonly Anomaly[] {
  const { held, deleted: streams } = listing;
  const n = streams.length;
  if (n === 0) return [];
  const chance = 365 * atLeast(n, (held * deletedAYear) / 365);
  const isAlarm = n >= 2 && (n >= 3 || n >= held / 3) && chance <= alarmBudget;
  return [
    {
      code: "mass-delete",
      n,
      of: held,
      ...named(streams),
      active: held,
      since: instantOf(at),
      chance: Math.max(1, Math.round(chance * 1e6)),
      ...(isAlarm ? {} : { note: true as const }),
    },
  ];
}

function missing({ at, listing }: SnapshotFacts): readonly Anomaly[] {
  const { held, missing: streams } = listing;
  const n = streams.length;
  if (n < Math.max(3, 0.2 * held) && !(n > 1 && n >= 0.5 * held)) return [];
  return [{ code: "mass-disappearance", n, of: held, ...named(streams), since: instantOf(at) }];
}

function named(streams: readonly string[]): Pick<Anomaly, "streams" | "hit"> {
  return { streams: streams.toSorted().slice(0, shownStreams), hit: streams.length };
}
