/** Why each snapshot is kept, from the retention rules that Set up names; the pipeline's own rules decide. */
import { counted } from "../../engine/foundation/text.ts";
import { pointsBeforeAlarms } from "../../engine/vault/alarms.ts";
import { parseRetention, planSnapshots, type RetentionRules } from "../../engine/vault/retention-rules.ts";
import { isOpen } from "./owner-answers.ts";
import type { VaultView } from "./vault-source.ts";

export interface Kept {
  /** A few words, the rule that keeps it longest first. */
  readonly text: string;
  /** All of it, in a sentence. */
  readonly detail: string;
}

export interface KeptFacts extends Pick<VaultView, "snapshots" | "answers"> {
  readonly isChecked: boolean;
  /** Text of the rules; empty or absent keeps everything. */
  readonly retention: string | undefined;
  readonly now: Date;
}

/**
 * By entry number. Undefined as long as the log is not checked to its end: with snapshots missing, the first one of a
 * month might be taken for one that goes.
 */
export function whyKept({
  snapshots,
  answers,
  isChecked,
  retention,
  now,
}: KeptFacts): ReadonlyMap<number, Kept> | undefined {
  if (!isChecked) return undefined;
  const rules = parseRetention(retention ?? "");
  const kept = snapshots
    .filter(({ isRetired }) => !isRetired)
    .map(({ id, seq, status, at }) => ({ id, seq, status, createdAt: at }))
    .sort((a, b) => a.seq - b.seq);
  const retired = snapshots.filter(({ isRetired }) => isRetired).map(({ seq }) => [seq, gone] as const);
  if (rules === undefined) {
    const words = retired.length === 0 ? everything : otherRules;
    return new Map([...kept.map(({ seq }) => [seq, words] as const), ...retired]);
  }
  const open = (answers?.alarms ?? []).filter(isOpen).map(({ seq, ...anomaly }) => ({ seq, anomaly }));
  const beforeAlarms = pointsBeforeAlarms(kept, open);
  const { keep, retire } = planSnapshots({ snapshots: kept, rules, now, beforeAlarms });
  return new Map([
    ...keep.map(({ seq, reasons }) => [seq, keptFor(reasons, rules)] as const),
    ...retire.map(({ seq }) => [seq, open.length === 0 ? going : paused] as const),
    ...retired,
  ]);
}

const gone: Kept = { text: "Retired", detail: "Retention has retired it: its content is gone." };
const everything: Kept = { text: "Everything is kept", detail: "Set up names no retention rules." };
const otherRules: Kept = {
  text: "Not known",
  detail: "Snapshots were retired, and Set up names no retention rules. Enter those of the backup pipeline there.",
};
const going: Kept = {
  text: "Goes at the next retention",
  detail: "No rule that Set up names keeps it. It goes when a backup runs with the owner key.",
};

const paused: Kept = {
  text: "Stays while an alarm is open",
  detail:
    "No rule that Set up names keeps it, but retention pauses until the owner has acknowledged what backups found.",
};

const shownReasons = 2;
/** What keeps a snapshot longest stands first. */
const order = ["held", "before", "yearly", "monthly", "weekly", "daily", "last", "newest", "younger"];

function keptFor(reasons: readonly string[], rules: RetentionRules): Kept {
  const ordered = [...reasons].sort((a, b) => order.indexOf(firstWord(a)) - order.indexOf(firstWord(b)));
  const words = ordered.slice(0, shownReasons).map((reason) => wordsOf(reason, rules));
  const text = words.join(", ");
  return { text: text.charAt(0).toUpperCase() + text.slice(1), detail: `Kept by: ${ordered.join("; ")}.` };
}

function firstWord(reason: string): string {
  return reason.split(" ")[0] ?? "";
}

const periods = { daily: "day", weekly: "week", monthly: "month", yearly: "year" } as const;

/** `daily 2026-11-22` → `last 30 days`: the window rather than the period in it. */
function wordsOf(reason: string, rules: RetentionRules): string {
  const rule = (["daily", "weekly", "monthly", "yearly"] as const).find((name) => reason.startsWith(`${name} `));
  return rule === undefined ? reason : `${rule} for ${counted(rules[rule], periods[rule])}`;
}
