import type { AzureDevOps } from "../azure-devops/azure-devops.ts";
import { BackupError } from "../foundation/errors.ts";
import type { SourceProject } from "../kinds/kind.ts";

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
 * The failure of one stream, which Azure DevOps or Git have brought about. Throws what concerns the run: failures of the
 * storage or of ours, a cancellation, a token that is not taken any more.
 */
export async function failureOfSource(
  error: unknown,
  { azureDevOps, signal }: Pick<SourceProject, "azureDevOps" | "signal">,
): Promise<BackupError> {
  if (!(error instanceof BackupError) || signal.aborted) throw error;
  if (!/^(?:ADO|GIT|OBJECT|SEALED|STATE)_/.test(error.code)) throw error;
  if (await isSignInRefused(error, azureDevOps)) throw error;
  return error;
}
