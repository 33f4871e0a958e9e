/** Pipelines, their runs and what runs attach to themselves. */
import { badRequest } from "./errors.ts";
import type { SimIdentity, SimProject } from "./service.ts";

export interface DefinitionRecord {
  readonly id: number;
  readonly projectId: string;
  name: string;
  /** `\` or `\Folder`. */
  readonly path: string;
  readonly revision: number;
  readonly yamlFilename: string;
  readonly repositoryId: string | undefined;
  readonly createdAt: string;
}

export interface AttachmentRecord {
  readonly type: string;
  readonly name: string;
  readonly timelineId: string;
  readonly recordId: string;
  readonly content: Uint8Array;
}

export interface BuildRecord {
  readonly id: number;
  readonly projectId: string;
  readonly definitionId: number;
  readonly buildNumber: string;
  readonly planId: string;
  readonly timelineId: string;
  /** Timeline record of the one job, to which attachments belong. */
  readonly jobId: string;
  status: "notStarted" | "inProgress" | "completed";
  result: "succeeded" | "partiallySucceeded" | "failed" | "canceled" | undefined;
  readonly reason: "manual" | "schedule" | "individualCI";
  readonly requestedFor: SimIdentity;
  readonly queueTime: string;
  readonly startTime: string;
  finishTime: string | undefined;
  readonly sourceBranch: string;
  readonly sourceVersion: string;
  readonly tags: string[];
  readonly templateParameters: Readonly<Record<string, string>>;
  readonly attachments: AttachmentRecord[];
}

export interface NewRun {
  readonly reason?: BuildRecord["reason"];
  readonly requestedFor?: SimIdentity;
  readonly sourceBranch?: string;
  readonly sourceVersion?: string;
  readonly templateParameters?: Readonly<Record<string, string>>;
}

export interface BuildStore {
  definitions(projectId: string): readonly DefinitionRecord[];
  definition(projectId: string, id: number): DefinitionRecord | undefined;
  addDefinition(
    project: SimProject,
    definition: {
      readonly name: string;
      readonly path?: string;
      readonly yamlFilename?: string;
      readonly repositoryId?: string;
    },
  ): DefinitionRecord;
  /** Newest first. */
  builds(projectId: string): readonly BuildRecord[];
  build(projectId: string, id: number): BuildRecord | undefined;
  /** Starts a run, as a trigger or a person does; an agent then works under its id. */
  startRun(definition: DefinitionRecord, run?: NewRun): BuildRecord;
  /** What the agent does for `##vso[task.addattachment]`. */
  attach(
    build: BuildRecord,
    attachment: { readonly type: string; readonly name: string; readonly content: Uint8Array },
  ): void;
  finishRun(build: BuildRecord, result: NonNullable<BuildRecord["result"]>): void;
}

export interface BuildStoreContext {
  readonly newId: () => string;
  readonly timestamp: () => string;
  readonly owner: SimIdentity;
}

export function buildStore(context: BuildStoreContext): BuildStore {
  const definitions: DefinitionRecord[] = [];
  const builds: BuildRecord[] = [];
  return {
    definitions: (projectId) => definitions.filter((one) => one.projectId === projectId),
    definition: (projectId, id) => definitions.find((one) => one.projectId === projectId && one.id === id),
    addDefinition: (project, { name, path = "\\", yamlFilename = "azure-pipelines.yml", repositoryId }) => {
      if (definitions.some((one) => one.projectId === project.id && one.name === name && one.path === path)) {
        throw badRequest("DefinitionExistsException", `Build definition ${name} already exists in ${path}.`);
      }
      const createdAt = context.timestamp();
      const id = definitions.length + 1;
      const record = { id, projectId: project.id, name, path, revision: 1, yamlFilename, repositoryId, createdAt };
      definitions.push(record);
      return record;
    },
    builds: (projectId) => builds.filter((one) => one.projectId === projectId).reverse(),
    build: (projectId, id) => builds.find((one) => one.projectId === projectId && one.id === id),
    startRun: (definition, run = {}) => {
      const record = newBuild({ id: builds.length + 1, definition, run }, context);
      builds.push(record);
      return record;
    },
    attach: (build, attachment) => {
      const others = build.attachments.filter(({ type, name }) => type !== attachment.type || name !== attachment.name);
      const place = { timelineId: build.timelineId, recordId: build.jobId };
      build.attachments.splice(0, build.attachments.length, ...others, { ...attachment, ...place });
    },
    finishRun: (build, result) => {
      build.status = "completed";
      build.result = result;
      build.finishTime = context.timestamp();
    },
  };
}

function newBuild(
  { id, definition, run }: { readonly id: number; readonly definition: DefinitionRecord; readonly run: NewRun },
  { newId, timestamp, owner }: BuildStoreContext,
): BuildRecord {
  const queueTime = timestamp();
  return {
    id,
    projectId: definition.projectId,
    definitionId: definition.id,
    buildNumber: `${queueTime.slice(0, 10).replaceAll("-", "")}.${id}`,
    planId: newId(),
    timelineId: newId(),
    jobId: newId(),
    status: "inProgress",
    result: undefined,
    reason: run.reason ?? "manual",
    requestedFor: run.requestedFor ?? owner,
    queueTime,
    startTime: timestamp(),
    finishTime: undefined,
    sourceBranch: run.sourceBranch ?? "refs/heads/main",
    sourceVersion: run.sourceVersion ?? "0".repeat(40),
    tags: [],
    templateParameters: run.templateParameters ?? {},
    attachments: [],
  };
}
