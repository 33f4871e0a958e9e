/** What the owner has said in the log of a vault: alarms and their acknowledgements, announcements. */

/** Where and when something was said; the time is the storage service's. */
export interface Said {
  readonly entry: number;
  readonly at: string;
}

export interface KnownAlarm {
  /** Log entry of the snapshot that shows it. */
  readonly seq: number;
  readonly code: string;
  readonly since?: string;
  readonly acknowledged?: Said;
}

export interface Announcement extends Said {
  readonly codes: readonly string[];
  readonly until: string;
}

export interface OwnerAnswers {
  /** Oldest first, of retired snapshots too. */
  readonly alarms: readonly KnownAlarm[];
  readonly announcements: readonly Announcement[];
}

export function isOpen({ acknowledged }: KnownAlarm): boolean {
  return acknowledged === undefined;
}

/** Announcements that hold now. */
export function inForce({ announcements }: OwnerAnswers, now: Date): readonly Announcement[] {
  return announcements.filter(({ until }) => now.getTime() < Date.parse(until));
}

/**
 * The command that acknowledges the alarms of a snapshot. It names the entry by its number: the id of a snapshot comes
 * from whoever signed it, and is nothing to paste into a shell.
 */
export function acknowledgeCommand(seq: number): string {
  return `npm run vault -- acknowledge ${seq}`;
}
