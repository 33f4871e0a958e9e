/**
 * Until when each verified snapshot cannot be deleted, from what the listings told. Only what was told counts: a
 * snapshot of which anything is not known is not judged at all.
 */
import type { ContainerProtection, ObjectProtection, ObjectReader } from "../../store/object-store.ts";
import type { ContainerPolicy, SnapshotImmutability } from "../../vault/format/immutability.ts";
import { logName, logPrefix } from "../../vault/format/layout.ts";
import type { Log } from "../../vault/log/log.ts";
import type { LoggedSnapshot } from "../../vault/snapshots/snapshots.ts";
import type { ObjectListing } from "../../vault/objects/verify-objects.ts";
import type { Gathered } from "./gather-objects.ts";
import type { VerifiedImmutability } from "../results.ts";

export interface ImmutabilityFacts {
  readonly store: ObjectReader;
  readonly vault: string;
  readonly log: Log;
  /** Oldest first. */
  readonly snapshots: readonly LoggedSnapshot[];
  readonly gathered: Gathered;
  readonly listing: ObjectListing;
  /** Objects that are missing, damaged or hidden by another version: a lock on what lies there now protects nothing. */
  readonly doubtful: ReadonlySet<string>;
}

export async function judgeImmutability(facts: ImmutabilityFacts): Promise<VerifiedImmutability> {
  const { store, snapshots, gathered } = facts;
  const logProtection = await protectionOfLog(facts);
  const container = await store.containerProtection();
  const nowMs = (await store.serviceTime()).getTime();
  const tallies = tallyOf(facts, logProtection, { nowMs, isHeld: container?.isHeld === true });
  const policy = containerPolicy(
    container,
    [...tallies.values()].some(({ policies }) => policies > 0),
  );
  const unread = new Set(gathered.findings.flatMap((finding) => finding.snapshots));
  return {
    container: policy,
    snapshots: snapshots.flatMap(({ entry }) => {
      const tally = tallies.get(entry.by.run);
      if (tally === undefined || unread.has(entry.by.run) || !isJudged(tally, policy)) return [];
      return [{ id: entry.by.run, ...figuresOf(tally, entry.seq) }];
    }),
  };
}

/** By entry number; a number that is missing was not told of. */
async function protectionOfLog({
  store,
  vault,
  log,
}: ImmutabilityFacts): Promise<ReadonlyMap<number, ObjectProtection>> {
  const byName = new Map<string, ObjectProtection>();
  for await (const { name, protection } of store.list(logPrefix(vault), { withProtection: true }))
    if (protection !== undefined) byName.set(name, protection);
  return new Map(
    log.entries.flatMap(({ entry: { seq } }) => {
      const protection = byName.get(logName(vault, seq));
      return protection === undefined ? [] : [[seq, protection] as const];
    }),
  );
}

/** A container has either a policy of its own or policies by object; one of these is proof against the other. */
function containerPolicy(told: ContainerProtection | undefined, hasObjectPolicies: boolean): ContainerPolicy {
  if (hasObjectPolicies) return "none";
  if (told === undefined) return "unknown";
  return told.hasPolicy && !told.isByVersion ? "policy" : "none";
}

interface Tally {
  objects: number;
  /** Objects with a policy of their own. */
  policies: number;
  readonly by: Record<Standing, number>;
  /** When the first of the locks ends. */
  untilMs: number;
}

type Standing = "locked" | "held" | "untold" | "unlocked" | "open";

function emptyTally(): Tally {
  return { objects: 0, policies: 0, by: { locked: 0, held: 0, untold: 0, unlocked: 0, open: 0 }, untilMs: Infinity };
}

interface Judging {
  readonly nowMs: number;
  /** A hold on the whole container. */
  readonly isHeld: boolean;
}

/** By run id. */
function tallyOf(
  { log, snapshots, gathered, listing, doubtful }: ImmutabilityFacts,
  logProtection: ReadonlyMap<number, ObjectProtection>,
  judging: Judging,
): ReadonlyMap<string, Tally> {
  const wanted = new Map(snapshots.map(({ entry }) => [entry.seq, entry.by.run]));
  const tallies = new Map<string, Tally>();
  const ofLog = emptyTally();
  for (const { entry } of log.entries) {
    add(ofLog, logProtection.get(entry.seq), judging);
    const run = wanted.get(entry.seq);
    if (run !== undefined) tallies.set(run, { ...ofLog, by: { ...ofLog.by } });
  }
  for (const { ref, snapshots: runs } of gathered.objects.values()) {
    const one = emptyTally();
    if (doubtful.has(ref.o)) add(one, { isHeld: false }, { ...judging, isHeld: false });
    else add(one, listing.protectionOf(ref), judging);
    for (const run of runs) {
      const tally = tallies.get(run);
      if (tally !== undefined) addAll(tally, one);
    }
  }
  return tallies;
}

function add(tally: Tally, protection: ObjectProtection | undefined, judging: Judging): void {
  const standing = standingOf(protection, judging);
  tally.objects += 1;
  tally.by[standing] += 1;
  if (protection?.policy === undefined) return;
  tally.policies += 1;
  if (standing === "locked") tally.untilMs = Math.min(tally.untilMs, Date.parse(protection.policy.until));
}

/** A lock that runs first: its date holds whatever becomes of a hold. */
function standingOf(protection: ObjectProtection | undefined, { nowMs, isHeld }: Judging): Standing {
  const policy = protection?.policy;
  if (policy?.mode === "locked" && Date.parse(policy.until) > nowMs) return "locked";
  if (isHeld || protection?.isHeld === true) return "held";
  if (protection === undefined) return "untold";
  return policy?.mode === "unlocked" ? "unlocked" : "open";
}

function addAll(tally: Tally, one: Tally): void {
  tally.objects += one.objects;
  tally.policies += one.policies;
  for (const standing of ["locked", "held", "untold", "unlocked", "open"] as const)
    tally.by[standing] += one.by[standing];
  tally.untilMs = Math.min(tally.untilMs, one.untilMs);
}

/** What has no protection of its own may have the container's, as long as that cannot be ruled out. */
function isJudged({ by }: Tally, policy: ContainerPolicy): boolean {
  return by.untold === 0 && (by.unlocked + by.open === 0 || policy === "none");
}

function figuresOf({ objects, by, untilMs }: Tally, snapshot: number): SnapshotImmutability {
  const { held, unlocked, open } = by;
  const until = Number.isFinite(untilMs) ? new Date(untilMs).toISOString() : null;
  return { snapshot, objects, unprotected: unlocked + open, unlocked, held, until };
}
