/**
 * Decides which snapshots stay (docs/format.md 5). Pure: a plan is a value with a reason for each snapshot, made from
 * times of the storage service only. Rules are windows on its clock, never counts of snapshots: `last=14` keeps all of
 * the last 14 days, `daily=14` the first and the last complete one of each of the last 14 days, in UTC, and so on. So
 * whoever adds snapshots cannot make those from before go earlier, but for the last one of a period that is not over.
 */
import { BackupError } from "../../foundation/errors.ts";
import { withoutSecrets } from "../../foundation/secret-shapes.ts";
import { counted } from "../../foundation/text.ts";

const calendars = ["daily", "weekly", "monthly", "yearly"] as const;
const rules = ["last", ...calendars] as const;
type Rule = (typeof rules)[number];
type Calendar = (typeof calendars)[number];

/** How far back each rule reaches: in days, days, ISO weeks, months, years. */
export type RetentionRules = Readonly<Record<Rule, number>>;

const dayMs = 86_400_000;
/** Nothing younger is retired, whatever the rules say. */
export const minAgeDays = 7;

/** Input `retention`, e.g. `last=7 daily=30 weekly=12`; undefined keeps all. Throws INPUT_RETENTION. */
export function parseRetention(input: string): RetentionRules | undefined {
  const words = input.split(/[\s,;]+/).filter((word) => word !== "");
  if (words.length === 0) return undefined;
  const parsed: Record<Rule, number> = { last: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 };
  const seen = new Set<string>();
  for (const word of words) {
    const [name = "", digits = ""] = word.split("=");
    const rule = rules.find((known) => known === name.toLowerCase());
    if (rule === undefined || !/^[0-9]{1,5}$/.test(digits) || seen.has(rule)) throw badRule(word);
    seen.add(rule);
    parsed[rule] = Number(digits);
  }
  if (Object.values(parsed).every((count) => count === 0)) throw badRule(input.trim());
  return parsed;
}

export interface SnapshotFacts {
  readonly seq: number;
  /** Run id: the name people use. */
  readonly id: string;
  readonly status: "complete" | "partial";
  /** When the storage service created the log entry; ISO 8601. */
  readonly createdAt: string;
}

export interface PlannedSnapshot extends SnapshotFacts {
  /** Why it is kept, e.g. `daily 2026-11-22`; empty when it is retired. */
  readonly reasons: readonly string[];
}

export interface SnapshotPlan {
  readonly keep: readonly PlannedSnapshot[];
  readonly retire: readonly PlannedSnapshot[];
}

export interface PlanFacts {
  /** Kept so far, oldest first. */
  readonly snapshots: readonly SnapshotFacts[];
  readonly rules: RetentionRules;
  /** The storage service's clock. */
  readonly now: Date;
  /** Snapshots that people hold, by sequence number. */
  readonly holds?: ReadonlySet<number>;
  /** Those to go back to because of alarms that nobody has acknowledged (alarms.ts), by sequence number. */
  readonly beforeAlarms?: ReadonlySet<number>;
}

export function planSnapshots(facts: PlanFacts): SnapshotPlan {
  const { snapshots, rules: keep, now, holds, beforeAlarms } = facts;
  const reasons = new Map<number, string[]>(snapshots.map(({ seq }) => [seq, []]));
  const because = (snapshot: SnapshotFacts | undefined, reason: string): void => {
    if (snapshot !== undefined) reasons.get(snapshot.seq)?.push(reason);
  };
  because(snapshots.at(-1), "newest");
  because(
    snapshots.findLast(({ status }) => status === "complete"),
    "newest complete",
  );
  for (const snapshot of snapshots) {
    if (beforeAlarms?.has(snapshot.seq) === true) because(snapshot, "before an alarm");
    if (ageOf(snapshot, now) < keep.last * dayMs) because(snapshot, `last ${counted(keep.last, "day")}`);
  }
  for (const rule of calendars) {
    for (const [bucket, snapshot] of keptOfBuckets(snapshots, { rule, count: keep[rule], now }))
      because(snapshot, `${rule} ${bucket}`);
  }
  for (const snapshot of snapshots) {
    if (ageOf(snapshot, now) < minAgeDays * dayMs) because(snapshot, `younger than ${minAgeDays} days`);
    if (holds?.has(snapshot.seq) === true) because(snapshot, "held");
  }
  const planned = snapshots.map((snapshot) => ({ ...snapshot, reasons: reasons.get(snapshot.seq) ?? [] }));
  return {
    keep: planned.filter((snapshot) => snapshot.reasons.length > 0),
    retire: planned.filter((snapshot) => snapshot.reasons.length === 0),
  };
}

function ageOf({ createdAt }: SnapshotFacts, now: Date): number {
  return now.getTime() - Date.parse(createdAt);
}

interface Window {
  readonly rule: Calendar;
  /** Periods back from the one that `now` lies in, that one included. */
  readonly count: number;
  readonly now: Date;
}

/**
 * Of each period in the window the first and the last complete snapshot; of one without, the first and last partial.
 */
function keptOfBuckets(
  snapshots: readonly SnapshotFacts[],
  { rule, count, now }: Window,
): readonly (readonly [bucket: string, snapshot: SnapshotFacts])[] {
  if (count === 0) return [];
  const from = beginningOf(rule, count, now);
  const buckets = new Map<string, SnapshotFacts[]>();
  for (const snapshot of snapshots) {
    const time = new Date(snapshot.createdAt);
    if (time.getTime() < from) continue;
    const bucket = bucketOf(time, rule);
    const known = buckets.get(bucket);
    if (known === undefined) buckets.set(bucket, [snapshot]);
    else known.push(snapshot);
  }
  return [...buckets].flatMap(([bucket, all]) => firstAndLast(all).map((snapshot) => [bucket, snapshot] as const));
}

function firstAndLast(all: readonly SnapshotFacts[]): readonly SnapshotFacts[] {
  const complete = all.filter(({ status }) => status === "complete");
  const [first, ...others] = complete.length === 0 ? all : complete;
  const last = others.at(-1);
  return [first, last].filter((snapshot) => snapshot !== undefined);
}

/** When the first of the `count` periods up to now began. */
function beginningOf(calendar: Calendar, count: number, now: Date): number {
  const [year, month, day] = [now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate()];
  switch (calendar) {
    case "daily":
      return Date.UTC(year, month, day - (count - 1));
    case "weekly":
      return Date.UTC(year, month, day - weekdayOf(now) - 7 * (count - 1));
    case "monthly":
      return Date.UTC(year, month - (count - 1), 1);
    case "yearly":
      return yearBeginning(year - (count - 1));
  }
}

/** `Date.UTC` takes the years 0 to 99 for those of the last century. */
function yearBeginning(year: number): number {
  return year < 1970 ? 0 : Date.UTC(year, 0, 1);
}

function bucketOf(time: Date, calendar: Calendar): string {
  switch (calendar) {
    case "daily":
      return time.toISOString().slice(0, 10);
    case "weekly":
      return isoWeek(time);
    case "monthly":
      return time.toISOString().slice(0, 7);
    case "yearly":
      return time.toISOString().slice(0, 4);
  }
}

/** 0 is Monday. */
function weekdayOf(time: Date): number {
  return (time.getUTCDay() + 6) % 7;
}

/** `2026-W47`: the week belongs to the year of its Thursday (ISO 8601). */
function isoWeek(time: Date): string {
  const thursday = new Date(
    Date.UTC(time.getUTCFullYear(), time.getUTCMonth(), time.getUTCDate() - weekdayOf(time) + 3),
  );
  const year = thursday.getUTCFullYear();
  const week = Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / (7 * dayMs)) + 1;
  return `${year}-W${String(week).padStart(2, "0")}`;
}

function badRule(word: string): BackupError {
  return new BackupError({
    code: "INPUT_RETENTION",
    message: `Input retention holds ${JSON.stringify(withoutSecrets(word).slice(0, 60))}, which is no rule`,
    hint: "Write each rule once, as in: last=7 daily=30 weekly=12 monthly=12 yearly=7. Leave the input empty to keep everything.",
  });
}
