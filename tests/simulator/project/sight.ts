/**
 * What a token can see. Beside its own blind spots the token of a pipeline's job has those that the settings of its
 * project give it: what it cannot see is left out of lists and answered as if it did not exist.
 */
import type { SimToken } from "../http/sign-in.ts";
import type { SimulatorState } from "../state.ts";

/** Whether a token may know of a project or a repository, by id. */
export function maySee(state: SimulatorState, token: SimToken, id: string): boolean {
  if (token.hides.has(id)) return false;
  if (token.job === undefined) return true;
  const { projectId, references } = token.job;
  const settings = state.pipelineSettings.of({ id: projectId });
  const repository = state.repositories.byId(id);
  const home = repository?.projectId ?? id;
  if (settings.enforceJobAuthScope && home !== projectId) return false;
  return repository === undefined || !settings.enforceReferencedRepoScopedToken || references.has(id);
}
