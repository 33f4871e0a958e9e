import type { Pipelines, Run, RunRequest } from "../../model/project-services.ts";
import { nonceBytes, nonceOf, runOfRequest } from "../../model/run-request.ts";

/** Enough to find a run that a reload of the page has lost sight of. */
const recentRuns = 50;

/** What makes a person's request another one than the same request of yesterday. */
export function freshNonce(): string {
  return nonceOf(crypto.getRandomValues(new Uint8Array(nonceBytes)));
}

/** The run of this very request: the one that an earlier click has started, else a new one. */
export async function startOnce(pipelines: Pipelines, request: RunRequest): Promise<Run> {
  const recent = await pipelines.runs([request.pipelineId], recentRuns);
  return runOfRequest(recent, request.parameters) ?? (await pipelines.start(request));
}
