/**
 * Until when snapshots cannot be deleted, as the storage service told a verification (docs/format.md 7). A snapshot
 * is as well protected as the least of what it needs: its objects, and the log from its beginning to its own entry.
 */

export interface SnapshotImmutability {
  /** Number of the snapshot's log entry. */
  readonly snapshot: number;
  /** Everything it needs. */
  readonly objects: number;
  /** Of these, how many could be deleted: no lock that still runs, no hold. Zero means protected. */
  readonly unprotected: number;
  /** Of the unprotected, how many have a policy that is not locked. */
  readonly unlocked: number;
  /** How many are protected by nothing but a legal hold, which somebody may lift. */
  readonly held: number;
  /** When the first of the locks ends, ISO 8601; null when nothing is locked. */
  readonly until: string | null;
}

/**
 * What a policy of the whole container may change about it. `policy`: there is one, and the service tells readers
 * neither its period nor whether it is locked; `unknown`: the service does not tell.
 */
export type ContainerPolicy = "policy" | "none" | "unknown";
export const containerPolicies: readonly ContainerPolicy[] = ["none", "policy", "unknown"];

/** Snapshots that could not be judged are not among them: nothing follows for these. */
export interface ToldImmutability<Snapshot = SnapshotImmutability> {
  readonly container: ContainerPolicy;
  readonly snapshots: readonly Snapshot[];
}

/**
 * `locked`: until a date; `held`: as long as a legal hold stays; `ended`: the lock is over; `unlocked` and `open`: not
 * protected.
 */
export type ImmutabilityState = "locked" | "held" | "ended" | "unlocked" | "open";

/** Locks cannot be shortened, so an old answer still holds until its date. */
export function immutabilityState(
  { unprotected, unlocked, held, until }: Omit<SnapshotImmutability, "snapshot">,
  now: Date,
): ImmutabilityState {
  if (unprotected > 0) return unlocked === unprotected ? "unlocked" : "open";
  if (until === null) return held > 0 ? "held" : "open";
  return Date.parse(until) > now.getTime() ? "locked" : "ended";
}
