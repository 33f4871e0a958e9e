/** What Azure DevOps answers about runs, as the pages know it. What is missing or odd gets a harmless value. */
import { arrayAt, isObject, numberAt, objectAt, stringAt, type JsonObject } from "../../engine/foundation/json.ts";
import type { PipelineRef, ProjectFacts, Run, RunState, RunStep } from "../model/project-services.ts";

export function valuesOf(json: unknown): readonly JsonObject[] {
  return isObject(json) ? (arrayAt(json, "value") ?? []).filter(isObject) : [];
}

/** A pipeline, or a build's definition: the one says `folder`, the other `path`. */
export function pipelineOf(answer: JsonObject): PipelineRef | undefined {
  const id = numberAt(answer, "id");
  if (id === undefined) return undefined;
  const folder = stringAt(answer, "folder") ?? stringAt(answer, "path") ?? "\\";
  return { id, name: stringAt(answer, "name") ?? String(id), folder };
}

/** A build, or a run as the Pipelines interface tells it right after it was started. */
export function runOf(answer: JsonObject, project: ProjectFacts): Run | undefined {
  const id = numberAt(answer, "id");
  const pipeline = pipelineOf(objectAt(answer, "definition") ?? objectAt(answer, "pipeline") ?? {});
  if (id === undefined || pipeline === undefined) return undefined;
  const finishedAt = stringAt(answer, "finishTime") ?? stringAt(answer, "finishedDate");
  return {
    id,
    pipeline,
    state: stateOf(stringAt(answer, "status") ?? stringAt(answer, "state"), stringAt(answer, "result")),
    queuedAt: stringAt(answer, "queueTime") ?? stringAt(answer, "createdDate") ?? "",
    ...(finishedAt === undefined ? {} : { finishedAt }),
    requestedBy: requesterOf(answer),
    url: `${project.organizationUrl}/${project.id}/_build/results?buildId=${id}`,
    parameters: textsOf(objectAt(answer, "templateParameters") ?? {}),
    tags: (arrayAt(answer, "tags") ?? []).filter((tag): tag is string => typeof tag === "string"),
  };
}

function requesterOf(answer: JsonObject): string {
  const person = objectAt(answer, "requestedFor") ?? objectAt(answer, "requestedBy") ?? {};
  return stringAt(person, "displayName") ?? "";
}

function textsOf(members: JsonObject): Readonly<Record<string, string>> {
  const texts = Object.entries(members).map(([name, value]) => [
    name,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  return Object.fromEntries(texts) as Record<string, string>;
}

const running = ["inProgress", "cancelling", "canceling"];
const endings: Readonly<Record<string, RunState>> = {
  succeeded: "succeeded",
  partiallySucceeded: "issues",
  succeededWithIssues: "issues",
  failed: "failed",
  canceled: "canceled",
  abandoned: "canceled",
};

function stateOf(status: string | undefined, result: string | undefined): RunState {
  if (status === "completed") return endings[result ?? ""] ?? "failed";
  return running.includes(status ?? "") ? "running" : "queued";
}

/** Records of a timeline in the order in which people read them: each before what belongs to it. */
export function stepsOf(timeline: unknown): readonly RunStep[] {
  const records = isObject(timeline) ? (arrayAt(timeline, "records") ?? []).filter(isObject) : [];
  const orders = new Map(records.map((record) => [stringAt(record, "id"), numberAt(record, "order") ?? 0]));
  const steps = records.flatMap((record) => stepOf(record) ?? []);
  const known = new Set(steps.map(({ id }) => id));
  const children = new Map<string | undefined, RunStep[]>();
  for (const step of steps) {
    const parent = step.parentId !== undefined && known.has(step.parentId) ? step.parentId : undefined;
    children.set(parent, [...(children.get(parent) ?? []), step]);
  }
  const told = new Set<RunStep>();
  const tell = (parent: string | undefined): void => {
    const own = (children.get(parent) ?? []).toSorted((a, b) => (orders.get(a.id) ?? 0) - (orders.get(b.id) ?? 0));
    for (const step of own) {
      if (told.has(step)) continue;
      told.add(step);
      tell(step.id);
    }
  };
  tell(undefined);
  return [...told];
}

function stepOf(record: JsonObject): RunStep | undefined {
  const id = stringAt(record, "id");
  if (id === undefined) return undefined;
  return {
    id,
    parentId: stringAt(record, "parentId"),
    type: typeOf(stringAt(record, "type") ?? ""),
    name: stringAt(record, "name") ?? "",
    state: stepState(stringAt(record, "state")),
    result: stepResult(stringAt(record, "result")),
    percent: numberAt(record, "percentComplete"),
    operation: stringAt(record, "currentOperation"),
    issues: (arrayAt(record, "issues") ?? []).filter(isObject).map((issue) => ({
      severity: issue.type === "error" ? "error" : "warning",
      message: stringAt(issue, "message") ?? "",
    })),
  };
}

function typeOf(type: string): RunStep["type"] {
  // Single checks and approvals are records below their checkpoint: `Checkpoint.Approval`.
  if (type === "Checkpoint" || type.startsWith("Checkpoint.")) return "Checkpoint";
  const known = ["Stage", "Phase", "Job", "Task"] as const;
  return known.find((name) => name === type) ?? "Other";
}

function stepState(state: string | undefined): RunStep["state"] {
  if (state === "completed") return "done";
  return state === "inProgress" ? "running" : "pending";
}

function stepResult(result: string | undefined): RunStep["result"] {
  if (result === undefined) return undefined;
  return result === "skipped" ? "skipped" : endings[result];
}
