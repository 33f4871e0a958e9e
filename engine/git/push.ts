/**
 * Pushes refs to a remote by git itself. Large histories go in slices first, on branches of ours that are removed
 * again; then come the refs. The outcome is told ref by ref, with the server's own reason.
 */
import { BackupError } from "../foundation/errors.ts";
import type { GitRemote, PushRequest, PushResult } from "./git-access.ts";
import { objectTypes } from "./local-repository.ts";
import { pushSlices } from "./push-slices.ts";
import { removeRefs, setRefs, type PushTarget, type Refusal } from "./remote-push.ts";
import { isRefName } from "./ref-names.ts";

const sliceBranch = "refs/heads/project-backup/slice-";

export async function pushRefs(target: PushTarget, request: Omit<PushRequest, "folder">): Promise<PushResult> {
  const { refs, deletions, force } = request;
  const [good, bad] = divided(Object.entries(refs), ([name]) => isRefName(name));
  const refused: Refusal[] = bad.map(([ref]) => ({ ref, reason: "git does not accept this ref name" }));
  const helpers = await pushHistory(target, { oids: good.map(([, oid]) => oid), maxPushBytes: request.maxPushBytes });
  // Removals first: a branch `a` has to go before `a/b` can come.
  refused.push(...(await removeRefs(target, deletions.filter(isRefName))));
  refused.push(...(await setRefs(target, good, force)));
  await removeRefs(target, helpers);
  return { refused };
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
    const refs = slice.map((oid, index) => [`${sliceBranch}${branches.length + index}`, oid] as const);
    const [refusal] = await setRefs(target, refs, true);
    if (refusal !== undefined) throw sliceRefused(target.remote, refusal);
    branches.push(...refs.map(([name]) => name));
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

function divided<Item>(items: readonly Item[], isFirst: (item: Item) => boolean): readonly [Item[], Item[]] {
  return [items.filter(isFirst), items.filter((item) => !isFirst(item))];
}
