/** One thing that people responsible for a project should know about its backups. */
export const severities = ["critical", "warning", "note", "good"] as const;
/** `good` only as the worst of nothing. */
export type Severity = (typeof severities)[number];

export interface HealthFinding {
  /** Stable, for tests and for keys of lists. */
  readonly id: string;
  readonly severity: Exclude<Severity, "good">;
  readonly title: string;
  readonly detail: string;
  readonly remedy: string;
  /** Where the remedy is at hand: the storage commands of Set up. */
  readonly link?: "storage";
  /** Run to look at. */
  readonly run?: number;
  /** What the person may decide here, where they know better. */
  readonly decision?: "accept-history";
}

const hourMs = 3_600_000;

/** Never negative: clocks differ. Undefined for what is no time. */
export function hoursBetween(at: string, now: Date): number | undefined {
  const time = Date.parse(at);
  return Number.isNaN(time) ? undefined : Math.max(0, (now.getTime() - time) / hourMs);
}

/** `5 hours`, `3 days`. */
export function hoursForPeople(hours: number): string {
  if (!Number.isFinite(hours)) return "unknown time";
  if (hours < 1) return "less than an hour";
  const whole = Math.round(hours);
  if (whole < 48) return whole === 1 ? "1 hour" : `${whole} hours`;
  return `${Math.round(hours / 24)} days`;
}
