/**
 * Plans retention on a vault (docs/format.md 5): which snapshots go by the rules, which objects nothing kept needs any
 * more, and what speaks against doing it. Reads only. Anything that cannot be read in full throws: retention fails
 * closed.
 */
import type { Clock } from "../../foundation/clock.ts";
import { closureReader } from "../snapshots/closure.ts";
import type { ClosureReader, UnreadablePart } from "../snapshots/closure.ts";
import { retirable, runOf } from "../snapshots/commit-rules.ts";
import type { Retired, StoredObject } from "../snapshots/commit-rules.ts";
import { dataPrefix, parseCheckpointName, pathOfDataName, runsPrefix } from "../format/layout.ts";
import type { Head } from "../format/log-entry.ts";
import { requireWritable } from "../log/problems.ts";
import { entriesOf } from "../format/logged-entry.ts";
import type { Log } from "../log/log.ts";
import { openAlarms, pointsBeforeAlarms } from "../format/alarms.ts";
import { guardsOf } from "./guards.ts";
import type { Guard, GuardFacts } from "./guards.ts";
import { atOnceDays } from "./flow.ts";
import { minAgeDays, planSnapshots } from "./rules.ts";
import type { RetentionRules, SnapshotPlan } from "./rules.ts";
import { retiredNames } from "../snapshots/retired.ts";
import type { VaultAccess } from "../objects/sealed-objects.ts";
import { keptSnapshots } from "../snapshots/snapshots.ts";
import type { LoggedSnapshot } from "../snapshots/snapshots.ts";
import { isStoredDamage } from "../format/stored-damage.ts";

const dayMs = 86_400_000;
/** Runs without a snapshot that have written nothing for so long are taken for dead. */
const deadRunDays = 7;

export interface RetentionFacts {
  /** Identities that open the catalogue. */
  readonly access: VaultAccess;
  readonly clock: Clock;
  readonly rules: RetentionRules;
  readonly holds?: ReadonlySet<number>;
}

export interface RetentionPlan {
  /** The log that it was made on. */
  readonly head: Head | undefined;
  readonly snapshots: SnapshotPlan;
  /** Object paths to retire one by one. */
  readonly objects: readonly string[];
  /** Dead runs to retire as a whole. */
  readonly runs: readonly string[];
  /** Stored bytes of both. */
  readonly bytes: number;
  /** What speaks against carrying it out. */
  readonly guards: readonly Guard[];
}

/** Plans again and again on a growing log, reading only what is new. */
export interface RetentionPlanner {
  plan(log: Log): Promise<RetentionPlan>;
}

export function retentionPlanner(facts: RetentionFacts): RetentionPlanner {
  const { access, rules, holds } = facts;
  const closure = closureReader(access);
  const names = retiredNames(access);

  return {
    async plan(log) {
      requireWritable(log);
      const now = await access.store.serviceTime();
      const kept = keptSnapshots(log);
      const candidates = kept.map(factsOf);
      const beforeAlarms = pointsBeforeAlarms(candidates, openAlarms(log));
      const snapshots = planSnapshots({ snapshots: candidates, rules, now, holds: holds ?? new Set(), beforeAlarms });
      const stays = new Set(snapshots.keep.map(({ seq }) => seq));
      const staying = kept.filter(({ entry }) => stays.has(entry.seq));
      const { paths: live, unreadable } = await livePaths(log, staying, closure);
      const stored = await storedObjects(access);
      const retired = await names.all(log);
      const gone = retirable({
        stored: stored.objects,
        checkpointedMs: stored.checkpointedMs,
        live,
        retired,
        committed: committedRuns(log),
        idleSinceMs: now.getTime() - deadRunDays * dayMs,
      });
      const going = { objects: new Set(gone.objects), runs: new Set(gone.runs) };
      const old = stored.objects.filter(({ createdMs }) => now.getTime() - createdMs >= minAgeDays * dayMs);
      const shares = { bytes: bytesOf(old, going), storedBytes: totalOf(old) - bytesOf(old, retired) };
      const clocks = { serviceNow: now, agentNow: facts.clock.now() };
      const lately = retiredLately(log, now);
      const guards = guardsOf({ log, snapshots, rules, lately, unreadable, ...shares, ...clocks });
      return { head: log.head, snapshots, ...gone, bytes: bytesOf(stored.objects, going), guards };
    },
  };
}

export interface LivePaths {
  readonly paths: ReadonlySet<string>;
  /** Indexes and states that are damaged or gone: what they would name is not among the paths. */
  readonly unreadable: readonly UnreadablePart[];
}

/**
 * Paths that must not be deleted: what the snapshots reach, and what log entries themselves refer to (lists of
 * retired objects, verification reports). Throws when the storage or a key, not the object, is at fault.
 */
export async function livePaths(
  log: Pick<Log, "entries">,
  snapshots: readonly LoggedSnapshot[],
  closure: ClosureReader,
): Promise<LivePaths> {
  const unreadable: UnreadablePart[] = [];
  const onUnreadable = (part: UnreadablePart): void => {
    if (!isStoredDamage(part.error)) throw part.error;
    unreadable.push(part);
  };
  const reached = await closure.read(snapshots, { onUnreadable });
  const paths = new Set(reached.map(({ ref }) => ref.o));
  for (const { entry } of entriesOf(log, "retire")) paths.add(entry.retire.objects.o);
  for (const { entry } of entriesOf(log, "verification")) {
    if (entry.verification.report !== undefined) paths.add(entry.verification.report.o);
  }
  return { paths, unreadable };
}

export interface SizedObject extends StoredObject {
  readonly length: number;
}

/** Objects under data/, with their service times. */
export async function listData({ store, vault }: VaultAccess): Promise<readonly SizedObject[]> {
  const objects: SizedObject[] = [];
  for await (const { name, length, createdAt } of store.list(dataPrefix(vault))) {
    const path = pathOfDataName(vault, name);
    if (path !== undefined) objects.push({ path, length, createdMs: Date.parse(createdAt) });
  }
  return objects;
}

async function storedObjects(access: VaultAccess): Promise<{
  readonly objects: readonly SizedObject[];
  readonly checkpointedMs: ReadonlyMap<string, number>;
}> {
  const { store, vault } = access;
  const objects = await listData(access);
  const checkpointedMs = new Map<string, number>();
  for await (const { name, createdAt } of store.list(runsPrefix(vault))) {
    const run = parseCheckpointName(vault, name)?.run;
    if (run !== undefined) checkpointedMs.set(run, Math.max(checkpointedMs.get(run) ?? 0, Date.parse(createdAt)));
  }
  return { objects, checkpointedMs };
}

/** The entry before the last days counts too: from it on, time has passed for the first of them. */
function retiredLately(log: Log, now: Date): GuardFacts["lately"] {
  const entries = entriesOf(log, "retire");
  const first = entries.findIndex(({ createdAt }) => now.getTime() - Date.parse(createdAt) <= atOnceDays * dayMs);
  const lately = first < 0 ? [] : entries.slice(first);
  const seqs = new Set(lately.flatMap(({ entry }) => entry.retire.snapshots));
  return {
    snapshots: entriesOf(log, "snapshot")
      .filter(({ entry }) => seqs.has(entry.seq))
      .map(factsOf),
    retirements: [...entries.slice(-lately.length - 1)].map(({ entry, createdAt }) => ({
      at: new Date(createdAt),
      snapshots: entry.retire.snapshots,
    })),
  };
}

function committedRuns(log: Log): ReadonlySet<string> {
  return new Set(entriesOf(log, "snapshot").map(({ entry }) => entry.by.run));
}

function factsOf({ entry, createdAt }: LoggedSnapshot): Parameters<typeof planSnapshots>[0]["snapshots"][number] {
  return { seq: entry.seq, id: entry.by.run, status: entry.snapshot.status, createdAt };
}

function bytesOf(objects: readonly SizedObject[], named: Retired): number {
  return totalOf(objects.filter(({ path }) => named.objects.has(path) || named.runs.has(runOf(path))));
}

function totalOf(objects: readonly SizedObject[]): number {
  return objects.reduce((sum, { length }) => sum + length, 0);
}
