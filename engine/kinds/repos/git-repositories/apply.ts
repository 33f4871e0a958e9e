/**
 * Restoring Git repositories by their plan: undelete, or create and push; LFS content goes first.
 * A restore is safe to repeat: a repository that holds nothing but refs of the snapshot is ours to finish.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  createRepository,
  getRepository,
  listRepositories,
  undeleteRepository,
  updateRepository,
  type Repository,
} from "../../../azure-devops/repos/git-repositories.ts";
import { BackupError, hasCode } from "../../../foundation/errors.ts";
import { stringAt } from "../../../foundation/json.ts";
import type { LfsObjectSource } from "../../../git/git-access.ts";
import type { StreamReader } from "../../../vault/streams/stream-reader.ts";
import {
  apartFrom,
  gitStateOf,
  kindName,
  laterRefs,
  liveRefs,
  remoteOf,
  wantedOf,
  withPrefix,
  type Wanted,
} from "./plan.ts";
import { isSameName, presentRepositories } from "../../restore/repositories.ts";
import type { ApplyContext, Step, StepResult, TargetProject } from "../../kind.ts";

/** Azure Repos refuses pushes over 5 GB; stay well below. */
const maxPushBytes = 2_000_000_000;

export async function applyGitStep(step: Step, context: ApplyContext): Promise<StepResult> {
  if (step.action === "skip" || step.action === "cannot") return skipped(step, context);
  if (step.phase === "create") return step.action === "undelete" ? undelete(step, context) : create(step, context);
  return step.phase === "fill" ? fill(step, context) : setDefaultBranch(step, context);
}

async function skipped(step: Step, { selection, target }: ApplyContext): Promise<StepResult> {
  const planned = plannedId(step);
  const isIt = planned !== undefined && (await isItself(planned, await wantedOf(selection), target));
  const targetId = isIt ? planned : undefined;
  return {
    outcome: "skipped",
    ...(targetId === undefined ? {} : { newId: targetId }),
    ...(step.reason === undefined ? {} : { message: step.reason }),
  };
}

async function undelete(step: Step, { target, attempted }: ApplyContext): Promise<StepResult> {
  const id = step.key; // only what keeps its id can lie in the recycle bin
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

async function findByName(name: string, { azureDevOps, project }: TargetProject): Promise<Repository | undefined> {
  try {
    const found = await getRepository(azureDevOps, project.id, name);
    return isSameName(found.name, name) ? found : undefined;
  } catch (error) {
    if (hasCode(error, "ADO_NOT_FOUND")) return undefined;
    throw error;
  }
}

async function holdsOnlySnapshotRefs(repository: Repository, { selection, target }: ApplyContext): Promise<boolean> {
  const wanted = await wantedOf(selection);
  const live = await liveRefs(repository.id, target);
  return Object.entries(live).every(([name, oid]) => wanted.refs[name] === oid);
}

async function fill(step: Step, { selection, target }: ApplyContext): Promise<StepResult> {
  const wanted = await wantedOf(selection);
  const id = await targetIdOf(step, wanted, target);
  const remote = remoteOf(id, target);
  const folder = await mkdtemp(join(target.temporaryFolder, "restore-"));
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
  const wanted = await wantedOf(selection);
  const id = await targetIdOf(step, wanted, target);
  if (wanted.head !== null && wanted.refs[wanted.head] !== undefined) {
    await updateRepository(target.azureDevOps, { project: target.project.id, id }, { defaultBranch: wanted.head });
  }
  return { outcome: "updated", newId: id };
}

/** What the plan found; plans of earlier tasks say it in `detail`. */
function plannedId({ targetId, detail = {} }: Step): string | undefined {
  return targetId ?? stringAt(detail, "targetId");
}

/** The repository to write to. Throws unless it is known to be this one's, whatever the plan says. */
async function targetIdOf(step: Step, wanted: Wanted, target: TargetProject): Promise<string> {
  const made = target.ids.get(kindName, step.key);
  const id = plannedId(step) ?? made;
  if (id === undefined)
    throw new BackupError({
      code: "RESTORE_DEPENDENCY",
      message: `Repository ${step.name} was not created, so its content has nowhere to go`,
      hint: "See the failure of the step that creates it; run the restore again when that is solved.",
    });
  if (await isItself(id, wanted, target)) return id;
  throw new BackupError({
    code: "RESTORE_CONFLICT",
    message: `Repository ${id} in ${target.project.name} is not, or is no longer, ${wanted.name} of the snapshot`,
    hint: "Make a new plan: run the restore again, with previewOnly first.",
  });
}

/** Kept or known by its id; else it has the name, in this project. */
async function isItself(id: string, wanted: Wanted, target: TargetProject): Promise<boolean> {
  if (target.ids.isMade(kindName, wanted.id, id) || (target.isSource && id.toLowerCase() === wanted.id)) return true;
  const named = (await presentRepositories(target)).byId.get(id.toLowerCase());
  return named !== undefined && [wanted.name, apartFrom(wanted)].some((name) => isSameName(named.name, name));
}
