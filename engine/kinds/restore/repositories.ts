/** Repositories of a project, listed at most once in a run, however many of them are restored. */
import {
  listDeletedRepositories,
  listRepositories,
  type DeletedRepository,
  type Repository,
} from "../../azure-devops/repos/git-repositories.ts";
import type { Surroundings, TargetProject } from "../kind.ts";

export interface PresentRepositories {
  /** By id in lower case. */
  readonly byId: ReadonlyMap<string, Repository>;
  /** By `nameKey`: names are unique in a project. */
  readonly byName: ReadonlyMap<string, Repository>;
}

/** Names that the service takes for the same have the same. */
export function nameKey(name: string): string {
  return name.normalize("NFC").toLowerCase();
}

export function isSameName(left: string, right: string): boolean {
  return nameKey(left) === nameKey(right);
}

/** As they were when first asked for in this run, for planning. */
export function presentRepositories({ once, azureDevOps, project }: TargetProject): Promise<PresentRepositories> {
  return once(`git-repositories of ${project.id}`, async () => {
    const all = await listRepositories(azureDevOps, project.id);
    return {
      byId: new Map(all.map((repository) => [repository.id.toLowerCase(), repository])),
      byName: new Map(all.map((repository) => [nameKey(repository.name), repository])),
    };
  });
}

/** What lies in the project's recycle bin, by id in lower case. */
export function deletedRepositories({
  once,
  azureDevOps,
  project,
}: Pick<Surroundings, "once" | "azureDevOps"> & Pick<TargetProject, "project">): Promise<
  ReadonlyMap<string, DeletedRepository>
> {
  return once(`deleted git-repositories of ${project.id}`, async () => {
    const deleted = await listDeletedRepositories(azureDevOps, project.id);
    return new Map(deleted.map((repository) => [repository.id.toLowerCase(), repository]));
  });
}
