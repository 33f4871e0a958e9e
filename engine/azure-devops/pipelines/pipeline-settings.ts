/**
 * What a project lets the jobs of its pipelines see (learn.microsoft.com/rest/api/azure/devops/build/general-settings).
 */
import type { AzureDevOps } from "../azure-devops.ts";
import { flagOf, requiredObject } from "../reading/fields.ts";

export interface JobLimits {
  /** "Protect access to repositories in YAML pipelines": a job's token opens only repositories that its file names. */
  readonly toReferencedRepositories: boolean;
  /** "Limit job authorization scope to current project": a job's token knows of no other project. */
  readonly toOwnProject: boolean;
}

/** Of jobs whose pipeline belongs to the project; what the organisation enforces is in it. */
export async function readJobLimits(azureDevOps: AzureDevOps, project: string): Promise<JobLimits> {
  const { body } = await azureDevOps.call({ area: "build", project, path: ["build", "generalsettings"] });
  const settings = requiredObject(body, "pipeline settings");
  return {
    toReferencedRepositories: flagOf(settings, "enforceReferencedRepoScopedToken"),
    toOwnProject: flagOf(settings, "enforceJobAuthScope"),
  };
}
