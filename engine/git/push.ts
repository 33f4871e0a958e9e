/**
 * Pushes refs to a remote by git itself. Large histories go in slices first, on branches of ours that are removed
 * again; then come the refs. The outcome is told ref by ref, with the server's own reason.
 */
import { BackupError } from "../foundation/errors.ts";
import type { GitRemote, PushRequest, PushResult } from "./git-access.ts";
import { gitRemoteError } from "./git-remote-error.ts";
import type { GitProcesses } from "./git-process.ts";
import { objectTypes } from "./local-repository.ts";
import { pushSlices } from "./push-slices.ts";
import { isRefName } from "./ref-names.ts";

type Refusal = PushResult["refused"][number];

const sliceBranch = "refs/heads/project-backup/slice-";
/** Windows takes 32,767 characters of arguments; one push of fewer refs is as good. */
const maxArgumentCharacters = 20_000;

export async function pushRefs(git: GitProcesses, remote: GitRemote, request: PushRequest): Promise<PushResult> {
  const { refs, deletions, force, folder } = request;
  const [good, bad] = divided(Object.entries(refs), ([name]) => isRefName(name));
  const refused: Refusal[] = bad.map(([ref]) => ({ ref, reason: "git does not accept this ref name" }));
  const target = { git, remote, folder };
  const helpers = await pushHistory(target, { oids: good.map(([, oid]) => oid), maxPushBytes: request.maxPushBytes });
  const plus = force ? "+" : "";
  const updates = good.map(([name, oid]) => `${plus}${oid}:${name}`);
  const removals = deletions.filter(isRefName).map((name) => `:${name}`);
  // Removals first: a branch `a` has to go before `a/b` can come.
  refused.push(...(await pushRefspecs(target, removals)), ...(await pushRefspecs(target, updates)));
  await pushRefspecs(
    target,
    helpers.map((name) => `:${name}`),
  );
  return { refused };
}

interface PushTarget {
  readonly git: GitProcesses;
  readonly remote: GitRemote;
  readonly folder: string;
}

/** Pushes what is too large for one push, oldest first; returns the branches it made. */
async function pushHistory(
  target: PushTarget,
  { oids, maxPushBytes }: { readonly oids: readonly string[]; readonly maxPushBytes: number },
): Promise<readonly string[]> {
  const types = await objectTypes(target.git, target.folder, oids);
  const tips = oids.filter((oid) => types.get(oid) === "commit" || types.get(oid) === "tag");
  const branches: string[] = [];
  for (const slice of await pushSlices(target.git, target.folder, { tips, maxPushBytes })) {
    const refspecs = slice.map((oid, index) => `+${oid}:${sliceBranch}${branches.length + index}`);
    const [refusal] = await pushRefspecs(target, refspecs);
    if (refusal !== undefined) throw sliceRefused(target.remote, refusal);
    branches.push(...slice.map((_, index) => `${sliceBranch}${branches.length + index}`));
  }
  return branches;
}

function sliceRefused({ url }: GitRemote, { ref, reason }: Refusal): BackupError {
  return new BackupError({
    code: "GIT_PUSH",
    message: `${url} refused a part of the history, pushed as ${ref}: ${reason}`,
    hint: "Allow the identity to create branches, or give it 'Bypass policies when pushing'; then restore again.",
  });
}

async function pushRefspecs(target: PushTarget, refspecs: readonly string[]): Promise<readonly Refusal[]> {
  const refused: Refusal[] = [];
  for (const batch of batches(refspecs)) refused.push(...(await pushBatch(target, batch)));
  return refused;
}

function* batches(refspecs: readonly string[]): Generator<readonly string[]> {
  let batch: string[] = [];
  let characters = 0;
  for (const refspec of refspecs) {
    if (characters + refspec.length > maxArgumentCharacters && batch.length > 0) {
      yield batch;
      batch = [];
      characters = 0;
    }
    batch.push(refspec);
    characters += refspec.length + 3;
  }
  if (batch.length > 0) yield batch;
}

async function pushBatch(
  { git, remote, folder }: PushTarget,
  refspecs: readonly string[],
): Promise<readonly Refusal[]> {
  const simple = await git.simple(folder, remote);
  try {
    return refusals(await simple.raw(["push", "--porcelain", "--no-verify", "--", remote.url, ...refspecs]));
  } catch (error) {
    const refused = refusals(error instanceof Error ? error.message : "");
    if (refused.length === 0) throw gitRemoteError(error, remote.url);
    return refused;
  }
}

/** `!<TAB><from>:<to><TAB>[remote rejected] (<reason>)` (git-push, --porcelain). */
function refusals(output: string): readonly Refusal[] {
  return output.split("\n").flatMap((line) => {
    const [, ref, summary] = /^!\t[^\t]*?:([^\t:]+)\t(.+)$/.exec(line) ?? [];
    if (ref === undefined || summary === undefined) return [];
    return [{ ref, reason: /\((.+)\)$/.exec(summary)?.[1] ?? summary }];
  });
}

function divided<Item>(items: readonly Item[], isFirst: (item: Item) => boolean): readonly [Item[], Item[]] {
  return [items.filter(isFirst), items.filter((item) => !isFirst(item))];
}
