/**
 * Two versions of a repository compared, by real git: numbers of changed files, how far each is ahead and behind, and
 * a page of the changes, folders included (learn.microsoft.com/rest/api/azure/devops/git). Parameters that the service
 * does not know leave it with the default branch on that side.
 */
import type { JsonObject } from "../../../engine/foundation/json.ts";
import { repositoryNotFound } from "../http/errors.ts";
import { numberOf } from "../http/paging.ts";
import type { RepositoryRecord } from "./repository-store.ts";
import { runGit, tryGit } from "../git/run-git.ts";
import { SimError } from "../service.ts";
import type { Route, SimAnswer, SimRequest } from "../service.ts";
import type { SimulatorState } from "../state.ts";
import { inAndOutOfProject, repositoryAt } from "./repository-routes.ts";

export function gitDiffRoutes(state: SimulatorState): readonly Route[] {
  const template = "_apis/git/repositories/{repositoryId}/diffs/commits";
  return [
    ...inAndOutOfProject({ method: "GET", template, version: "7.1", scope: "vso.code", handle: (r) => diff(state, r) }),
  ];
}

interface Compared {
  readonly folder: string;
  readonly base: string;
  readonly target: string;
  /** False: everything that differs, also what only the base has done. */
  readonly isFromCommon: boolean;
}

interface Difference {
  /** Empty when the histories have nothing in common. */
  readonly common: string;
  readonly changes: readonly Change[];
  readonly ahead: number;
  readonly behind: number;
}

function diff(state: SimulatorState, request: SimRequest): SimAnswer {
  const repository = repositoryAt(state, request);
  if (repository.isDisabled) throw repositoryNotFound(repository.name);
  const folder = state.repositories.folderOf(repository);
  const { query } = request;
  const [base, target] = commitsOf(repository, folder, [versionOf(query, "base"), versionOf(query, "target")]);
  const isFromCommon = query.get("diffCommonCommit")?.toLowerCase() !== "false";
  const { common, changes, ahead, behind } = knownDifference(state, { folder, base, target, isFromCommon });
  const files = changes.filter(({ isFolder }) => !isFolder);
  const page = changes.slice(numberOf(query, "$skip", 0)).slice(0, numberOf(query, "$top", 100));
  const url = `${request.organizationUrl}/${repository.projectId}/_apis/git/repositories/${repository.id}`;
  return {
    body: {
      allChangesIncluded: page.length === changes.length,
      changeCounts: countsOf(files),
      changes: page.map((change) => changeBody(change, { target, url })),
      ...(common === "" ? {} : { commonCommit: common }),
      baseCommit: base,
      targetCommit: target,
      aheadCount: ahead,
      behindCount: behind,
    },
  };
}

const differences = new WeakMap<SimulatorState, Map<string, Difference>>();

/** The ids of two commits settle what is between them: git is asked once, whichever repositories have both. */
function knownDifference(state: SimulatorState, compared: Compared): Difference {
  const known = differences.get(state) ?? new Map<string, Difference>();
  differences.set(state, known);
  const key = `${compared.base} ${compared.target} ${compared.isFromCommon}`;
  const difference = known.get(key) ?? differenceOf(compared);
  known.set(key, difference);
  return difference;
}

function differenceOf({ folder, base, target, isFromCommon }: Compared): Difference {
  const common = tryGit(["-C", folder, "merge-base", base, target]).stdout.trim();
  const changes = changesBetween(folder, isFromCommon && common !== "" ? common : base, target);
  const counted = runGit(["-C", folder, "rev-list", "--left-right", "--count", `${base}...${target}`]);
  const [behind = 0, ahead = 0] = counted.trim().split("\t").map(Number);
  return { common, changes, ahead, behind };
}

interface Version {
  readonly type: string;
  readonly name: string;
}

/** Undefined where nothing the service understands was said. */
function versionOf(query: URLSearchParams, side: "base" | "target"): Version | undefined {
  const name = query.get(`${side}Version`);
  const type = query.get(`${side}VersionType`)?.toLowerCase() ?? "branch";
  return name === null || name === "" ? undefined : { name, type };
}

type Sides<Of> = readonly [base: Of, target: Of];

/** Without a version, the default branch. */
function commitsOf(repository: RepositoryRecord, folder: string, versions: Sides<Version | undefined>): Sides<string> {
  const branch = { name: repository.defaultBranch?.replace("refs/heads/", "") ?? "", type: "branch" };
  const [base = branch, target = branch] = versions;
  const input = [base, target].map((version) => `${revisionOf(version)}\n`).join("");
  const said = runGit(["-C", folder, "cat-file", "--batch-check"], input).split("\n");
  const commitOf = (version: Version, line = ""): string => {
    const found = /^([0-9a-f]{40,64}) commit \d+$/.exec(line)?.[1];
    if (found === undefined) throw unresolvable(version, repository);
    return found;
  };
  return [commitOf(base, said[0]), commitOf(target, said[1])];
}

/** As git takes it; something that no repository has where the service takes it for nothing. */
function revisionOf({ name, type }: Version): string {
  const prefix = { branch: "refs/heads/", tag: "refs/tags/" }[type] ?? "";
  const isPossible = type === "commit" ? /^[0-9a-f]{40,64}$/.test(name) : /^[^\n]+$/.test(name);
  return isPossible ? `${prefix}${name}^{commit}` : "0".repeat(40);
}

function unresolvable({ name, type }: Version, repository: RepositoryRecord): SimError {
  const message = `TF401175:The version descriptor <${type[0]?.toUpperCase() ?? ""}${type.slice(1)}: ${name} > could not be resolved to a version in the repository ${repository.name}`;
  return new SimError(404, "GitUnresolvableToCommitException", message);
}

interface Change {
  readonly path: string;
  readonly changeType: string;
  readonly isFolder: boolean;
  readonly objectId: string;
  readonly originalObjectId: string;
}

const changeTypes: Readonly<Record<string, string>> = { A: "add", D: "delete", M: "edit", T: "edit" };

function changesBetween(folder: string, from: string, to: string): readonly Change[] {
  const output = runGit(["-C", folder, "diff-tree", "-r", "-t", "-z", "--find-renames=100%", "-l0", from, to]);
  const fields = output.split("\0");
  const changes: Change[] = [];
  for (let index = 0; (fields[index] ?? "") !== "";) {
    const [line = "", path = "", moved = ""] = fields.slice(index);
    const told = changesOf(line, path, moved);
    changes.push(...told);
    index += told.length + 1;
  }
  return changes;
}

/** Renames as the service tells them: the new place, and the old one as the source that is gone. */
function changesOf(line: string, path: string, moved: string): readonly Change[] {
  const [oldMode = "", newMode = "", originalObjectId = "", objectId = "", status = ""] = line.split(" ");
  const isFolder = newMode === "040000" || oldMode === ":040000";
  const shared = { isFolder, objectId, originalObjectId };
  if (!status.startsWith("R")) return [{ ...shared, path: `/${path}`, changeType: changeTypes[status] ?? "edit" }];
  return [
    { ...shared, path: `/${path}`, changeType: "delete, sourceRename" },
    { ...shared, path: `/${moved}`, changeType: "rename" },
  ];
}

/** By kind of change, as the service writes their names here. */
function countsOf(files: readonly Change[]): JsonObject {
  const counts: Record<string, number> = {};
  for (const { changeType } of files) {
    const name = changeType.replace(/\b[a-z]/g, (letter) => letter.toUpperCase());
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

function changeBody(change: Change, { target, url }: { readonly target: string; readonly url: string }): JsonObject {
  const { path, changeType, isFolder, objectId, originalObjectId } = change;
  const noObject = /^0+$/;
  return {
    item: {
      ...(noObject.test(objectId) ? {} : { objectId }),
      ...(noObject.test(originalObjectId) ? {} : { originalObjectId }),
      gitObjectType: isFolder ? "tree" : "blob",
      commitId: target,
      path,
      ...(isFolder ? { isFolder: true } : {}),
      url: `${url}/items${path}?versionType=Commit&version=${target}`,
    },
    changeType,
  };
}
