/** Why each snapshot is kept, from the retention rules that Set up names; the pipeline's own rules decide. */
import { counted } from "../../engine/foundation/text.ts";
import { pointsBeforeAlarms } from "../../engine/vault/format/alarms.ts";
import { parseRetention, planSnapshots, type RetentionRules } from "../../engine/vault/retention/rules.ts";
import { protectionOf, type Protection } from "../../engine/insight/immutability.ts";
import { isOpen } from "./owner-answers.ts";
import { localDay, localTime } from "./times.ts";
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
  /** Why retention takes nothing away in this vault, as far as is known; see `hindranceOf`. */
  readonly hindrance?: Kept | undefined;
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
  hindrance,
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
  const locks = new Map(snapshots.map(({ seq, immutability }) => [seq, protectionOf(immutability, now)]));
  const { keep, retire } = planSnapshots({ snapshots: kept, rules, now, beforeAlarms });
  return new Map([
    ...keep.map(({ seq, reasons }) => [seq, keptFor(reasons, rules)] as const),
    ...retire.map(({ seq }) => [seq, goingOf(locks.get(seq), hindrance)] as const),
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

/** What can go is said to go; what cannot, not. */
function goingOf(protection: Protection | undefined, hindrance: Kept | undefined): Kept {
  if (hindrance !== undefined) return hindrance;
  const until = protection?.until;
  if (protection?.state === "held")
    return { text: "Stays while it is held", detail: "No rule keeps it, but a legal hold of the storage does." };
  if (protection?.state !== "locked" || until === undefined) return going;
  return {
    text: `Not before ${localDay(until)}`,
    detail: `No rule that Set up names keeps it, but the storage lets nobody delete it before ${localTime(until)}.`,
  };
}

/** Why no snapshot goes although no rule keeps it; undefined when nothing is known to stand in the way. */
export function hindranceOf(view: Pick<VaultView, "snapshots" | "canRetire" | "answers">): Kept | undefined {
  const words = "No rule keeps it";
  if (view.canRetire === false)
    return {
      text: words,
      detail: `${words}, and it stays: this vault was begun without an owner key, so no key may retire snapshots.`,
    };
  const alarm = view.answers?.alarms.find(isOpen);
  if (alarm !== undefined) {
    const shown = view.snapshots.find(({ seq }) => seq === alarm.seq);
    const which = shown === undefined ? "an alarm" : `the alarm of ${localTime(shown.at)}`;
    return {
      text: "Stays while an alarm is open",
      detail: `${words}, but retention pauses until the owner has acknowledged ${which}.`,
    };
  }
  if (view.snapshots.some(({ isRetired }) => isRetired)) return undefined;
  return {
    text: words,
    detail: `${words}. It goes when a backup runs with the owner key; none has retired anything so far.`,
  };
}

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
