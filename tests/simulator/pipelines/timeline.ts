/** The records of a run as its page shows them: stage, phase, job and the job's tasks. */
import type { StepPlan } from "./steps.ts";

export type RecordState = "pending" | "inProgress" | "completed";
export type RecordResult = "succeeded" | "succeededWithIssues" | "failed" | "canceled" | "skipped";

export interface TimelineIssue {
  readonly type: "error" | "warning";
  readonly message: string;
}

export interface TimelineRecord {
  readonly id: string;
  readonly parentId: string | undefined;
  readonly type: "Stage" | "Phase" | "Job" | "Task" | "Checkpoint" | "Checkpoint.Approval";
  readonly name: string;
  readonly identifier: string;
  readonly order: number;
  readonly task: { readonly id: string; readonly name: string; readonly version: string } | undefined;
  state: RecordState;
  result: RecordResult | undefined;
  startTime: string | undefined;
  finishTime: string | undefined;
  percentComplete: number | undefined;
  currentOperation: string | undefined;
  readonly issues: TimelineIssue[];
  logId: number | undefined;
  lastModified: string;
  changeId: number;
}

export interface TimelineContext {
  readonly newId: () => string;
  readonly timestamp: () => string;
}

export interface PlannedRun {
  readonly job: string;
  readonly steps: readonly StepPlan[];
  /** Somebody has to approve before the stage begins. */
  readonly needsApproval?: boolean;
}

/** What a run is going to do; nothing of it has begun, but for an approval that is waited for. */
export function plannedTimeline(
  { job, steps, needsApproval = false }: PlannedRun,
  { newId, timestamp }: TimelineContext,
): TimelineRecord[] {
  const at = timestamp();
  const record = (
    fixed: Pick<TimelineRecord, "parentId" | "type" | "name" | "identifier" | "order"> & Partial<TimelineRecord>,
  ): TimelineRecord => ({
    id: newId(),
    task: undefined,
    state: "pending",
    result: undefined,
    startTime: undefined,
    finishTime: undefined,
    percentComplete: undefined,
    currentOperation: undefined,
    issues: [],
    logId: undefined,
    lastModified: at,
    changeId: 1,
    ...fixed,
  });
  const place = { name: "__default", identifier: "__default", order: 1 };
  const stage = record({ parentId: undefined, type: "Stage", ...place });
  const phase = record({ parentId: stage.id, type: "Phase", name: job, identifier: `__default.${job}`, order: 1 });
  const jobPlace = { name: job, identifier: `__default.${job}.__default`, order: 1 };
  const own = record({ parentId: phase.id, type: "Job", ...jobPlace });
  const tasks = steps.map(({ displayName, task, version }, index) =>
    record({
      parentId: own.id,
      type: "Task",
      name: displayName,
      identifier: `__default.${job}.__default.${task}`,
      order: index + 1,
      task: { id: newId(), name: task, version },
    }),
  );
  return [stage, ...(needsApproval ? approvalOf(stage, record) : []), phase, own, ...tasks];
}

/** The records by which a stage waits for people. */
function approvalOf(
  stage: TimelineRecord,
  record: (fixed: Pick<TimelineRecord, "parentId" | "type" | "name" | "identifier" | "order">) => TimelineRecord,
): readonly TimelineRecord[] {
  const named = (type: "Checkpoint" | "Checkpoint.Approval"): Pick<TimelineRecord, "type" | "name" | "identifier"> => ({
    type,
    name: type,
    identifier: type,
  });
  const checkpoint = record({ parentId: stage.id, ...named("Checkpoint"), order: 1 });
  const approval = record({ parentId: checkpoint.id, ...named("Checkpoint.Approval"), order: 1 });
  for (const one of [checkpoint, approval]) begin(one, one.lastModified);
  return [checkpoint, approval];
}

/** Changes a record as an agent's report does. */
export function touch(record: TimelineRecord, at: string, change: Partial<TimelineRecord>): void {
  Object.assign(record, change, { lastModified: at, changeId: record.changeId + 1 });
}

export function begin(record: TimelineRecord, at: string): void {
  if (record.state === "pending") touch(record, at, { state: "inProgress", startTime: at });
}

export function complete(record: TimelineRecord, at: string, result: RecordResult): void {
  if (record.state === "completed") return;
  const wasPending = record.state === "pending";
  touch(record, at, {
    state: "completed",
    result: wasPending && result !== "canceled" ? "skipped" : result,
    finishTime: at,
    currentOperation: undefined,
  });
}
