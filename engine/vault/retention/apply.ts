/**
 * Carries retention out, in two steps that are days apart (docs/format.md 5):
 *   retire         one log entry, signed by the owner key, names what may go; from then on nobody refers to it
 *   deleteRetired  deletes what was named longer ago than the grace time, so that running restores can finish
 */
import { forEachConcurrent } from "../../foundation/concurrency.ts";
import { BackupError } from "../../foundation/errors.ts";
import type { DeletingStore } from "../../store/object-store.ts";
import { closureReader } from "../snapshots/closure.ts";
import { mayCommit, runOf } from "../snapshots/commit-rules.ts";
import { dataName, parseCheckpointName, runsPrefix } from "../format/layout.ts";
import { writeLines } from "../objects/line-objects.ts";
import { appendEntry } from "../log/append.ts";
import type { AppendFacts } from "../log/append.ts";
import type { LoggedEntry } from "../format/logged-entry.ts";
import { requireWritable } from "../log/problems.ts";
import { readLog } from "../log/log.ts";
import { entriesOf } from "../format/logged-entry.ts";
import type { Log, LogFacts } from "../log/log.ts";
import type { Guard, GuardCode } from "./guards.ts";
import { listData, livePaths, retentionPlanner } from "./plan.ts";
import type { RetentionFacts, RetentionPlan, SizedObject } from "./plan.ts";
import { retiredNames } from "../snapshots/retired.ts";
import type { SealedWriter, VaultAccess } from "../objects/sealed-objects.ts";
import { keptSnapshots } from "../snapshots/snapshots.ts";

const dayMs = 86_400_000;
export const graceDays = 7;
const batchObjects = 256;
const deletesAtATime = 8;

export interface RetireFacts extends RetentionFacts {
  /** Signs with the owner key. */
  readonly append: AppendFacts;
  /** Writes the list of objects. */
  readonly sealed: SealedWriter;
  readonly log: Log;
  /** Guards that a person has allowed this once. */
  readonly allow?: ReadonlySet<GuardCode>;
}

export interface RetireOutcome {
  readonly outcome: "retired" | "nothing" | "refused";
  readonly plan: RetentionPlan;
  readonly log: Log;
  /** Guards that refused it. */
  readonly refusedBy: readonly Guard[];
}

/** Plans on the newest log, as often as another entry comes in between, and appends the retire entry. */
export async function retire(facts: RetireFacts): Promise<RetireOutcome> {
  const { append, sealed, allow = new Set() } = facts;
  const planner = retentionPlanner(facts);
  const names = retiredNames(facts.access);
  let made: Omit<RetireOutcome, "log"> | undefined;

  const { log } = await appendEntry(append, facts.log, async (newest) => {
    const plan = await planner.plan(newest);
    const refusedBy = plan.guards.filter(({ code }) => !allow.has(code));
    const isNothing = plan.snapshots.retire.length + plan.objects.length + plan.runs.length === 0;
    made = {
      plan,
      outcome: isNothing ? "nothing" : refusedBy.length > 0 ? "refused" : "retired",
      refusedBy: isNothing ? [] : refusedBy,
    };
    if (made.outcome !== "retired") return undefined;
    const objects = await writeLines(sealed, plan.objects);
    const verdict = mayCommit(append.by.run, [objects.o], await names.all(newest));
    if (!verdict.allowed) throw runGivenUp(append.by.run);
    const snapshots = plan.snapshots.retire.map(({ seq }) => seq);
    return { kind: "retire", retire: { snapshots, objects, runs: plan.runs } };
  });

  if (made === undefined) throw new Error("appendEntry asks for an entry at least once");
  return { ...made, log };
}

export interface DeleteFacts {
  readonly log: LogFacts;
  readonly access: VaultAccess;
  readonly store: DeletingStore;
  /** Called once, before the error is thrown, when something about to be deleted turns out to be needed. */
  readonly onOverlap: (objects: readonly string[]) => Promise<void>;
}

export interface Deleted {
  readonly objects: number;
  readonly bytes: number;
  /** Kept by a policy or hold; tried again next time. */
  readonly locked: number;
  readonly checkpoints: number;
}

/**
 * Deletes what retire entries older than the grace time name, and checkpoints that nobody needs any more. What is
 * needed is worked out anew before each batch; any overlap stops everything with RETENTION_OVERLAP.
 */
export async function deleteRetired(facts: DeleteFacts): Promise<Deleted> {
  const { access, store } = facts;
  const log = await readLog(facts.log);
  requireWritable(log);
  const due = await dueNames(access, log);
  const doomed = (await listData(access)).filter(({ path }) => due.objects.has(path) || due.runs.has(runOf(path)));
  const guard = liveGuard(facts, log);
  let objects = 0;
  let bytes = 0;
  for (let start = 0; start < doomed.length; start += batchObjects) {
    const batch = doomed.slice(start, start + batchObjects);
    await guard(batch);
    await forEachConcurrent(batch, deletesAtATime, async ({ path, length }) => {
      if (!(await store.delete(dataName(access.vault, path)))) return;
      objects += 1;
      bytes += length;
    });
  }
  return {
    objects,
    bytes,
    locked: doomed.length - objects,
    checkpoints: await deleteCheckpoints(facts, log, due.runs),
  };
}

interface DueNames {
  readonly objects: ReadonlySet<string>;
  readonly runs: ReadonlySet<string>;
}

async function dueNames(access: VaultAccess, log: Log): Promise<DueNames> {
  const now = await access.store.serviceTime();
  const names = retiredNames(access);
  const entries = entriesOf(log, "retire").filter((logged) => isPastGrace(logged, now));
  const objects = new Set<string>();
  for (const entry of entries) for (const path of await names.listOf(entry)) objects.add(path);
  return { objects, runs: new Set(entries.flatMap(({ entry }) => entry.retire.runs)) };
}

/** Throws when the batch holds anything that is live by the newest log. */
function liveGuard(facts: DeleteFacts, start: Log): (batch: readonly SizedObject[]) => Promise<void> {
  const closure = closureReader(facts.access);
  let log = start;
  let live: ReadonlySet<string> | undefined;
  return async (batch) => {
    const newest = await readLog(facts.log, log);
    requireWritable(newest);
    if (live === undefined || newest.head?.seq !== log.head?.seq) {
      live = (await livePaths(newest, keptSnapshots(newest), closure)).paths;
    }
    log = newest;
    const needed = live;
    const overlap = batch.map(({ path }) => path).filter((path) => needed.has(path));
    if (overlap.length === 0) return;
    await facts.onOverlap(overlap);
    throw overlapFound(facts.access.vault, overlap);
  };
}

/** Checkpoints serve only until their run has committed, or was given up. */
async function deleteCheckpoints(
  { access, store }: DeleteFacts,
  log: Log,
  deadRuns: ReadonlySet<string>,
): Promise<number> {
  const now = await access.store.serviceTime();
  const committed = entriesOf(log, "snapshot").filter((logged) => isPastGrace(logged, now));
  const over = new Set([...deadRuns, ...committed.map(({ entry }) => entry.by.run)]);
  const names: string[] = [];
  for await (const { name } of access.store.list(runsPrefix(access.vault))) {
    const run = parseCheckpointName(access.vault, name)?.run;
    if (run !== undefined && over.has(run)) names.push(name);
  }
  let deleted = 0;
  await forEachConcurrent(names, deletesAtATime, async (name) => {
    if (await store.delete(name)) deleted += 1;
  });
  return deleted;
}

function isPastGrace({ createdAt }: LoggedEntry, now: Date): boolean {
  return now.getTime() - Date.parse(createdAt) > graceDays * dayMs;
}

function overlapFound(vault: string, objects: readonly string[]): BackupError {
  return new BackupError({
    code: "RETENTION_OVERLAP",
    message: `Retention of vault ${vault} stopped: ${objects.length} objects that were retired are needed by a snapshot, among them ${objects[0] ?? ""}`,
    hint: "Nothing of this batch was deleted. Verify the vault (snapshot: all) and report the incident.",
    context: { objects: objects.length },
  });
}

function runGivenUp(run: string): BackupError {
  return new BackupError({
    code: "RUN_RETIRED",
    message: `Run ${run} took so long that retention has given it up; it cannot retire anything`,
    hint: "Start a new run.",
  });
}
