import type { ObjectProtection } from "./object-store.ts";

/** What a listing says of one object, however it was read. */
export interface ToldProtection {
  readonly mode: string | undefined;
  readonly until: Date | undefined;
  readonly isHeld: boolean;
}

/**
 * Only a policy that says `locked`, with a date, counts as locked. Undefined, which means unknown, when mode and date
 * do not belong together: neither protection nor its absence follows from that.
 */
export function objectProtection({ mode, until, isHeld }: ToldProtection): ObjectProtection | undefined {
  if (until === undefined) return mode === undefined ? { isHeld } : undefined;
  if (Number.isNaN(until.getTime()) || mode === undefined) return undefined;
  const isLocked = mode.toLowerCase() === "locked";
  return { policy: { mode: isLocked ? "locked" : "unlocked", until: until.toISOString() }, isHeld };
}
