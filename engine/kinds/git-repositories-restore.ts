/**
 * Restoring Git repositories: undelete when the recycle bin has it, else create and push; LFS content goes first.
 * A restore is safe to repeat: a repository that holds nothing but refs of the snapshot is ours to finish.
 */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  cloneUrlOf,
  createRepository,
  listDeletedRepositories,
  listRepositories,
  undeleteRepository,
  updateRepository,
  type Repository,
} from "../azure-devops/git-repositories.ts";
import { BackupError } from "../foundation/errors.ts";
import { stringAt, type JsonObject } from "../foundation/json.ts";
import type { GitRemote, LfsObjectSource } from "../git/git-access.ts";
import type { GitState } from "../vault/state.ts";
import type { StreamReader } from "../vault/stream-reader.ts";
import type { ApplyContext, ArchiveFolder, Selection, Step, StepResult, TargetProject } from "./kind.ts";

const kindName = "git-repositories";
/** Azure Repos refuses pushes over 5 GB; stay well below. */
const maxPushBytes = 2_000_000_000;
/** More lines than this help nobody; the rest is counted. */
const maxListedRefs = 200;

type Oids = Readonly<Record<string, string>>;

export async function* planRepository(selection: Selection, target: TargetProject): AsyncGenerator<Step> {
  const wanted = await wantedOf(selection);
  const found = await findInTarget(wanted, target);
  if (found.place === "recycle-bin") yield* undeleteSteps(wanted, found.repository);
  else if (found.place === "none") yield* createSteps(wanted, wanted.name);
  else yield* existingSteps(wanted, found.repository, target);
}

interface Wanted {
  readonly stream: string;
  readonly id: string;
  readonly name: string;
  readonly refs: Oids;
  readonly head: string | null;
  /** Only these refs were asked for. */
  readonly isPart: boolean;
  readonly unpushable: number;
}

async function wantedOf(selection: Selection): Promise<Wanted> {
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
  | { readonly place: "none" };

/** By id where ids are kept or known, else by name: repository names are unique in a project. */
async function findInTarget(wanted: Wanted, target: TargetProject): Promise<Found> {
  if (target.isNew) return { place: "none" };
  const present = await listRepositories(target.azureDevOps, target.project.id);
  const knownId = target.ids.get(kindName, wanted.id) ?? (target.isSource ? wanted.id : undefined);
  const byId = present.find((repository) => repository.id.toLowerCase() === knownId);
  if (byId !== undefined) return { place: "present", repository: byId };
  if (target.isSource) {
    const deleted = await listDeletedRepositories(target.azureDevOps, target.project.id);
    const inBin = deleted.find((repository) => repository.id.toLowerCase() === wanted.id);
    if (inBin !== undefined) return { place: "recycle-bin", repository: inBin };
  }
  const byName = present.find((repository) => isSameName(repository.name, wanted.name));
  return byName === undefined ? { place: "none" } : { place: "present", repository: byName };
}

function isSameName(left: string, right: string): boolean {
  return left.localeCompare(right, "en", { sensitivity: "accent" }) === 0;
}

function* undeleteSteps(wanted: Wanted, repository: { readonly id: string }): Generator<Step> {
  const detail = { targetId: repository.id, name: wanted.name };
  yield step(wanted, {
    phase: "create",
    action: "undelete",
    changes: ["taken out of the recycle bin; keeps its id"],
    detail,
  });
  yield step(wanted, { phase: "fill", action: "update", changes: setLines(wanted.refs, {}), detail });
  yield step(wanted, { phase: "finish", action: "update", changes: defaultBranchLines(wanted), detail });
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
  if (repository.isDisabled === true) {
    yield step(wanted, {
      phase: "create",
      action: "cannot",
      changes: [],
      reason: `${repository.name} is disabled in the target: enable it, then restore`,
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
      detail: { targetId: repository.id },
    });
    return;
  }
  const onlyNew =
    Object.keys(wanted.refs).every((name) => live[name] === undefined || live[name] === wanted.refs[name]) &&
    wanted.isPart;
  if (target.conflictPolicy === "overwrite" || onlyNew) {
    const detail = { targetId: repository.id, name: repository.name, overwrite: !onlyNew };
    yield step(wanted, { phase: "fill", action: "update", changes, detail });
    if (!wanted.isPart)
      yield step(wanted, { phase: "finish", action: "update", changes: defaultBranchLines(wanted), detail });
  } else if (target.conflictPolicy === "rename") {
    yield* renamedSteps(wanted, repository, target);
  } else {
    const reason = `exists and differs in ${changes.length} refs; conflictPolicy skip leaves it alone`;
    yield step(wanted, { phase: "create", action: "skip", changes, reason, detail: { targetId: repository.id } });
  }
}

/** A copy beside the original: branches under `restored/` for a part, else a repository with the snapshot's time in its name. */
function* renamedSteps(
  wanted: Wanted,
  repository: { readonly id: string; readonly name: string },
  target: TargetProject,
): Generator<Step> {
  const stamp = target.snapshot.id.slice(0, 15);
  if (!wanted.isPart) {
    yield* createSteps(wanted, `${wanted.name}-${stamp}`);
    return;
  }
  const prefix = `restored-${stamp}/`;
  const renamed = Object.fromEntries(Object.entries(wanted.refs).map(([name, oid]) => [withPrefix(name, prefix), oid]));
  yield step(wanted, {
    phase: "fill",
    action: "create",
    changes: setLines(renamed, {}),
    detail: { targetId: repository.id, name: repository.name, prefix },
  });
}

function withPrefix(ref: string, prefix: string): string {
  return ref.replace(/^(refs\/[^/]+\/)/, `$1${prefix}`);
}

function step(
  wanted: Wanted,
  facts: Pick<Step, "phase" | "action" | "changes"> & { readonly reason?: string; readonly detail?: JsonObject },
): Step {
  return { kind: kindName, stream: wanted.stream, key: wanted.id, name: wanted.name, ...facts };
}

function changeLines(wanted: Wanted, live: Oids): readonly string[] {
  const set = setLines(wanted.refs, live);
  if (wanted.isPart) return set;
  const later = laterRefs(wanted.refs, live).map((name) => `delete ${name}, which came after the snapshot`);
  return [...set, ...later];
}

function laterRefs(wanted: Oids, live: Oids): readonly string[] {
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

async function liveRefs(repositoryId: string, target: TargetProject): Promise<Oids> {
  const advertisement = await target.git.listRefs(remoteOf(repositoryId, target));
  return Object.fromEntries(Object.entries(advertisement.refs).map(([name, [oid]]) => [name, oid]));
}

function remoteOf(repositoryId: string, { azureDevOps, project }: TargetProject): GitRemote {
  return {
    url: cloneUrlOf(azureDevOps.organization, project.id, repositoryId),
    authorization: () => azureDevOps.authorization(),
  };
}

export async function applyGitStep(step: Step, context: ApplyContext): Promise<StepResult> {
  if (step.action === "skip" || step.action === "cannot") return skipped(step, context);
  if (step.phase === "create") return step.action === "undelete" ? undelete(step, context) : create(step, context);
  return step.phase === "fill" ? fill(step, context) : setDefaultBranch(step, context);
}

async function skipped(step: Step, { target }: ApplyContext): Promise<StepResult> {
  const targetId = stringAt(step.detail ?? {}, "targetId");
  if (targetId !== undefined) target.ids.set(kindName, step.key, targetId);
  return {
    outcome: "skipped",
    ...(targetId === undefined ? {} : { newId: targetId }),
    ...(step.reason === undefined ? {} : { message: step.reason }),
  };
}

async function undelete(step: Step, { target, attempted }: ApplyContext): Promise<StepResult> {
  const id = stringAt(step.detail ?? {}, "targetId") ?? step.key;
  const present = attempted ? await listRepositories(target.azureDevOps, target.project.id) : [];
  const isBack = present.some((repository) => repository.id.toLowerCase() === id.toLowerCase());
  if (!isBack) await undeleteRepository(target.azureDevOps, target.project.id, id);
  return { outcome: isBack ? "adopted" : "undeleted", newId: id };
}

async function create(step: Step, context: ApplyContext): Promise<StepResult> {
  const { target } = context;
  const name = stringAt(step.detail ?? {}, "name") ?? step.name;
  const earlier = await findByName(name, target);
  if (earlier === undefined) {
    const repository = await createRepository(target.azureDevOps, target.project.id, name);
    return { outcome: "created", newId: repository.id.toLowerCase() };
  }
  // A new project brings an empty repository of its own name; an earlier run may have begun this very one.
  if (await holdsOnlySnapshotRefs(earlier, context)) return { outcome: "adopted", newId: earlier.id.toLowerCase() };
  throw new BackupError({
    code: "RESTORE_CONFLICT",
    message: `A repository ${name} with other content appeared in ${target.project.name} meanwhile`,
    hint: "Rename it, or restore with conflictPolicy rename.",
  });
}

async function findByName(name: string, target: TargetProject): Promise<Repository | undefined> {
  const present = await listRepositories(target.azureDevOps, target.project.id);
  return present.find((repository) => isSameName(repository.name, name));
}

async function holdsOnlySnapshotRefs(repository: Repository, { selection, target }: ApplyContext): Promise<boolean> {
  const wanted = await wantedOf(selection);
  const live = await liveRefs(repository.id, target);
  return Object.entries(live).every(([name, oid]) => wanted.refs[name] === oid);
}

async function fill(step: Step, { selection, target }: ApplyContext): Promise<StepResult> {
  const id = targetIdOf(step, target);
  const wanted = await wantedOf(selection);
  const remote = remoteOf(id, target);
  const folder = join(target.temporaryFolder, `restore-${step.key}`);
  try {
    await assembleInto(folder, selection.stream, target);
    await target.git.uploadLfs(remote, lfsObjects(selection.stream, target));
    const prefix = stringAt(step.detail ?? {}, "prefix");
    const refs =
      prefix === undefined
        ? wanted.refs
        : Object.fromEntries(Object.entries(wanted.refs).map(([name, oid]) => [withPrefix(name, prefix), oid]));
    const live = await liveRefs(id, target);
    const deletions = step.detail?.overwrite === true && !wanted.isPart ? laterRefs(wanted.refs, live) : [];
    const changed = Object.fromEntries(Object.entries(refs).filter(([name, oid]) => live[name] !== oid));
    const { refused } = await target.git.push(remote, { folder, refs: changed, deletions, force: true, maxPushBytes });
    if (refused.length > 0) throw refusedError(step.name, refused);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return { outcome: "updated", newId: id };
}

function refusedError(
  name: string,
  refused: readonly { readonly ref: string; readonly reason: string }[],
): BackupError {
  const list = refused.slice(0, 5).map(({ ref, reason }) => `${ref} (${reason})`);
  return new BackupError({
    code: "GIT_PUSH",
    message: `Azure DevOps refused ${refused.length} refs of ${name}: ${list.join(", ")}`,
    hint: "Give the identity Contribute, Force push, Create branch, Create tag and Bypass policies when pushing on the target repository.",
  });
}

async function assembleInto(folder: string, stream: StreamReader, tools: Pick<TargetProject, "git">): Promise<void> {
  const state = await gitStateOf(stream);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const refs = Object.fromEntries(Object.entries(state.refs).map(([name, [oid]]) => [name, oid]));
  await tools.git.assemble(folder, { hash: state.hash, bundles: bundlesOf(stream), refs, head: state.head });
}

async function* bundlesOf(stream: StreamReader): AsyncGenerator<AsyncIterable<Uint8Array>> {
  for await (const bundle of stream.bundles()) yield bundle.chunks;
}

async function* lfsObjects(stream: StreamReader, target: TargetProject): AsyncGenerator<LfsObjectSource> {
  const files = await target.snapshot.stream(`${stream.line.s}/files`);
  if (files === undefined) return;
  for await (const entry of files.toc()) {
    yield { oid: entry.id, size: entry.length, open: () => openFile(files, entry.id) };
  }
}

async function openFile(files: StreamReader, id: string): Promise<AsyncIterable<Uint8Array>> {
  const file = await files.file(id);
  if (file !== undefined) return file.chunks;
  throw new BackupError({
    code: "OBJECT_MISSING",
    message: `LFS object ${id} stands in the table of ${files.line.s} but cannot be found`,
    hint: "Run VerifyBackup; restore this repository from another snapshot.",
  });
}

async function setDefaultBranch(step: Step, { selection, target }: ApplyContext): Promise<StepResult> {
  const id = targetIdOf(step, target);
  const wanted = await wantedOf(selection);
  if (wanted.head !== null && wanted.refs[wanted.head] !== undefined) {
    await updateRepository(target.azureDevOps, { project: target.project.id, id }, { defaultBranch: wanted.head });
  }
  return { outcome: "updated", newId: id };
}

function targetIdOf(step: Step, target: TargetProject): string {
  const id = stringAt(step.detail ?? {}, "targetId") ?? target.ids.get(kindName, step.key);
  if (id !== undefined) return id;
  throw new BackupError({
    code: "RESTORE_DEPENDENCY",
    message: `Repository ${step.name} was not created, so its content has nowhere to go`,
    hint: "See the failure of the step that creates it; run the restore again when that is solved.",
  });
}

export async function archiveRepository(selection: Selection, into: ArchiveFolder): Promise<void> {
  const state = await gitStateOf(selection.stream);
  const name = stringAt(state.detail ?? {}, "name") ?? state.s;
  let number = 0;
  for await (const bundle of selection.stream.bundles()) {
    number += 1;
    await into.write(`repositories/${name}/${String(number).padStart(4, "0")}.bundle`, bundle.chunks);
  }
  await into.write(
    `repositories/${name}/refs.json`,
    `${JSON.stringify({ head: state.head, refs: state.refs }, undefined, 2)}\n`,
  );
  await into.write(`repositories/${name}/README.txt`, archiveReadme(name, number));
  const files = await into.sibling(`${selection.stream.line.s}/files`);
  if (files === undefined) return;
  for await (const file of files.files()) await into.write(`repositories/${name}/lfs/${file.id}`, file.chunks);
}

function archiveReadme(name: string, bundles: number): string {
  return [
    `Repository ${name}: ${bundles} Git bundles, oldest first. To put it together:`,
    "",
    "  git init --bare repository.git",
    "  for each bundle, in order:",
    "    git -C repository.git fetch --no-tags ../0001.bundle '+refs/*:refs/seg/0001/*'",
    "  then set the refs listed in refs.json (git update-ref <name> <oid>) and delete refs/seg.",
    "",
    "Files in lfs/ belong into lfs/objects/<first two>/<next two>/<name> of the repository.",
    "",
  ].join("\n");
}
