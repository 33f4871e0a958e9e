/**
 * Decides which snapshots stay (format.md §3.8). Pure: a plan is a value with a reason for each snapshot, made from
 * service times only. A bucket (a day, an ISO week, … in UTC) keeps its first complete snapshot, or its first
 * partial one when none is complete: an attacker who adds snapshots later cannot push the first one out.
 */
import { BackupError } from "../foundation/errors.ts";

const rules = ["last", "daily", "weekly", "monthly", "yearly"] as const;
type Rule = (typeof rules)[number];
type Calendar = Exclude<Rule, "last">;

/** How many to keep by each rule. */
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
}

export function planSnapshots({ snapshots, rules: keep, now, holds = new Set() }: PlanFacts): SnapshotPlan {
  const reasons = new Map<number, string[]>(snapshots.map(({ seq }) => [seq, []]));
  const because = (snapshot: SnapshotFacts | undefined, reason: string): void => {
    if (snapshot !== undefined) reasons.get(snapshot.seq)?.push(reason);
  };
  const newestFirst = [...snapshots].reverse();
  because(newestFirst[0], "newest");
  because(
    newestFirst.find(({ status }) => status === "complete"),
    "newest complete",
  );
  for (const snapshot of newestFirst.slice(0, keep.last)) because(snapshot, `last ${keep.last}`);
  for (const rule of ["daily", "weekly", "monthly", "yearly"] as const) {
    for (const [bucket, snapshot] of newestBuckets(snapshots, rule, keep[rule])) because(snapshot, `${rule} ${bucket}`);
  }
  for (const snapshot of snapshots) {
    if (now.getTime() - Date.parse(snapshot.createdAt) < minAgeDays * dayMs)
      because(snapshot, `younger than ${minAgeDays} days`);
    if (holds.has(snapshot.seq)) because(snapshot, "held");
  }
  const planned = snapshots.map((snapshot) => ({ ...snapshot, reasons: reasons.get(snapshot.seq) ?? [] }));
  return {
    keep: planned.filter((snapshot) => snapshot.reasons.length > 0),
    retire: planned.filter((snapshot) => snapshot.reasons.length === 0),
  };
}

/** The newest buckets that hold a snapshot, with the one that each keeps. */
function newestBuckets(
  snapshots: readonly SnapshotFacts[],
  calendar: Calendar,
  count: number,
): readonly (readonly [bucket: string, snapshot: SnapshotFacts])[] {
  if (count === 0) return [];
  const buckets = new Map<string, SnapshotFacts>();
  for (const snapshot of snapshots) {
    const bucket = bucketOf(new Date(snapshot.createdAt), calendar);
    const known = buckets.get(bucket);
    const isBetter = known === undefined || (known.status === "partial" && snapshot.status === "complete");
    if (isBetter) buckets.set(bucket, snapshot);
  }
  const names = [...buckets.keys()].sort().slice(-count);
  return [...buckets].filter(([bucket]) => names.includes(bucket));
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

/** `2026-W47`: the week belongs to the year of its Thursday (ISO 8601). */
function isoWeek(time: Date): string {
  const weekday = (time.getUTCDay() + 6) % 7;
  const thursday = new Date(Date.UTC(time.getUTCFullYear(), time.getUTCMonth(), time.getUTCDate() - weekday + 3));
  const year = thursday.getUTCFullYear();
  const week = Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / (7 * dayMs)) + 1;
  return `${year}-W${String(week).padStart(2, "0")}`;
}

function badRule(word: string): BackupError {
  return new BackupError({
    code: "INPUT_RETENTION",
    message: `Input retention holds ${JSON.stringify(word.slice(0, 60))}, which is no rule`,
    hint: "Write each rule once, as in: last=7 daily=30 weekly=12 monthly=12 yearly=7. Leave the input empty to keep everything.",
  });
}
