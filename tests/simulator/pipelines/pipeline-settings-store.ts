/**
 * The pipeline settings of projects and of the organisation, as far as they decide what a job's token may do
 * (Azure DevOps documentation, "Secure access to repositories from pipelines"). What the organisation enforces a
 * project cannot switch off: a project's answer is what holds for its pipelines.
 *
 * Organisations made after May 2020 protect repositories from the beginning; here everything is off until it is set.
 */
import type { SimProject } from "../service.ts";

export interface PipelineSettings {
  /** "Limit job authorization scope to current project for non-release pipelines". */
  readonly enforceJobAuthScope: boolean;
  /** "Protect access to repositories in YAML pipelines". */
  readonly enforceReferencedRepoScopedToken: boolean;
}

export interface PipelineSettingsStore {
  /** What holds for the pipelines of a project: its own settings and the organisation's. */
  of(project: Pick<SimProject, "id">): PipelineSettings;
  change(project: Pick<SimProject, "id">, changes: Partial<PipelineSettings>): void;
  /** What an administrator of the organisation sets for all projects. */
  enforce(changes: Partial<PipelineSettings>): void;
}

const off: PipelineSettings = { enforceJobAuthScope: false, enforceReferencedRepoScopedToken: false };

export function pipelineSettingsStore(): PipelineSettingsStore {
  const projects = new Map<string, PipelineSettings>();
  let everywhere = off;
  const own = ({ id }: Pick<SimProject, "id">): PipelineSettings => projects.get(id) ?? off;
  return {
    of: (project) => {
      const { enforceJobAuthScope, enforceReferencedRepoScopedToken } = own(project);
      return {
        enforceJobAuthScope: enforceJobAuthScope || everywhere.enforceJobAuthScope,
        enforceReferencedRepoScopedToken:
          enforceReferencedRepoScopedToken || everywhere.enforceReferencedRepoScopedToken,
      };
    },
    change: (project, changes) => void projects.set(project.id, { ...own(project), ...changes }),
    enforce: (changes) => {
      everywhere = { ...everywhere, ...changes };
    },
  };
}
