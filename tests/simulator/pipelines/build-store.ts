/** Pipelines, their runs, what runs log and attach to themselves. */
import type { StepPlan } from "./steps.ts";
import type { SimHost, SimIdentity } from "../service.ts";
import { definitionStore, type DefinitionRecord, type DefinitionStore } from "./definition-store.ts";
import { begin, complete, plannedTimeline } from "./timeline.ts";
import { variableGroupDocuments, variableGroupStore, type VariableGroupStore } from "./variable-group-store.ts";
import type { PlannedRun, RecordResult, TimelineRecord } from "./timeline.ts";
import type { PipelineVariables } from "./variables.ts";

export interface AttachmentRecord {
  readonly type: string;
  readonly name: string;
  readonly timelineId: string;
  readonly recordId: string;
  readonly content: Uint8Array;
}

export interface LogRecord {
  readonly id: number;
  readonly createdOn: string;
  lastChangedOn: string;
  readonly lines: string[];
}

export type BuildStatus = "notStarted" | "inProgress" | "cancelling" | "completed";
export type BuildResult = "succeeded" | "partiallySucceeded" | "failed" | "canceled";

export interface BuildRecord {
  readonly id: number;
  readonly projectId: string;
  readonly definitionId: number;
  readonly buildNumber: string;
  readonly planId: string;
  readonly timelineId: string;
  /** Timeline record of the one job. */
  readonly jobId: string;
  readonly timeline: readonly TimelineRecord[];
  readonly logs: LogRecord[];
  /** What an agent has to do; nothing when the run was begun by `startRun`. */
  readonly steps: readonly StepPlan[];
  /** Variables of the definition, its groups and whoever started the run; secrets among them. */
  readonly variables: PipelineVariables;
  /** Aborted when a person cancels the run. */
  readonly cancellation: AbortController;
  status: BuildStatus;
  result: BuildResult | undefined;
  readonly reason: "manual" | "schedule" | "individualCI";
  readonly requestedFor: SimIdentity;
  readonly queueTime: string;
  startTime: string | undefined;
  finishTime: string | undefined;
  readonly sourceBranch: string;
  readonly sourceVersion: string;
  readonly tags: string[];
  readonly templateParameters: Readonly<Record<string, string>>;
  readonly attachments: AttachmentRecord[];
  readonly artifacts: ArtifactRecord[];
  /** Ids of the repositories that the token of its job may open while repositories are protected. */
  readonly references: readonly string[];
}

export interface ArtifactRecord {
  readonly name: string;
  readonly content: Uint8Array;
  /** Record of the timeline that published it. */
  readonly recordId: string;
}

export interface NewRun {
  readonly reason?: BuildRecord["reason"];
  readonly requestedFor?: SimIdentity;
  readonly sourceBranch?: string;
  readonly sourceVersion?: string;
  readonly templateParameters?: Readonly<Record<string, string>>;
}

export interface QueuedRun extends NewRun, PlannedRun {
  readonly variables: PipelineVariables;
  readonly references?: readonly string[];
}

export interface BuildStore extends VariableGroupStore, DefinitionStore {
  /** Newest first. */
  builds(projectId: string): readonly BuildRecord[];
  build(projectId: string, id: number): BuildRecord | undefined;
  /** Starts a run whose work the caller does under its id, as an agent would. */
  startRun(definition: DefinitionRecord, run?: NewRun): BuildRecord;
  /** Queues a run, as a person does; whoever listens by `onQueued` works on it. */
  queueRun(definition: DefinitionRecord, run: QueuedRun): BuildRecord;
  /** What the people who are asked to do; the run is then queued. */
  approveRun(build: BuildRecord): void;
  onQueued(listener: (build: BuildRecord) => void): void;
  /** What an agent does when it takes a run from the queue. */
  beginRun(build: BuildRecord): void;
  /** A run that waits ends at once, one that works is told to. */
  cancelRun(build: BuildRecord): void;
  /** What the agent does for `##vso[task.addattachment]`; a record of the timeline, or the job. */
  attach(
    build: BuildRecord,
    attachment: {
      readonly type: string;
      readonly name: string;
      readonly content: Uint8Array;
      readonly recordId?: string;
    },
  ): void;
  addLog(build: BuildRecord): LogRecord;
  addTag(build: BuildRecord, tag: string): void;
  finishRun(build: BuildRecord, result: BuildResult): void;
}

const recordResults: Readonly<Record<BuildResult, RecordResult>> = {
  succeeded: "succeeded",
  partiallySucceeded: "succeededWithIssues",
  failed: "failed",
  canceled: "canceled",
};

/** A part of the host. */
export function buildStore(host: SimHost): BuildStore {
  const context = { newId: () => host.newId(), timestamp: () => host.timestamp(), owner: host.owner };
  const builds: BuildRecord[] = [];
  const listeners: ((build: BuildRecord) => void)[] = [];
  const add = (definition: DefinitionRecord, run: QueuedRun): BuildRecord => {
    const record = newBuild({ id: builds.length + 1, definition, run }, context);
    builds.push(record);
    return record;
  };
  const announce = (build: BuildRecord): void => {
    for (const listener of listeners) listener(build);
  };
  const beginRun = (build: BuildRecord): void => {
    const at = context.timestamp();
    build.status = "inProgress";
    build.startTime = at;
    for (const record of build.timeline) if (record.type !== "Task") begin(record, at);
  };
  const finishRun = (build: BuildRecord, result: BuildResult): void => {
    const at = context.timestamp();
    Object.assign(build, { status: "completed", result, finishTime: at });
    for (const record of build.timeline) complete(record, at, recordResults[result]);
  };
  return {
    ...host.part(definitionStore),
    ...variableGroupStore(host.part(variableGroupDocuments)),
    builds: (projectId) => builds.filter((one) => one.projectId === projectId).reverse(),
    build: (projectId, id) => builds.find((one) => one.projectId === projectId && one.id === id),
    startRun: (definition, run = {}) => {
      const record = add(definition, { ...run, job: "Job", steps: [], variables: {} });
      beginRun(record);
      return record;
    },
    queueRun: (definition, run) => {
      const { needsApproval } = definition;
      const record = add(definition, { ...run, needsApproval });
      if (!needsApproval) announce(record);
      return record;
    },
    approveRun: (build) => {
      const at = context.timestamp();
      const checks = build.timeline.filter(({ type }) => type.startsWith("Checkpoint"));
      for (const record of checks) complete(record, at, "succeeded");
      if (build.status === "notStarted") announce(build);
    },
    onQueued: (listener) => void listeners.push(listener),
    beginRun,
    cancelRun: (build) => {
      const isWaiting = build.status === "notStarted";
      if (build.status !== "completed") build.status = "cancelling";
      build.cancellation.abort();
      if (isWaiting) finishRun(build, "canceled");
    },
    attach: (build, { recordId = build.jobId, ...attachment }) => {
      const others = build.attachments.filter(({ type, name }) => type !== attachment.type || name !== attachment.name);
      const place = { timelineId: build.timelineId, recordId };
      build.attachments.splice(0, build.attachments.length, ...others, { ...attachment, ...place });
    },
    addLog: (build) => {
      const at = context.timestamp();
      const log = { id: build.logs.length + 1, createdOn: at, lastChangedOn: at, lines: [] };
      build.logs.push(log);
      return log;
    },
    addTag: (build, tag) => {
      if (!build.tags.includes(tag)) build.tags.push(tag);
    },
    finishRun,
  };
}

function newBuild(
  { id, definition, run }: { readonly id: number; readonly definition: DefinitionRecord; readonly run: QueuedRun },
  context: Pick<SimHost, "newId" | "timestamp" | "owner">,
): BuildRecord {
  const { newId, timestamp, owner } = context;
  const queueTime = timestamp();
  const timeline = plannedTimeline(run, context);
  return {
    id,
    projectId: definition.projectId,
    definitionId: definition.id,
    buildNumber: `${queueTime.slice(0, 10).replaceAll("-", "")}.${id}`,
    planId: newId(),
    timelineId: newId(),
    jobId: timeline.find(({ type }) => type === "Job")?.id ?? "",
    timeline,
    logs: [],
    steps: run.steps,
    variables: run.variables,
    cancellation: new AbortController(),
    status: "notStarted",
    result: undefined,
    reason: run.reason ?? "manual",
    requestedFor: run.requestedFor ?? owner,
    queueTime,
    startTime: undefined,
    finishTime: undefined,
    sourceBranch: run.sourceBranch ?? "refs/heads/main",
    sourceVersion: run.sourceVersion ?? "0".repeat(40),
    tags: [],
    templateParameters: run.templateParameters ?? {},
    attachments: [],
    references: [
      ...(definition.repositoryId === undefined ? [] : [definition.repositoryId]),
      ...(run.references ?? []),
    ],
    artifacts: [],
  };
}
