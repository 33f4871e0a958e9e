/** Snapshots and runs of the backup pipeline as rows of one table. */
import { protectionOf, type Protection } from "../../engine/insight/immutability.ts";
import type { Kept } from "./kept-by.ts";
import type { Run } from "./project-services.ts";
import type { Snapshot, Verification } from "./vault-source.ts";

export const rowStates = ["running", "failed", "damaged", "anomaly", "partial", "complete", "retired"] as const;
export type RowState = (typeof rowStates)[number];

export interface SnapshotRow {
  /** Unique among the rows, and the same when they are made again. */
  readonly key: string;
  /** The one that people must know first. */
  readonly state: RowState;
  /** All that apply: a partial snapshot may have anomalies too. */
  readonly states: ReadonlySet<RowState>;
  /** ISO 8601: the snapshot's time; for a run without one, when it ended or was queued. */
  readonly at: string;
  readonly ageMs: number;
  /** Absent for a run that has made none (yet). */
  readonly snapshot: Snapshot | undefined;
  /** The run that made it, where one is known. */
  readonly run: Run | undefined;
  /** The deepest verification that covers it; its newest. */
  readonly verified: Verification | undefined;
  /** Until when it cannot be deleted; undefined for a run, and for what retention has retired. */
  readonly protection: Protection | undefined;
  /** Undefined for a run, and as long as it is not known. */
  readonly kept: Kept | undefined;
}

export interface RowFacts {
  readonly snapshots: readonly Snapshot[];
  /** Of the backup pipeline. */
  readonly runs: readonly Run[];
  readonly now: Date;
  /** Why snapshots are kept, by entry number (kept-by.ts). */
  readonly kept?: ReadonlyMap<number, Kept> | undefined;
}

/** Newest first. A run that ended without a snapshot is shown when it failed, one that has not ended always. */
export function snapshotRows(facts: RowFacts): readonly SnapshotRow[] {
  const runOf = runsBySnapshot(facts);
  const matched = new Set(runOf.values());
  const made = facts.snapshots.map((snapshot) => snapshotRow(snapshot, { ...facts, run: runOf.get(snapshot) }));
  const unmade = facts.runs.flatMap((run) => runRow(run, { now: facts.now, hasSnapshot: matched.has(run) }) ?? []);
  return [...made, ...unmade].sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
}

export interface RowFilter {
  /** Rows in any of these; all when empty. */
  readonly states: ReadonlySet<RowState>;
  /** ISO 8601; inclusive. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

export function filteredRows(rows: readonly SnapshotRow[], { states, from, to }: RowFilter): readonly SnapshotRow[] {
  const [first, last] = [instantOr(from, -Infinity), instantOr(to, Infinity)];
  return rows.filter((row) => {
    const at = Date.parse(row.at);
    return at >= first && at <= last && (states.size === 0 || [...states].some((state) => row.states.has(state)));
  });
}

/** The newest snapshot before this one whose content is still there: what it is compared with. */
export function previousSnapshot(snapshots: readonly Snapshot[], { seq }: Snapshot): Snapshot | undefined {
  return snapshots.reduce<Snapshot | undefined>((best, other) => {
    if (other.isRetired || other.seq >= seq) return best;
    return best === undefined || best.seq < other.seq ? other : best;
  }, undefined);
}

const levels: readonly Verification["level"][] = ["drill", "content", "stored", "catalogue"];

/** The deepest; of one level the newest. */
export function deepestVerification(verifications: readonly Verification[]): Verification | undefined {
  const ordered = [...verifications].sort(
    (a, b) => levels.indexOf(a.level) - levels.indexOf(b.level) || Date.parse(b.at) - Date.parse(a.at),
  );
  return ordered[0];
}

interface RowContext extends Pick<RowFacts, "now" | "kept"> {
  readonly run: Run | undefined;
}

function snapshotRow(snapshot: Snapshot, { now, run, kept }: RowContext): SnapshotRow {
  const { at, id, seq, verifications } = snapshot;
  const own = statesOf(snapshot);
  // The run may have failed after the snapshot was stored: because it is partial, for example.
  const states = run !== undefined && stateOfRun(run) === "failed" ? new Set([...own, "failed" as const]) : own;
  return {
    key: `snapshot ${seq} ${id}`,
    state: rowStates.find((state) => own.has(state) && !(state !== "retired" && snapshot.isRetired)) ?? "complete",
    states,
    at,
    ageMs: ageOf(at, now),
    snapshot,
    run,
    verified: deepestVerification(verifications),
    protection: snapshot.isRetired ? undefined : protectionOf(snapshot.immutability, now),
    kept: kept?.get(seq),
  };
}

function statesOf({ status, anomalies, isDamaged, isRetired, verifications }: Snapshot): ReadonlySet<RowState> {
  const states = new Set<RowState>([status]);
  if (isRetired) states.add("retired");
  if (isDamaged || verifications.some(({ damaged }) => damaged > 0)) states.add("damaged");
  if (anomalies.some(({ note, acknowledged }) => note !== true && acknowledged !== true)) states.add("anomaly");
  return states;
}

function runRow(run: Run, { now, hasSnapshot }: { now: Date; hasSnapshot: boolean }): SnapshotRow | undefined {
  const state = stateOfRun(run);
  if (state === undefined || (hasSnapshot && state === "failed")) return undefined;
  const at = run.finishedAt ?? run.queuedAt;
  const nothing = { snapshot: undefined, verified: undefined, protection: undefined, kept: undefined };
  return { key: `run ${run.id}`, state, states: new Set([state]), at, ageMs: ageOf(at, now), run, ...nothing };
}

function stateOfRun({ state }: Run): "running" | "failed" | undefined {
  if (state === "queued" || state === "running") return "running";
  return state === "failed" || state === "canceled" ? "failed" : undefined;
}

/** By what the run reported; else the run during which the snapshot was taken, if there is exactly one. */
function runsBySnapshot({ snapshots, runs }: RowFacts): ReadonlyMap<Snapshot, Run> {
  const found = new Map<Snapshot, Run>();
  const byId = new Map(runs.map((run) => [run.id, run]));
  for (const snapshot of snapshots) {
    const run = snapshot.runId === undefined ? runDuring(snapshot.at, runs) : byId.get(snapshot.runId);
    if (run !== undefined) found.set(snapshot, run);
  }
  return found;
}

function runDuring(at: string, runs: readonly Run[]): Run | undefined {
  const time = Date.parse(at);
  const during = runs.filter(
    ({ queuedAt, finishedAt }) =>
      finishedAt !== undefined && Date.parse(queuedAt) <= time && time <= Date.parse(finishedAt),
  );
  return during.length === 1 ? during[0] : undefined;
}

function ageOf(at: string, now: Date): number {
  return Math.max(0, now.getTime() - Date.parse(at));
}

function instantOr(text: string | undefined, fallback: number): number {
  const time = Date.parse(text ?? "");
  return Number.isNaN(time) ? fallback : time;
}
