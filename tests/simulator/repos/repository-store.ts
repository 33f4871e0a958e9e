/**
 * Git repositories: records in memory, bare repositories on disk. A folder is made when it is first needed, by
 * copying one empty repository; repositories can share the folder of a common original until one is pushed to, so
 * that thousands of them cost nothing.
 */
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { badRequest } from "../http/errors.ts";
import type { LfsBehaviour } from "../git/lfs.ts";
import type { RefUpdate } from "../git/git-push-rules.ts";
import { runGit } from "../git/run-git.ts";
import { SimError } from "../service.ts";
import type { SimIdentity } from "../service.ts";

export interface PushRecord {
  readonly pushId: number;
  readonly date: string;
  readonly pushedBy: SimIdentity;
  readonly updates: readonly RefUpdate[];
}

export interface RepositoryRecord {
  readonly id: string;
  readonly projectId: string;
  name: string;
  /** Full ref name; undefined while the repository is empty. */
  defaultBranch: string | undefined;
  isDisabled: boolean;
  isHidden: boolean;
  isInMaintenance: boolean;
  readonly parentId: string | undefined;
  readonly createdAt: string;
  deletedAt: string | undefined;
  deletedBy: SimIdentity | undefined;
  /** Locked refs and who locked them. */
  readonly locks: Map<string, SimIdentity>;
  readonly pushes: PushRecord[];
  /** Why an update is not allowed, e.g. a branch policy's TF402455. */
  refusal: ((update: RefUpdate) => string | undefined) | undefined;
  maxPushBytes: number | undefined;
  readonly hash: "sha1" | "sha256";
}

export interface NewRepository {
  readonly name: string;
  /** A repository on disk, bare or not, whose refs and objects it starts with. */
  readonly from?: string;
  /** Serve the bare repository `from` itself instead of a copy, until the first push. */
  readonly share?: boolean;
  readonly isDisabled?: boolean;
  readonly isHidden?: boolean;
  readonly parentId?: string;
  readonly hash?: "sha1" | "sha256";
}

export interface RepositoryStore {
  /** Those that are not deleted, of one project or of all. */
  list(projectId?: string): readonly RepositoryRecord[];
  deleted(projectId?: string): readonly RepositoryRecord[];
  byId(id: string): RepositoryRecord | undefined;
  /** By id, or by name within a project; not deleted ones. */
  find(idOrName: string, projectId?: string): RepositoryRecord | undefined;
  create(projectId: string, repository: NewRepository): RepositoryRecord;
  rename(repository: RepositoryRecord, name: string): void;
  setDefaultBranch(repository: RepositoryRecord, branch: string): void;
  delete(repository: RepositoryRecord): void;
  undelete(repository: RepositoryRecord): void;
  purge(repository: RepositoryRecord): void;
  /** Bare repository on disk, to read. */
  folderOf(repository: RepositoryRecord): string;
  /** The same, to write: a shared one becomes the repository's own first. */
  ownFolderOf(repository: RepositoryRecord): string;
  lfsFolderOf(repository: RepositoryRecord): string;
  /** How LFS of every repository behaves. */
  readonly lfs: LfsBehaviour;
  /** Bytes of objects. */
  sizeOf(repository: RepositoryRecord): number;
  /** Notes a push that git has carried out; the first branch becomes the default one. */
  pushed(repository: RepositoryRecord, updates: readonly RefUpdate[], by: SimIdentity): void;
}

export interface RepositoryStoreContext {
  readonly folder: string;
  readonly newId: () => string;
  readonly timestamp: () => string;
}

const emptyOid = /^0+$/;

export function repositoryStore(context: RepositoryStoreContext): RepositoryStore {
  const records = new Map<string, RepositoryRecord>();
  const byName = new Map<string, RepositoryRecord>();
  const disk = repositoryDisk(context.folder);
  let pushCount = 0;
  const keyOf = (projectId: string, name: string): string => `${projectId}/${name.toLowerCase()}`;
  const checkName = (projectId: string, name: string): void => {
    if (name === "" || name.length > 64 || /[\\/:*?"<>|#%$&+,;=@[\]^`{}~]|^[._]|\.$|^\s|\s$/.test(name))
      throw invalidName(name);
    if (byName.has(keyOf(projectId, name))) throw nameTaken(name);
  };
  const alive = (projectId?: string): RepositoryRecord[] =>
    [...records.values()].filter(
      (one) => one.deletedAt === undefined && (projectId ?? one.projectId) === one.projectId,
    );
  return {
    list: alive,
    deleted: (projectId) =>
      [...records.values()].filter(
        (one) => one.deletedAt !== undefined && (projectId ?? one.projectId) === one.projectId,
      ),
    byId: (id) => records.get(id.toLowerCase()),
    find: (idOrName, projectId) => {
      const byIdentity = records.get(idOrName.toLowerCase());
      if (byIdentity?.deletedAt === undefined && byIdentity !== undefined) return byIdentity;
      return projectId === undefined ? undefined : byName.get(keyOf(projectId, idOrName));
    },
    create: (projectId, repository) => {
      checkName(projectId, repository.name);
      const record = newRecord(projectId, repository, context);
      disk.start(record, repository);
      record.defaultBranch = repository.from === undefined ? undefined : headBranchOf(disk.folderOf(record));
      records.set(record.id, record);
      byName.set(keyOf(projectId, record.name), record);
      return record;
    },
    rename: (repository, name) => {
      if (name.toLowerCase() !== repository.name.toLowerCase()) checkName(repository.projectId, name);
      byName.delete(keyOf(repository.projectId, repository.name));
      repository.name = name;
      byName.set(keyOf(repository.projectId, name), repository);
    },
    setDefaultBranch: (repository, branch) => {
      if (!hasRef(disk.folderOf(repository), branch)) throw refMissing(branch);
      repository.defaultBranch = branch;
      writeFileSync(join(disk.ownFolderOf(repository), "HEAD"), `ref: ${branch}\n`);
    },
    delete: (repository) => {
      repository.deletedAt = context.timestamp();
      byName.delete(keyOf(repository.projectId, repository.name));
    },
    undelete: (repository) => {
      checkName(repository.projectId, repository.name);
      repository.deletedAt = undefined;
      byName.set(keyOf(repository.projectId, repository.name), repository);
    },
    purge: (repository) => void records.delete(repository.id),
    folderOf: (repository) => disk.folderOf(repository),
    ownFolderOf: (repository) => disk.ownFolderOf(repository),
    lfsFolderOf: (repository) => disk.lfsFolderOf(repository),
    lfs: {},
    sizeOf: (repository) => disk.sizeOf(repository),
    pushed: (repository, updates, by) => {
      pushCount += 1;
      repository.pushes.push({ pushId: pushCount, date: context.timestamp(), pushedBy: by, updates });
      disk.changed(repository);
      if (repository.defaultBranch === undefined) adoptFirstBranch(repository, updates, disk.folderOf(repository));
    },
  };
}

/** The first branch that is pushed becomes the default one. */
function adoptFirstBranch(repository: RepositoryRecord, updates: readonly RefUpdate[], folder: string): void {
  const branches = updates.filter(({ ref, newOid }) => ref.startsWith("refs/heads/") && !emptyOid.test(newOid));
  const names = branches.map(({ ref }) => ref).filter((ref) => hasRef(folder, ref));
  const first = names.find((ref) => /\/(main|master)$/.test(ref)) ?? names[0];
  if (first === undefined) return;
  repository.defaultBranch = first;
  writeFileSync(join(folder, "HEAD"), `ref: ${first}\n`);
}

interface RepositoryDisk {
  start(repository: RepositoryRecord, options: NewRepository): void;
  folderOf(repository: RepositoryRecord): string;
  ownFolderOf(repository: RepositoryRecord): string;
  lfsFolderOf(repository: RepositoryRecord): string;
  sizeOf(repository: RepositoryRecord): number;
  changed(repository: RepositoryRecord): void;
}

function repositoryDisk(root: string): RepositoryDisk {
  const shared = new Map<string, string>();
  const sizes = new Map<string, number>();
  const ownOf = (repository: RepositoryRecord): string => join(root, `${repository.id}.git`);
  const own = (repository: RepositoryRecord): string => {
    const folder = ownOf(repository);
    const original = shared.get(repository.id);
    if (original !== undefined) {
      shared.delete(repository.id);
      cpSync(original, folder, { recursive: true });
    } else if (!existsSync(folder)) {
      cpSync(emptyRepository(root, repository.hash), folder, { recursive: true });
    }
    return folder;
  };
  const folderOf = (repository: RepositoryRecord): string => shared.get(repository.id) ?? own(repository);
  return {
    start: (repository, { from, share }) => {
      if (from === undefined) return;
      if (share === true) shared.set(repository.id, from);
      else if (existsSync(join(from, "HEAD"))) cpSync(from, ownOf(repository), { recursive: true });
      else runGit(["clone", "--quiet", "--mirror", from, ownOf(repository)]);
    },
    folderOf,
    ownFolderOf: own,
    lfsFolderOf: (repository) => join(root, `${repository.id}.lfs`),
    sizeOf: (repository) => {
      const folder = shared.get(repository.id) ?? ownOf(repository);
      const size = sizes.get(folder) ?? bytesBelow(join(folder, "objects"));
      sizes.set(folder, size);
      return size;
    },
    changed: (repository) => void sizes.delete(ownOf(repository)),
  };
}

function emptyRepository(root: string, hash: "sha1" | "sha256"): string {
  const folder = join(root, `empty-${hash}.git`);
  if (existsSync(folder)) return folder;
  mkdirSync(root, { recursive: true });
  const format = hash === "sha256" ? ["--object-format=sha256"] : [];
  runGit(["init", "--quiet", "--bare", "--template=", "--initial-branch=main", ...format, folder]);
  appendFileSync(join(folder, "config"), repositorySettings);
  return folder;
}

/** As the service behaves: any reachable or unreachable tip can be asked for, partial clones work, pushes may be forced. */
const repositorySettings = `
[http]
	receivepack = true
[uploadpack]
	allowTipSHA1InWant = true
	allowFilter = true
[receive]
	denyDeleteCurrent = ignore
[gc]
	auto = 0
`;

function bytesBelow(folder: string): number {
  if (!existsSync(folder)) return 0;
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  let bytes = 0;
  for (const entry of entries) if (entry.isFile()) bytes += statSync(join(entry.parentPath, entry.name)).size;
  return bytes;
}

export function hasRef(folder: string, ref: string): boolean {
  if (existsSync(join(folder, ref))) return true;
  const packed = join(folder, "packed-refs");
  return (
    existsSync(packed) &&
    readFileSync(packed, "utf8")
      .split("\n")
      .some((line) => line.slice(line.indexOf(" ") + 1) === ref)
  );
}

function headBranchOf(folder: string): string | undefined {
  const branch = /^ref: (\S+)/.exec(readFileSync(join(folder, "HEAD"), "utf8"))?.[1];
  return branch !== undefined && hasRef(folder, branch) ? branch : undefined;
}

function newRecord(projectId: string, repository: NewRepository, context: RepositoryStoreContext): RepositoryRecord {
  return {
    id: context.newId(),
    projectId,
    name: repository.name,
    defaultBranch: undefined,
    isDisabled: repository.isDisabled ?? false,
    isHidden: repository.isHidden ?? false,
    isInMaintenance: false,
    parentId: repository.parentId,
    createdAt: context.timestamp(),
    deletedAt: undefined,
    deletedBy: undefined,
    locks: new Map(),
    pushes: [],
    refusal: undefined,
    maxPushBytes: undefined,
    hash: repository.hash ?? "sha1",
  };
}

function invalidName(name: string): SimError {
  const message = `TF401025: '${name}' is not a valid name for a Git repository.`;
  return badRequest("InvalidGitRepositoryNameException", message);
}

function nameTaken(name: string): SimError {
  const message = `TF400948: A Git repository with the name ${name} already exists.`;
  return new SimError(409, "GitRepositoryNameAlreadyExistsException", message);
}

function refMissing(branch: string): SimError {
  const message = `TF401173: The Git ref ${branch} does not exist.`;
  return new SimError(404, "GitRefNotFoundException", message);
}
