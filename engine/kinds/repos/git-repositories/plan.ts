/** Plans the restore of Git repositories: undelete what the recycle bin has, else create, or set back refs. */
import { cloneUrlOf } from "../../../azure-devops/repos/git-repositories.ts";
import { BackupError } from "../../../foundation/errors.ts";
import { stringAt } from "../../../foundation/json.ts";
import type { GitRemote } from "../../../git/git-access.ts";
import type { GitState } from "../../../vault/format/state.ts";
import type { SnapshotReader, StreamReader } from "../../../vault/streams/stream-reader.ts";
import type { Selection, Step, TargetProject } from "../../kind.ts";
import { deletedRepositories, isSameName, nameKey, presentRepositories } from "../../restore/repositories.ts";

export const kindName = "git-repositories";
/** More lines than this help nobody; the rest is counted. */
const maxListedRefs = 200;

export type Oids = Readonly<Record<string, string>>;

/** Compares the repository of the snapshot with the target; changes nothing. */
export async function* planRepository(selection: Selection, target: TargetProject): AsyncGenerator<Step> {
  const wanted = await wantedOf(selection);
  const found = await findInTarget(wanted, target, await hasNamesake(wanted, selection, target));
  if (found.place === "recycle-bin") yield* undeleteSteps(wanted, found.repository);
  else if (found.place === "none") yield* createSteps(wanted, found.name);
  else if (found.place === "taken") yield* takenSteps(wanted, target);
  else yield* existingSteps(wanted, found.repository, target);
}

/** Whether the snapshot has another repository that bears the name of this one, which is gone from the source. */
async function hasNamesake(wanted: Wanted, { stream }: Selection, { snapshot }: TargetProject): Promise<boolean> {
  if (stream.line.st !== "deleted" && stream.line.st !== "missing") return false;
  for await (const { s, st, name, state } of snapshot.streams()) {
    if (s === wanted.stream || !/^git-repositories\/[^/]+$/.test(s) || st === "deleted" || state === undefined)
      continue;
    if (isSameName(name ?? (await nameIn(snapshot, s)), wanted.name)) return true;
  }
  return false;
}

/** For vaults whose catalogue holds no names. */
async function nameIn(snapshot: SnapshotReader, id: string): Promise<string> {
  const stream = await snapshot.stream(id);
  return stream === undefined ? "" : (stringAt((await gitStateOf(stream)).detail ?? {}, "name") ?? "");
}

/** What a selection asks for. */
export interface Wanted {
  readonly stream: string;
  readonly id: string;
  readonly name: string;
  readonly refs: Oids;
  readonly head: string | null;
  /** Only these refs were asked for. */
  readonly isPart: boolean;
  readonly unpushable: number;
}

export async function wantedOf(selection: Selection): Promise<Wanted> {
  const state = await gitStateOf(selection.stream);
  const all = Object.entries(state.refs).map(([name, [oid]]) => [name, oid] as const);
  const pushable = all.filter(([name]) => !name.startsWith("refs/pull/"));
  const chosen = pushable.filter(([name]) => isChosen(name, selection.parts));
  if (selection.parts.length > 0 && chosen.length === 0) {
    throw new BackupError({
      code: "SELECTION_EMPTY",
      message: `No ref of ${stringAt(state.detail ?? {}, "name") ?? state.s} in this snapshot matches ${selection.parts.join(", ")}`,
      hint: "Name a branch as it was then, e.g. refs/heads/main.",
    });
  }
  return {
    stream: state.s,
    id: state.s.slice(kindName.length + 1),
    name: stringAt(state.detail ?? {}, "name") ?? state.s,
    refs: Object.fromEntries(chosen),
    head: state.head,
    isPart: selection.parts.length > 0,
    unpushable: all.length - pushable.length,
  };
}

function isChosen(name: string, parts: readonly string[]): boolean {
  return (
    parts.length === 0 ||
    parts.some((part) => name === part || name === `refs/heads/${part}` || name === `refs/tags/${part}`)
  );
}

/** Throws STATE_INVALID for a stream of another sort. */
export async function gitStateOf(stream: StreamReader): Promise<GitState> {
  const state = await stream.state();
  if (state.kind === "git") return state;
  throw new BackupError({
    code: "STATE_INVALID",
    message: `Stream ${state.s} of the snapshot is not a Git stream`,
    hint: "The vault was damaged or written by another tool; run VerifyBackup.",
  });
}

type Found =
  | {
      readonly place: "present" | "recycle-bin";
      readonly repository: {
        readonly id: string;
        readonly name: string;
        readonly defaultBranch?: string | undefined;
        readonly isDisabled?: boolean;
      };
    }
  /** To be created under this name. */
  | { readonly place: "none"; readonly name: string }
  /** Another repository, which is none of its states, has the name now. */
  | { readonly place: "taken" };

/**
 * By id where ids are kept or known, else by name: repository names are unique in a project. What has the name but is
 * another repository of the snapshot is never taken for this one.
 */
async function findInTarget(wanted: Wanted, target: TargetProject, isNamesake: boolean): Promise<Found> {
  const name = isNamesake ? apartFrom(wanted) : wanted.name;
  if (target.isNew) return { place: "none", name };
  const present = await presentRepositories(target);
  const byId = ownIds(wanted, target).flatMap((id) => present.byId.get(id) ?? [])[0];
  if (byId !== undefined) return { place: "present", repository: byId };
  if (target.isSource) {
    const inBin = (await deletedRepositories(target)).get(wanted.id);
    const isTaken = present.byName.has(nameKey(wanted.name));
    if (inBin !== undefined) return isTaken ? { place: "taken" } : { place: "recycle-bin", repository: inBin };
  }
  const byName = present.byName.get(nameKey(name));
  if (byName === undefined) return { place: "none", name };
  return target.isSource && (await target.snapshot.stream(`${kindName}/${byName.id.toLowerCase()}`)) !== undefined
    ? { place: "taken" }
    : { place: "present", repository: byName };
}

/**
 * Ids it may have in the target, the likeliest first. The repository itself counts more than what an earlier restore
 * made beside it, but where copies are asked for.
 */
function ownIds({ id }: Wanted, { ids, isSource, conflictPolicy }: TargetProject): readonly string[] {
  const made = ids.get(kindName, id) ?? [];
  const own = isSource ? [id] : [];
  return conflictPolicy === "rename" ? [made, own].flat() : [own, made].flat();
}

/** Beside another repository of the same name. */
export function apartFrom({ name, id }: Pick<Wanted, "name" | "id">): string {
  return `${name}-${id.slice(0, 8)}`;
}

function* takenSteps(wanted: Wanted, { conflictPolicy }: TargetProject): Generator<Step> {
  if (conflictPolicy === "rename") {
    yield* createSteps(wanted, apartFrom(wanted));
    return;
  }
  const reason = `another repository has the name ${wanted.name} now: rename that one, or restore with conflictPolicy rename`;
  yield step(wanted, { phase: "create", action: "cannot", changes: [], reason });
}

function* undeleteSteps(wanted: Wanted, repository: { readonly id: string }): Generator<Step> {
  const detail = { name: wanted.name };
  const targetId = repository.id.toLowerCase();
  yield step(wanted, {
    phase: "create",
    action: "undelete",
    changes: ["taken out of the recycle bin; keeps its id"],
    targetId,
    detail,
  });
  yield step(wanted, { phase: "fill", action: "update", changes: setLines(wanted.refs, {}), targetId, detail });
  yield step(wanted, { phase: "finish", action: "update", changes: defaultBranchLines(wanted), targetId, detail });
}

function* createSteps(wanted: Wanted, name: string): Generator<Step> {
  const changes = [`new repository ${name}`];
  if (wanted.unpushable > 0)
    changes.push(`${wanted.unpushable} refs/pull refs cannot be pushed back: Azure DevOps owns them`);
  yield step(wanted, { phase: "create", action: "create", changes, detail: { name } });
  yield step(wanted, { phase: "fill", action: "update", changes: setLines(wanted.refs, {}), detail: { name } });
  yield step(wanted, { phase: "finish", action: "update", changes: defaultBranchLines(wanted), detail: { name } });
}

async function* existingSteps(
  wanted: Wanted,
  repository: { readonly id: string; readonly name: string; readonly isDisabled?: boolean },
  target: TargetProject,
): AsyncGenerator<Step> {
  const targetId = repository.id.toLowerCase();
  if (repository.isDisabled === true) {
    yield step(wanted, {
      phase: "create",
      action: "cannot",
      changes: [],
      reason: `${repository.name} is disabled in the target: enable it, then restore`,
      targetId,
    });
    return;
  }
  const live = await liveRefs(repository.id, target);
  const changes = changeLines(wanted, live);
  if (changes.length === 0) {
    yield step(wanted, {
      phase: "create",
      action: "skip",
      changes: [],
      reason: "is already as in the snapshot",
      targetId,
    });
    return;
  }
  const onlyNew =
    Object.keys(wanted.refs).every((name) => live[name] === undefined || live[name] === wanted.refs[name]) &&
    wanted.isPart;
  if (target.conflictPolicy === "overwrite" || onlyNew) {
    const facts = { action: "update", targetId, detail: { name: repository.name, overwrite: !onlyNew } } as const;
    yield step(wanted, { ...facts, phase: "fill", changes });
    if (!wanted.isPart) yield step(wanted, { ...facts, phase: "finish", changes: defaultBranchLines(wanted) });
  } else if (target.conflictPolicy === "rename") {
    yield* renamedSteps(wanted, repository, target);
  } else {
    const reason = `exists and differs in ${changes.length} refs; conflictPolicy skip leaves it alone`;
    yield step(wanted, { phase: "create", action: "skip", changes, reason, targetId });
  }
}

/** A copy beside the original: branches under `restored-…/` for a part, else a repository with the snapshot's time in its name. */
async function* renamedSteps(
  wanted: Wanted,
  repository: { readonly id: string; readonly name: string },
  target: TargetProject,
): AsyncGenerator<Step> {
  const stamp = target.snapshot.id.slice(0, 15);
  if (wanted.isPart) yield* renamedPart(wanted, repository, { prefix: `restored-${stamp}/`, target });
  else yield* renamedWhole(wanted, `${wanted.name}-${stamp}`, target);
}

async function* renamedPart(
  wanted: Wanted,
  { id, name }: { readonly id: string; readonly name: string },
  { prefix, target }: { readonly prefix: string; readonly target: TargetProject },
): AsyncGenerator<Step> {
  const renamed = Object.fromEntries(Object.entries(wanted.refs).map(([ref, oid]) => [withPrefix(ref, prefix), oid]));
  const changes = setLines(renamed, await liveRefs(id, target));
  const targetId = id.toLowerCase();
  if (changes.length === 0) yield copiedAlready(wanted, targetId);
  else yield step(wanted, { phase: "fill", action: "create", changes, targetId, detail: { name, prefix } });
}

/** What has the name already is used when it is this very copy, or the beginning of one. */
async function* renamedWhole(wanted: Wanted, name: string, target: TargetProject): AsyncGenerator<Step> {
  const { byName } = await presentRepositories(target);
  for (let number = 1; ; number += 1) {
    const free = number === 1 ? name : `${name}-${number}`;
    const taken = byName.get(nameKey(free));
    const live = taken === undefined ? {} : await liveRefs(taken.id, target);
    if (Object.entries(live).some(([ref, oid]) => wanted.refs[ref] !== oid)) continue;
    if (taken !== undefined && changeLines(wanted, live).length === 0)
      yield copiedAlready(wanted, taken.id.toLowerCase());
    else yield* createSteps(wanted, free);
    return;
  }
}

function copiedAlready(wanted: Wanted, targetId: string): Step {
  const reason = "a copy as in the snapshot is there already";
  return step(wanted, { phase: "create", action: "skip", changes: [], reason, targetId });
}

export function withPrefix(ref: string, prefix: string): string {
  return ref.replace(/^(refs\/[^/]+\/)/, `$1${prefix}`);
}

function step(wanted: Wanted, facts: Omit<Step, "kind" | "stream" | "key" | "name">): Step {
  return { kind: kindName, stream: wanted.stream, key: wanted.id, name: wanted.name, ...facts };
}

function changeLines(wanted: Wanted, live: Oids): readonly string[] {
  const set = setLines(wanted.refs, live);
  if (wanted.isPart) return set;
  const later = laterRefs(wanted.refs, live).map((name) => `delete ${name}, which came after the snapshot`);
  return [...set, ...later];
}

export function laterRefs(wanted: Oids, live: Oids): readonly string[] {
  return Object.keys(live).filter((name) => wanted[name] === undefined && !name.startsWith("refs/pull/"));
}

function setLines(wanted: Oids, live: Oids): readonly string[] {
  const lines = Object.entries(wanted)
    .filter(([name, oid]) => live[name] !== oid)
    .map(
      ([name, oid]) =>
        `set ${name} to ${oid.slice(0, 12)}${live[name] === undefined ? "" : ` (is ${live[name].slice(0, 12)})`}`,
    );
  return lines.length <= maxListedRefs
    ? lines
    : [...lines.slice(0, maxListedRefs), `and ${lines.length - maxListedRefs} more refs`];
}

function defaultBranchLines(wanted: Wanted): readonly string[] {
  return wanted.head !== null && wanted.refs[wanted.head] !== undefined ? [`default branch ${wanted.head}`] : [];
}

export async function liveRefs(repositoryId: string, target: TargetProject): Promise<Oids> {
  const advertisement = await target.git.listRefs(remoteOf(repositoryId, target));
  return Object.fromEntries(Object.entries(advertisement.refs).map(([name, [oid]]) => [name, oid]));
}

export function remoteOf(repositoryId: string, { azureDevOps, project }: TargetProject): GitRemote {
  return {
    url: cloneUrlOf(azureDevOps.organization, project.id, repositoryId),
    authorization: () => azureDevOps.authorization(),
  };
}
