/**
 * Git repositories over REST: everything around the content, which goes over Git itself
 * (learn.microsoft.com/rest/api/azure/devops/git).
 */
import { numberAt, objectAt, stringAt } from "../../foundation/json.ts";
import type { JsonObject } from "../../foundation/json.ts";
import type { ApiRequest, AzureDevOps, Organization } from "../azure-devops.ts";
import { flagOf, requiredObject, requiredPart, requiredText } from "../reading/fields.ts";
import { itemsIn, pagesByHeader, wholeList } from "../reading/paging.ts";

export interface Repository {
  readonly id: string;
  readonly name: string;
  readonly projectId: string;
  /** `refs/heads/…`; undefined while empty. */
  readonly defaultBranch: string | undefined;
  /** Listed, but its content is not delivered. */
  readonly isDisabled: boolean;
  /** Bytes as the service counts them; may lag. */
  readonly size: number | undefined;
  readonly remoteUrl: string | undefined;
  readonly raw: JsonObject;
}

export interface DeletedRepository {
  readonly id: string;
  readonly name: string;
  readonly deletedDate: string | undefined;
  readonly raw: JsonObject;
}

export interface GitRef {
  readonly name: string;
  readonly objectId: string;
  readonly isLocked: boolean;
  readonly raw: JsonObject;
}

export interface RepositoryChanges {
  readonly name?: string;
  /** Must exist already. */
  readonly defaultBranch?: string;
  readonly isDisabled?: boolean;
}

/** All repositories of a project, hidden ones (of wikis) included. */
export async function listRepositories(azureDevOps: AzureDevOps, project: string): Promise<readonly Repository[]> {
  const query = { includeHidden: true };
  const list = await wholeList(azureDevOps, { area: "git", project, path: ["git", "repositories"], query });
  return list.map(repositoryFrom);
}

export async function getRepository(azureDevOps: AzureDevOps, project: string, idOrName: string): Promise<Repository> {
  const { body } = await azureDevOps.call({ area: "git", project, path: ["git", "repositories", idOrName] });
  return repositoryFrom(requiredObject(body, `repository ${idOrName}`));
}

/** An empty one. Throws ADO_CONFLICT when the name is taken. */
export async function createRepository(azureDevOps: AzureDevOps, projectId: string, name: string): Promise<Repository> {
  const { body } = await azureDevOps.call({
    area: "git",
    method: "POST",
    project: projectId,
    path: ["git", "repositories"],
    body: { name, project: { id: projectId } },
  });
  return repositoryFrom(requiredObject(body, `new repository ${name}`));
}

export async function updateRepository(
  azureDevOps: AzureDevOps,
  { project, id }: { readonly project: string; readonly id: string },
  changes: RepositoryChanges,
): Promise<Repository> {
  const path = ["git", "repositories", id];
  const { body } = await azureDevOps.call({ area: "git", method: "PATCH", project, path, body: { ...changes } });
  return repositoryFrom(requiredObject(body, `repository ${id}`));
}

/** What lies in the project's recycle bin. */
export async function listDeletedRepositories(
  azureDevOps: AzureDevOps,
  project: string,
): Promise<readonly DeletedRepository[]> {
  const list = await wholeList(azureDevOps, { area: "git", project, path: ["git", "recycleBin", "repositories"] });
  return list.map((raw) => ({
    id: requiredText(raw, "id", "deleted repository"),
    name: requiredText(raw, "name", "deleted repository"),
    deletedDate: stringAt(raw, "deletedDate"),
    raw,
  }));
}

/** Takes a repository out of the recycle bin, with its id and all it had. */
export async function undeleteRepository(azureDevOps: AzureDevOps, project: string, id: string): Promise<void> {
  const path = ["git", "recycleBin", "repositories", id];
  await azureDevOps.call({ area: "git", method: "PATCH", project, path, body: { deleted: false } });
}

/**
 * Where Git finds a repository, by ids: names change and need encoding. Works for dev.azure.com, visualstudio.com and
 * servers alike.
 */
export function cloneUrlOf(organization: Organization, projectId: string, repositoryId: string): string {
  return `${organization.url}/${encodeURIComponent(projectId)}/_git/${encodeURIComponent(repositoryId)}`;
}

/** Refs as REST shows them: with locks. `filter` is a prefix such as `heads/`. */
export async function* refsWithLocks(
  azureDevOps: AzureDevOps,
  {
    project,
    repositoryId,
    filter,
  }: { readonly project: string; readonly repositoryId: string; readonly filter?: string },
): AsyncGenerator<GitRef> {
  const request: ApiRequest = {
    area: "git",
    project,
    path: ["git", "repositories", repositoryId, "refs"],
    query: { filter, $top: 1000 },
  };
  for await (const raw of itemsIn(pagesByHeader(azureDevOps, request))) {
    const name = requiredText(raw, "name", "ref");
    yield { name, objectId: requiredText(raw, "objectId", name), isLocked: flagOf(raw, "isLocked"), raw };
  }
}

/** What lies between two commits. */
export interface CommitDifference {
  /** Files by what became of them; a renamed file counts only when its content changed too. */
  readonly added: number;
  readonly edited: number;
  readonly deleted: number;
  /** Commits of the first one's history that are not part of the second one's. */
  readonly behind: number;
}

/**
 * Compares two commits of a repository, in one small request: numbers, no list. Undefined when the service answers
 * about other commits, as it does when it does not understand what it is asked for. Throws ADO_NOT_FOUND when it does
 * not know one of them.
 */
export async function differenceBetween(
  azureDevOps: AzureDevOps,
  { project, repositoryId }: { readonly project: string; readonly repositoryId: string },
  [base, target]: readonly [base: string, target: string],
): Promise<CommitDifference | undefined> {
  const { body } = await azureDevOps.call({
    area: "git",
    project,
    path: ["git", "repositories", repositoryId, "diffs", "commits"],
    query: {
      baseVersion: base,
      baseVersionType: "commit",
      targetVersion: target,
      targetVersionType: "commit",
      $top: 1,
      diffCommonCommit: false,
    },
  });
  const answer = requiredObject(body, "difference of commits");
  if (stringAt(answer, "baseCommit") !== base || stringAt(answer, "targetCommit") !== target) return undefined;
  const behind = countAt(answer, "behindCount");
  const counts = objectAt(answer, "changeCounts");
  return behind === undefined || counts === undefined ? undefined : { ...countsOf(counts), behind };
}

/**
 * Kinds of change may be joined (`edit, rename`), in any letter case. A rename is listed with the file's old place
 * (`delete, sourceRename`) or without: both ways it takes nothing away and adds nothing.
 */
function countsOf(counts: JsonObject): Omit<CommitDifference, "behind"> {
  const sum = { added: 0, edited: 0, deleted: 0 };
  for (const key of Object.keys(counts)) {
    const number = countAt(counts, key) ?? 0;
    const kinds = key.toLowerCase().split(/\W+/);
    if (kinds.includes("sourcerename")) continue;
    if (kinds.includes("delete")) sum.deleted += number;
    else if (kinds.includes("add") || kinds.includes("undelete") || kinds.includes("branch")) sum.added += number;
    else if (kinds.includes("edit")) sum.edited += number;
  }
  return sum;
}

function countAt(value: JsonObject, key: string): number | undefined {
  const number = numberAt(value, key);
  return number !== undefined && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}

function repositoryFrom(raw: JsonObject): Repository {
  const name = requiredText(raw, "name", "repository");
  const what = `repository ${name}`;
  return {
    id: requiredText(raw, "id", what),
    name,
    projectId: requiredText(requiredPart(raw, "project", what), "id", what),
    defaultBranch: stringAt(raw, "defaultBranch"),
    isDisabled: flagOf(raw, "isDisabled"),
    size: numberAt(raw, "size"),
    remoteUrl: stringAt(raw, "remoteUrl"),
    raw,
  };
}
