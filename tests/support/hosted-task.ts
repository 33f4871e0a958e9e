/** Runs a task as a run of a pipeline in the simulated Azure DevOps: later runs find what it attached. */
import type { BuildRecord } from "../simulator/pipelines/build-store.ts";
import type { DefinitionRecord } from "../simulator/pipelines/definition-store.ts";
import type { Simulator } from "../simulator/server.ts";
import type { SimProject } from "../simulator/service.ts";
import { runTask, type TaskRequest, type TaskRun } from "./run-task.ts";

export type HostedRequest = Omit<TaskRequest, "organizationUrl" | "project" | "token" | "build"> & {
  readonly simulator: Simulator;
  readonly project: SimProject;
  /** Made when there is none of that name; default `Backup`. */
  readonly pipeline?: string;
  /** Goes on under a run that was begun, e.g. one whose task was killed. */
  readonly run?: BuildRecord;
  /** Default: a job token that may do everything. */
  readonly token?: string;
};

export type HostedRun = TaskRun & { readonly run: BuildRecord };

export async function runHostedTask(request: HostedRequest): Promise<HostedRun> {
  const { simulator, project, pipeline = "Backup", ...rest } = request;
  const { builds, signIn } = simulator.state;
  const token = request.token ?? signIn.issue({ kind: "bearer" });
  const definition = definitionNamed(simulator, project, pipeline);
  const run = request.run ?? builds.startRun(definition);
  const done = await runTask({
    ...rest,
    organizationUrl: simulator.organizationUrl,
    project: { id: project.id, name: project.name },
    token,
    build: { id: run.id, number: run.buildNumber, definitionId: definition.id, branch: run.sourceBranch },
  });
  for (const { type, name, content } of done.attachments)
    builds.attach(run, { type, name, content: Buffer.from(content) });
  // A killed task leaves its run open, to be gone on with.
  if (done.result !== undefined) builds.finishRun(run, buildResults[done.result]);
  return { ...done, run };
}

const buildResults = { Succeeded: "succeeded", SucceededWithIssues: "partiallySucceeded", Failed: "failed" } as const;

function definitionNamed({ state }: Simulator, project: SimProject, name: string): DefinitionRecord {
  const known = state.builds.definitions(project.id).find((definition) => definition.name === name);
  return known ?? state.builds.addDefinition(project, { name });
}
