/** Figures, times and names as reports and the hub write them. */

/** `840 ms`, `12.4 s`, `3 min 5 s`, `2 h 4 min`. */
export function durationForPeople(durationMs: number): string {
  if (durationMs < 1000) return `${Math.round(durationMs)} ms`;
  if (durationMs < 60_000) return `${(durationMs / 1000).toFixed(1)} s`;
  const minutes = Math.floor(durationMs / 60_000);
  if (minutes < 60) return `${minutes} min ${Math.floor(durationMs / 1000) % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `2026-11-22 20:12:05 UTC`; what is no such instant stays as it is. */
export function timeForPeople(instant: string): string {
  const [, day, time] = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(?:\.\d+)?Z$/.exec(instant) ?? [];
  return day === undefined || time === undefined ? instant : `${day} ${time} UTC`;
}

export function figure(count: number): string {
  return count.toLocaleString("en-GB");
}

/** `git-repositories` → `Git repositories`. */
export function kindTitle(kind: string): string {
  const words = kind.replaceAll("-", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const outcomeWords = [
  ["failed", "failed"],
  ["created", "created"],
  ["undeleted", "undeleted"],
  ["adopted", "found again, made by an earlier restore"],
  ["updated", "changed"],
  ["skipped", "left as it was"],
] as const;

/** What became of a restore's items. */
export type OutcomeCounts = Readonly<Record<(typeof outcomeWords)[number][0], number>>;

/** `1 failed, 2 undeleted`: what came back from a recycle bin was not created. */
export function outcomesText(counts: OutcomeCounts): string {
  const told = outcomeWords.filter(([outcome]) => counts[outcome] > 0);
  if (told.length === 0) return "nothing to do";
  return told.map(([outcome, words]) => `${figure(counts[outcome])} ${words}`).join(", ");
}
