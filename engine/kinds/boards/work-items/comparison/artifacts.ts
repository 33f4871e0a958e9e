/**
 * Links of work items to artefacts, in terms of the target. Commits and branches go with their repository: to the one
 * that a restore has made of it, or that has its name there. Pull requests and builds are not restored: they stay what
 * they were in the same organisation. From another one the id would lead nowhere, so it is not sent.
 */
import type { TargetProject } from "../../../kind.ts";
import { presentRepositories, nameKey } from "../../../restore/repositories.ts";
import type { SnapshotReader } from "../../../../vault/streams/stream-reader.ts";
import { stringAt } from "../../../../foundation/json.ts";
import type { WorkItemRecord } from "../record.ts";
import { relationsOf, type Relation } from "../relations.ts";

const gitArtifact = /^(vstfs:\/\/\/Git\/(Commit|Ref|PullRequestId)\/)[0-9a-f-]{36}(%2F|\/)([0-9a-f-]{36})(.*)$/i;
const buildArtifact = /^vstfs:\/\/\/Build\/Build\/(\d+)$/i;

/** Ids in the target of the snapshot's repositories; what is not there is not in it. */
export type RepositoryIds = ReadonlyMap<string, string>;

/** Of those that the record has links to. */
export async function repositoriesFor(record: WorkItemRecord, target: TargetProject): Promise<RepositoryIds> {
  const found = new Map<string, string>();
  for (const relation of relationsOf(record.item)) {
    const { repository, sort } = gitPartsOf(relation);
    if (repository === undefined || sort === "pullrequestid" || found.has(repository)) continue;
    const id = await repositoryIn(repository, target);
    if (id !== undefined) found.set(repository, id);
  }
  return found;
}

async function repositoryIn(id: string, target: TargetProject): Promise<string | undefined> {
  const known = target.ids.get("git-repositories", id);
  if (target.isNew) return known;
  if (known !== undefined && !target.isSource) return known;
  const { byId, byName } = await presentRepositories(target);
  if (target.isSource) return byId.has(id) ? id : known;
  if (target.ids.isAwaited("git-repositories", id)) return undefined;
  const name = await nameIn(target.snapshot, id);
  return name === undefined ? undefined : byName.get(nameKey(name))?.id.toLowerCase();
}

/** Of a repository that was there at the time: another one may have had the name of one that was gone. */
async function nameIn(snapshot: SnapshotReader, id: string): Promise<string | undefined> {
  const stream = await snapshot.stream(`git-repositories/${id}`);
  if (stream === undefined || stream.line.st === "deleted" || stream.line.st === "missing") return undefined;
  if (stream.line.name !== undefined) return stream.line.name;
  const state = await stream.state();
  return state.kind === "git" ? stringAt(state.detail ?? {}, "name") : undefined;
}

interface GitParts {
  /** `commit`, `ref` or `pullrequestid`. */
  readonly sort?: string | undefined;
  /** In lower case. */
  readonly repository?: string | undefined;
  /** Behind the repository: `/` and what of it is meant. */
  readonly rest?: string | undefined;
}

function gitPartsOf({ rel, url }: Relation): GitParts {
  if (rel !== "ArtifactLink") return {};
  const [, , sort, , repository, rest] = gitArtifact.exec(url) ?? [];
  return { sort: sort?.toLowerCase(), repository: repository?.toLowerCase(), rest };
}

export type MovedArtifact =
  | { readonly relation: Relation }
  /** It cannot be linked; `address` is where people find it, when that can be told. */
  | { readonly relation: undefined; readonly address: string | undefined };

export function movedArtifact(relation: Relation, repositories: RepositoryIds, target: TargetProject): MovedArtifact {
  const { repository, sort } = gitPartsOf(relation);
  const now = repository === undefined || sort === "pullrequestid" ? undefined : repositories.get(repository);
  if (now !== undefined && repository !== undefined)
    return { relation: now === repository ? relation : { ...relation, url: movedUrl(relation.url, now, target) } };
  if (target.isSource || target.isSameOrganization) return { relation };
  return { relation: undefined, address: addressOf(relation, target) };
}

function movedUrl(url: string, repository: string, { project }: TargetProject): string {
  const [, scheme = "", , separator = "", , rest = ""] = gitArtifact.exec(url) ?? [];
  return `${scheme}${project.id}${separator}${repository}${rest}`;
}

/** The page of the original. */
function addressOf(relation: Relation, { source }: TargetProject): string | undefined {
  const project = `${source.organizationUrl}/${encodeURIComponent(source.project.name)}`;
  const build = buildArtifact.exec(relation.url)?.[1];
  if (build !== undefined) return `${project}/_build/results?buildId=${build}`;
  const { sort, repository, rest } = gitPartsOf(relation);
  const what = /^(?:%2F|\/)(.+)$/i.exec(rest ?? "")?.[1];
  if (repository === undefined || what === undefined) return undefined;
  const page = sort === "commit" ? `/commit/${what}` : sort === "ref" ? `?version=${what}` : `/pullrequest/${what}`;
  return `${project}/_git/${repository}${page}`;
}
