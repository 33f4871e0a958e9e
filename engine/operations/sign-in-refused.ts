import type { AzureDevOps } from "../azure-devops/azure-devops.ts";
import { BackupError } from "../foundation/errors.ts";

/**
 * Whether nothing else can succeed either, because the sign-in is not taken any more. What Git was refused is asked for
 * again at Azure DevOps: a token may lack the scope, and a repository may keep this identity out (403).
 */
export async function isSignInRefused(
  error: BackupError,
  azureDevOps: Pick<AzureDevOps, "signInHolds">,
): Promise<boolean> {
  if (error.code === "ADO_UNAUTHORIZED") return true;
  const isOfGit = error.code === "GIT_UNAUTHORIZED" && error.context.status !== undefined;
  return isOfGit && error.context.status !== 403 && !(await azureDevOps.signInHolds());
}

/**
 * Failures of Azure DevOps or Git concern one stream; those of the storage or of ours concern the run, and so does a
 * token that is not taken any more.
 */
export async function isOfTheSource(error: unknown, azureDevOps: Pick<AzureDevOps, "signInHolds">): Promise<boolean> {
  if (!(error instanceof BackupError) || !/^(?:ADO|GIT|OBJECT|SEALED|STATE)_/.test(error.code)) return false;
  return !(await isSignInRefused(error, azureDevOps));
}
