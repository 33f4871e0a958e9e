/**
 * Items and documents: a share of what is held, and what is usual for the project. Largest nights of the last 90 stand
 * for what is usual; nobody knows it before the sixth night with a change.
 */
import { instantOf, type KindSum, type Night } from "../vault/format/figures.ts";
import type { Anomaly } from "../vault/format/log-entry.ts";
import type { EarlierSnapshot, SnapshotFacts } from "./facts.ts";

const usualNights = 90;
const fewNights = 5;
const weekNights = 7;
const manyHidden = 20;
/** Kinds with a stream for each thing are judged by their streams (judge-listing.ts). */
export const kindsOfStreams: ReadonlySet<string> = new Set(["git-repositories"]);

type Count = "changed" | "deleted" | "back" | "dense";

interface Past {
  readonly at: Night;
  readonly sum: KindSum;
  readonly settled: ReadonlySet<string>;
}

interface JudgedNight {
  readonly at: Night;
  readonly sum: KindSum;
  /** Items before. */
  readonly held: number;
  /** Nights of the last 90 that changed something. */
  readonly past: readonly Past[];
}

/** Alarms and notes about kinds whose streams hold items. */
export function judgeItems({ at, kinds, earlier }: SnapshotFacts): readonly Anomaly[] {
  return kinds
    .filter(({ kind }) => !kindsOfStreams.has(kind))
    .flatMap((sum) => {
      const past = pastOf(sum.kind, earlier).filter((one) => at - one.at <= usualNights);
      const night = { at, sum, held: sum.items - sum.added + sum.deleted, past };
      return [...(hasChanged(sum) ? judgeNight(night) : []), ...hidden(sum)];
    });
}

function pastOf(kind: string, earlier: readonly EarlierSnapshot[]): readonly Past[] {
  return earlier.flatMap(({ at, kinds, settled }) =>
    kinds.filter((sum) => sum.kind === kind && hasChanged(sum)).map((sum) => ({ at, sum, settled })),
  );
}

function hasChanged({ added, changed, deleted }: KindSum): boolean {
  return added + changed + deleted > 0;
}

interface Rule {
  readonly code: string;
  readonly count: Count;
  readonly least: number;
  /** Alarm: a share of what is held; a lower one that is also so many times what is usual. */
  readonly share: number;
  readonly low: number;
  readonly times: number;
  /** Note: a share that is so many times what is usual. */
  readonly note: number;
}

const rules: readonly Rule[] = [
  { code: "mass-change", count: "changed", least: 10, share: 0.5, low: 0.3, times: 4, note: 0.1 },
  { code: "mass-delete", count: "deleted", least: 5, share: 0.12, low: 0.06, times: 5, note: 0.01 },
  { code: "states-reset", count: "back", least: 10, share: 0.25, low: 0.15, times: 5, note: 0.05 },
];

function judgeNight(night: JudgedNight): readonly Anomaly[] {
  return [...rules.flatMap((rule) => judgeRule(rule, night)), ...scrambledInAWeek(night), ...lostInAWeek(night)];
}

function judgeRule({ code, count, least, share, low, times, note }: Rule, night: JudgedNight): readonly Anomaly[] {
  const { sum, held, past } = night;
  const n = sum[count];
  if (n < least) return [];
  const usual = Math.max(1, ...past.map((one) => one.sum[count]));
  const isUnusual = past.length >= fewNights && n >= times * usual;
  const isAlarm = n >= share * held || (isUnusual && n >= low * held);
  if (!isAlarm && !(isUnusual && n >= note * held)) return [];
  return [{ ...anomalyOf(code, night, n), ...(isAlarm ? {} : { note: true as const }) }];
}

/** Records that have come to look like noise, a few every night. */
function scrambledInAWeek(night: JudgedNight): readonly Anomaly[] {
  const week = weekOf(night, "content-scrambled");
  const [dense, changed] = [total(week, "dense"), total(week, "changed")];
  if (dense < 10 || dense < 0.25 * changed) return [];
  const first = firstOf(night, week, ({ sum }) => sum.dense >= 2 && sum.dense >= 0.1 * sum.changed);
  return [{ ...anomalyOf("content-scrambled", night, dense), of: changed, since: instantOf(first) }];
}

/** Items deleted little by little. */
function lostInAWeek(night: JudgedNight): readonly Anomaly[] {
  const week = weekOf(night, "mass-delete");
  const lost = total(week, "deleted");
  if (night.sum.deleted === 0 || lost < 10 || lost < 0.09 * night.held) return [];
  const first = firstOf(night, week, ({ sum }) => sum.deleted >= 0.01 * night.held);
  return [{ ...anomalyOf("mass-delete", night, lost), since: instantOf(first) }];
}

/** This night and those of the week before it that are not settled. */
function weekOf({ at, sum, past }: JudgedNight, code: string): readonly Past[] {
  const week = past.filter((one) => at - one.at < weekNights && !one.settled.has(code));
  return [...week, { at, sum, settled: new Set() }];
}

function total(week: readonly Past[], count: Count): number {
  return week.reduce((all, { sum }) => all + sum[count], 0);
}

function firstOf({ at }: JudgedNight, week: readonly Past[], when: (one: Past) => boolean): Night {
  return Math.min(at, ...week.filter(when).map((one) => one.at));
}

function anomalyOf(code: string, { at, sum, held }: JudgedNight, n: number): Anomaly {
  return { code, n, of: held, streams: [sum.kind], since: instantOf(at) };
}

function hidden(sum: KindSum): readonly Anomaly[] {
  const n = sum.hidden ?? 0;
  return n > manyHidden ? [{ code: "mass-disappearance", n, of: sum.items, streams: [sum.kind] }] : [];
}
