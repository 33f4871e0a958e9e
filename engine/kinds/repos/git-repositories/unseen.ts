/**
 * Repositories that the service leaves out of its list for us. It says nothing of them, so the list alone never tells
 * whether it is whole; what limits the identity does: settings that narrow the token of a pipeline's job, and the lack of
 * Read on all repositories of the project.
 */
import { mayReadRepositories } from "../../../azure-devops/project/permissions.ts";
import { readJobLimits } from "../../../azure-devops/pipelines/pipeline-settings.ts";
import { BackupError, describeError, hasCode } from "../../../foundation/errors.ts";
import { inert } from "../../../foundation/text.ts";
import type { Gap, SourceProject, SourceStream } from "../../kind.ts";

const most = 5;

/** The gap of repositories that may be there and were not listed; undefined when nothing speaks for it. */
export async function unseenRepositories(
  listed: readonly SourceStream[],
  source: SourceProject,
): Promise<Gap | undefined> {
  const reason = (await limitOfJob(source)) ?? (await lackOfRead(source));
  if (reason === undefined) return undefined;
  const project = inert(source.project.name);
  const others = listed.length === 0 ? "" : ` other than ${namesOf(listed)}`;
  return {
    stream: "git-repositories",
    code: "REPOSITORIES_UNSURE",
    message: `Repositories of project ${project}${others} may be hidden from this run, which then lacks them: ${reason.found}`,
    cure: reason.cure,
  };
}

interface Reason {
  readonly found: string;
  readonly cure: string;
}

const byName = "or name each repository in the input include (git-repositories/<name>), without wildcards";

async function limitOfJob({ azureDevOps, jobProject }: SourceProject): Promise<Reason | undefined> {
  if (jobProject === undefined) return undefined;
  const setting = '"Protect access to repositories in YAML pipelines"';
  const cure = `Sign in with an access token or a service connection that may read all repositories (azureDevOpsAuthentication), or switch ${setting} off (Project settings, Pipelines, Settings; of the organization as well), ${byName}.`;
  try {
    const { toReferencedRepositories } = await readJobLimits(azureDevOps, jobProject);
    if (!toReferencedRepositories) return undefined;
    return { found: `${setting} is on, so the job's token shows only those that the pipeline's file names`, cure };
  } catch (error) {
    if (!isAnswered(error)) throw error;
    if (hasCode(error, "ADO_NOT_FOUND", "ADO_VERSION")) return undefined; // a server that is older than the setting
    return { found: `whether ${setting} limits the job's token could not be read: ${describeError(error)}`, cure };
  }
}

/** What cannot be asked is no evidence: servers and strict organisations answer this question to few. */
async function lackOfRead({ azureDevOps, project }: SourceProject): Promise<Reason | undefined> {
  try {
    if (await mayReadRepositories(azureDevOps, project.id)) return undefined;
  } catch (error) {
    if (isAnswered(error)) return undefined;
    throw error;
  }
  return {
    found: "its identity has no Read permission on all Git repositories of the project",
    cure: `Give it Read on all repositories (Project settings, Repositories, Security), ${byName}.`,
  };
}

/** A token that is not taken any more ends the run; everything else is an answer of the service. */
function isAnswered(error: unknown): error is BackupError {
  return error instanceof BackupError && error.code.startsWith("ADO_") && !hasCode(error, "ADO_UNAUTHORIZED");
}

function namesOf(streams: readonly SourceStream[]): string {
  const names = streams.slice(0, most).map(({ name }) => inert(name));
  const more = streams.length - names.length;
  return more === 0 ? names.join(", ") : `${names.join(", ")} and ${more} more`;
}
