/** What a run cannot see because it signs in with the token of a pipeline's job. */
import type { AzureDevOps } from "../../engine/azure-devops/azure-devops.ts";
import { readJobLimits } from "../../engine/azure-devops/pipelines/pipeline-settings.ts";
import { BackupError, describeError, hasCode } from "../../engine/foundation/errors.ts";
import type { Agent } from "./agent.ts";

/**
 * The project whose pipeline settings limit the run: that of its pipeline, when it signs in as its job, be it by input
 * azureDevOpsAuthentication or with the job's token given as accessToken. Releases have a setting of their own, which
 * limits no repositories.
 */
export function jobProjectOf(agent: Agent, azureDevOps: AzureDevOps): string | undefined {
  const isRelease = agent.variable("System.HostType")?.toLowerCase() === "release";
  const byInput = (agent.input("azureDevOpsAuthentication") ?? "jobToken").toLowerCase() === "jobtoken";
  if (isRelease || (!byInput && azureDevOps.isBuildService !== true)) return undefined;
  return agent.variable("System.TeamProjectId") ?? agent.variable("System.TeamProject");
}

/** Why `*` may not be all projects, in one line with what to do; undefined when nothing speaks for it. */
export async function unseenProjects(
  azureDevOps: AzureDevOps,
  jobProject: string | undefined,
): Promise<string | undefined> {
  if (jobProject === undefined) return undefined;
  const setting = '"Limit job authorization scope to current project"';
  const cure = `Sign in with an access token or a service connection that may see all projects (azureDevOpsAuthentication), switch ${setting} off (Project settings, Pipelines, Settings; of the organization as well), or name the projects.`;
  try {
    const { toOwnProject } = await readJobLimits(azureDevOps, jobProject);
    if (!toOwnProject) return undefined;
    return `Input projects is *, and other projects may be hidden from this run, which then lacks them: ${setting} is on. ${cure}`;
  } catch (error) {
    if (!(error instanceof BackupError) || hasCode(error, "ADO_UNAUTHORIZED")) throw error;
    if (hasCode(error, "ADO_NOT_FOUND", "ADO_VERSION")) return undefined; // a server that is older than the setting
    return `Input projects is *, and whether ${setting} hides others from this run could not be read: ${describeError(error)}. ${cure}`;
  }
}
