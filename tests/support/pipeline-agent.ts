/**
 * Agents for the simulated Azure DevOps: they take queued runs and carry them out with the bundled tasks, each in a
 * process of its own, and report back what the tasks tell: progress, issues, logs, attachments, tags, results.
 */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import type { BuildRecord, BuildResult, LogRecord } from "../simulator/pipelines/build-store.ts";
import type { StepPlan } from "../simulator/pipelines/steps.ts";
import type { Simulator } from "../simulator/server.ts";
import { begin, complete, touch, type TimelineRecord } from "../simulator/pipelines/timeline.ts";
import type { AgentCommand } from "./agent-commands.ts";
import { expanded, type EndpointFacts } from "./agent-environment.ts";
import { runTask, type TaskName, type TaskRun } from "./run-task.ts";

export interface PipelineAgentOptions {
  /** Default: dist/tasks of the current folder. */
  readonly tasksFolder?: string;
  /** Runs at a time; default 2. */
  readonly parallelism?: number;
  /** Service connections that tasks may use. */
  readonly endpoints?: readonly EndpointFacts[];
  /** Environment beside the agent's own. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface PipelineAgent {
  /** Resolves when nothing waits or works any more. */
  idle(): Promise<void>;
  /** Takes no more runs, kills what works and waits for its end. */
  stop(): Promise<void>;
}

/** How long a cancelled task may take before its process is killed, as with an agent's cancel timeout. */
const cancelTimeoutMs = 30_000;

export function startPipelineAgent(simulator: Simulator, options: PipelineAgentOptions = {}): PipelineAgent {
  const waiting: BuildRecord[] = [];
  const working = new Set<Promise<void>>();
  const ending = new AbortController();
  const take = (): void => {
    while (working.size < (options.parallelism ?? 2) && !ending.signal.aborted) {
      const build = waiting.shift();
      if (build === undefined) return;
      if (build.status !== "notStarted") continue;
      const work: Promise<void> = carryOut({ simulator, build, options, ending: ending.signal }).finally(() => {
        working.delete(work);
        take();
      });
      working.add(work);
    }
  };
  simulator.state.builds.onQueued((build) => {
    waiting.push(build);
    // The one who started the run sees it queued first.
    setImmediate(take);
  });
  const idle = async (): Promise<void> => {
    while (working.size > 0 || waiting.length > 0) {
      await Promise.all(working);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return {
    idle,
    stop: async () => {
      ending.abort();
      waiting.length = 0;
      await Promise.all(working);
    },
  };
}

interface Job {
  readonly simulator: Simulator;
  readonly build: BuildRecord;
  readonly options: PipelineAgentOptions;
  readonly ending: AbortSignal;
}

async function carryOut(job: Job): Promise<void> {
  const { build, simulator } = job;
  const { builds } = simulator.state;
  builds.beginRun(build);
  const tasks = build.timeline.filter(({ type }) => type === "Task");
  let result: BuildResult = "succeeded";
  for (const [index, step] of build.steps.entries()) {
    const record = tasks[index];
    if (record === undefined || result === "failed" || result === "canceled") break;
    const own = await stepResult(job, step, record);
    result = own === "succeeded" ? result : own;
  }
  builds.finishRun(build, result);
}

/** Runs one task under its record of the timeline. Never throws: what goes wrong fails the step. */
async function stepResult(job: Job, step: StepPlan, record: TimelineRecord): Promise<BuildResult> {
  const { build, simulator } = job;
  const { timestamp, builds } = simulator.state;
  const log = builds.addLog(build);
  begin(record, timestamp());
  touch(record, timestamp(), { logId: log.id });
  let result: BuildResult;
  try {
    const { result: own } = await runStep(job, step, { record, log });
    result = own === undefined ? "failed" : taskResults[own];
  } catch (error) {
    record.issues.push({ type: "error", message: error instanceof Error ? error.message : String(error) });
    result = "failed";
  }
  if (build.cancellation.signal.aborted) result = "canceled";
  complete(record, timestamp(), result === "partiallySucceeded" ? "succeededWithIssues" : result);
  return result;
}

const taskResults = { Succeeded: "succeeded", SucceededWithIssues: "partiallySucceeded", Failed: "failed" } as const;

interface StepPlace {
  readonly record: TimelineRecord;
  readonly log: LogRecord;
}

async function runStep(job: Job, step: StepPlan, place: StepPlace): Promise<TaskRun> {
  const { simulator, build, options } = job;
  const { state, organizationUrl } = simulator;
  const project = state.projectStore.byId(build.projectId);
  if (project === undefined) throw new Error("The project of the run is gone.");
  const values = Object.entries(build.variables).map(([name, { value }]) => [name, value] as const);
  const secrets = Object.values(build.variables).flatMap(({ isSecret, value }) => (isSecret === true ? [value] : []));
  const variables = Object.fromEntries(values);
  const token = state.jobTokenOf(project, { references: build.references });
  const killing = killingOf(job);
  try {
    return await runTask({
      task: taskNamed(step.task),
      inputs: inputsOf(step, { ...variables, "System.AccessToken": token }),
      organizationUrl,
      project: { id: project.id, name: project.name },
      token,
      build: { id: build.id, number: build.buildNumber, definitionId: build.definitionId, branch: build.sourceBranch },
      variables: plainVariables(build),
      secrets,
      onLine: (line) => write(job, place.log, line),
      onCommand: (command) => report(job, place, command),
      cancel: build.cancellation.signal,
      kill: killing.signal,
      ...options,
    });
  } finally {
    killing.stop();
    state.signIn.revoke(token);
  }
}

function taskNamed(name: string): TaskName {
  const known: readonly TaskName[] = ["BackupProject", "RestoreItem", "VerifyBackup"];
  const found = known.find((one) => one.toLowerCase() === name.toLowerCase());
  if (found !== undefined) return found;
  throw new Error(`A task is missing. The pipeline references a task called '${name}'.`);
}

function inputsOf({ inputs }: StepPlan, variables: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(inputs).map(([name, text]) => [name, expanded(text, variables)]));
}

/** Secret variables reach tasks by their inputs only. */
function plainVariables({ variables }: BuildRecord): Record<string, string> {
  const plain = Object.entries(variables).filter(([, { isSecret }]) => isSecret !== true);
  return Object.fromEntries(plain.map(([name, { value }]) => [name, value]));
}

/** Aborts when the agent itself ends, or when a cancelled task does not end by itself. */
function killingOf({ build, ending }: Job): { readonly signal: AbortSignal; stop(): void } {
  const own = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const { signal } = build.cancellation;
  const onCancel = (): void => {
    timer = setTimeout(() => own.abort(), cancelTimeoutMs);
  };
  signal.addEventListener("abort", onCancel);
  return {
    signal: AbortSignal.any([own.signal, ending]),
    stop: () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onCancel);
    },
  };
}

function write({ simulator }: Job, log: LogRecord, line: string): void {
  const at = simulator.state.timestamp();
  log.lines.push(`${at} ${line}`);
  log.lastChangedOn = at;
}

/** What a logging command changes about the run. */
function report({ simulator, build }: Job, { record }: StepPlace, { name, properties, data }: AgentCommand): void {
  const { builds, timestamp } = simulator.state;
  const attach = (type: string, attachmentName: string): void => {
    builds.attach(build, { type, name: attachmentName, content: readFileSync(data), recordId: record.id });
  };
  const actions: Readonly<Record<string, () => void>> = {
    "task.setprogress": () =>
      touch(record, timestamp(), { percentComplete: Number(properties.value), currentOperation: data }),
    "task.logissue": () => {
      record.issues.push({ type: properties.type === "error" ? "error" : "warning", message: data });
      touch(record, timestamp(), {});
    },
    "task.addattachment": () => attach(properties.type ?? "", properties.name ?? ""),
    "task.uploadsummary": () => attach("Distributedtask.Core.Summary", basename(data, ".md")),
    "artifact.upload": () => {
      const { artifactname: artifact = "" } = properties;
      build.artifacts.push({ name: artifact, content: readFileSync(data), recordId: record.id });
    },
    "build.addbuildtag": () => builds.addTag(build, data),
  };
  actions[name]?.();
}
