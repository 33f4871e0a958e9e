/** A run's timeline for people who wait: where it is, how far, what it waits for, what went wrong. */
import { plainText } from "./plain-text.ts";
import type { Run, RunStep } from "./project-services.ts";

export type ProgressState = "queued" | "approval" | "running" | "done";

export interface ProgressIssue {
  readonly severity: "error" | "warning";
  readonly message: string;
  /** Step that reported it. */
  readonly step: string;
}

export interface RunProgress {
  readonly state: ProgressState;
  /** One line: what happens now. */
  readonly headline: string;
  /** Name of the task that runs; empty when none does. */
  readonly step: string;
  /** 0 to 100; undefined while the run does not tell. */
  readonly percent: number | undefined;
  readonly operation: string;
  /** What people must approve before it goes on. */
  readonly approvals: readonly string[];
  readonly issues: readonly ProgressIssue[];
  readonly steps: readonly {
    readonly id: string;
    readonly name: string;
    readonly state: RunStep["state"];
    readonly result: RunStep["result"];
  }[];
}

const mostIssues = 50;

/** `steps` may be empty: a run that has just been queued has no timeline yet. */
export function runProgress(run: Pick<Run, "state">, steps: readonly RunStep[]): RunProgress {
  const tasks = steps.filter(({ type }) => type === "Task");
  const current = tasks.findLast(({ state }) => state === "running");
  const approvals = steps.filter((step) => isWaitingCheck(step, steps)).map((step) => approvalName(step, steps));
  const state = stateOf(run, tasks, approvals);
  const operation = plainText(current?.operation ?? "");
  const step = plainText(current?.name ?? "");
  return {
    state,
    headline: headlineOf(state, { step, operation, run }),
    step,
    percent: state === "done" ? 100 : percentOf(current),
    operation,
    approvals: [...new Set(approvals)],
    issues: steps.flatMap(issuesOf).slice(0, mostIssues),
    steps: tasks.map(({ id, name, state: taskState, result }) => ({
      id,
      name: plainText(name),
      state: taskState,
      result,
    })),
  };
}

/** A checkpoint of a stage that has begun to wait; those of later stages are pending too and not asked yet. */
function isWaitingCheck(step: RunStep, steps: readonly RunStep[]): boolean {
  if (step.type !== "Checkpoint" || step.state === "done") return false;
  const stage = steps.find(({ id }) => id === step.parentId);
  return step.state === "running" || stage?.state === "pending" || stage?.state === "running";
}

function approvalName(step: RunStep, steps: readonly RunStep[]): string {
  const stage = steps.find(({ id, type }) => id === step.parentId && type === "Stage");
  return plainText(stage === undefined || stage.name === "__default" ? step.name : stage.name);
}

function stateOf(run: Pick<Run, "state">, tasks: readonly RunStep[], approvals: readonly string[]): ProgressState {
  if (run.state !== "queued" && run.state !== "running") return "done";
  const hasBegun = tasks.some(({ state }) => state !== "pending");
  if (approvals.length > 0 && !tasks.some(({ state }) => state === "running")) return "approval";
  return run.state === "queued" || !hasBegun ? "queued" : "running";
}

const endings: Readonly<Record<Run["state"], string>> = {
  queued: "",
  running: "",
  succeeded: "Succeeded",
  issues: "Succeeded with issues",
  failed: "Failed",
  canceled: "Canceled",
};

function headlineOf(
  state: ProgressState,
  { step, operation, run }: { readonly step: string; readonly operation: string; readonly run: Pick<Run, "state"> },
): string {
  if (state === "done") return endings[run.state];
  if (state === "approval") return "Waiting for an approval or check in Azure Pipelines";
  if (state === "queued") return "Waiting for an agent";
  if (step === "") return "Running";
  return operation === "" ? step : `${step}: ${operation}`;
}

function percentOf(step: RunStep | undefined): number | undefined {
  const percent = step?.percent;
  if (percent === undefined || !Number.isFinite(percent) || percent <= 0) return undefined;
  return Math.min(100, Math.round(percent));
}

/** The same issue stands at the task, its job and its stage: only the task's is told, unless no task has any. */
function issuesOf(step: RunStep, _: number, steps: readonly RunStep[]): readonly ProgressIssue[] {
  const hasChildWithIssues = steps.some(({ parentId, issues }) => parentId === step.id && issues.length > 0);
  if (hasChildWithIssues) return [];
  return step.issues.map(({ severity, message }) => ({
    severity,
    message: plainText(message),
    step: plainText(step.name),
  }));
}

export const firstPollMs = 3_000;
export const lastPollMs = 15_000;

/**
 * How long to wait before asking again: 3 s at first, 15 s at last while nothing moves; undefined while nobody looks
 * (ask at once when the page is visible again) and when the run has ended.
 */
export function pollDelayMs(look: {
  /** Answers in a row that said the same. */
  readonly unchanged: number;
  readonly isHidden: boolean;
  readonly state: ProgressState;
}): number | undefined {
  if (look.isHidden || look.state === "done") return undefined;
  return Math.min(lastPollMs, Math.round(firstPollMs * 1.3 ** Math.max(0, look.unchanged)));
}

/** Whether two answers tell people the same. */
export function isSameProgress(one: RunProgress, other: RunProgress): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
