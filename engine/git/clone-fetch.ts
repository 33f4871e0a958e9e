/**
 * The last rung of the ladder: a temporary `clone --mirror` by git itself, which handles whatever the wire client does
 * not (proxies with NTLM, odd servers). What it packs takes the same shape as a bundle from the wire.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { BackupError } from "../foundation/errors.ts";
import { fetchedBundle, wantsOf } from "./fetched-bundle.ts";
import type { FetchedBundle, FetchRequest, GitRemote } from "./git-access.ts";
import { gitRemoteError } from "./git-remote-error.ts";
import type { GitProcesses } from "./git-process.ts";
import { objectTypes } from "./local-repository.ts";

export async function fetchByClone(
  git: GitProcesses,
  remote: GitRemote,
  { request, temporaryFolder }: { readonly request: FetchRequest; readonly temporaryFolder: string },
): Promise<FetchedBundle> {
  const folder = await mkdtemp(join(temporaryFolder, "clone-"));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true, maxRetries: 5 });
  try {
    const simple = await git.simple(folder, remote);
    await simple.raw(["clone", "--quiet", "--mirror", "--template=", "--", request.advertisement.url, "."]);
    const source = await packSourceOf(git, folder, request);
    return fetchedBundle(request, { ...source, pack: thenRemove(source.pack, remove), cancel: remove }, "git");
  } catch (error) {
    await remove();
    throw error instanceof BackupError ? error : gitRemoteError(error, request.advertisement.url);
  }
}

async function packSourceOf(
  git: GitProcesses,
  folder: string,
  request: FetchRequest,
): Promise<{ readonly common: ReadonlySet<string>; readonly pack: AsyncIterable<Uint8Array> }> {
  const { refs, known, thin, advertisement } = request;
  const knownOids = Object.values(known).map(([oid]) => oid);
  const present = await objectTypes(git, folder, [...Object.values(refs), ...knownOids]);
  const moved = Object.entries(refs).find(([, oid]) => !present.has(oid));
  if (moved !== undefined) {
    throw new BackupError({
      code: "GIT_MOVED",
      message: `Ref ${moved[0]} of ${advertisement.url} moved while it was read`,
      hint: "List the refs again and repeat; the next run does so.",
    });
  }
  const common = new Set(knownOids.filter((oid) => present.has(oid)));
  const wants = common.size > 0 ? wantsOf(request) : [...new Set(Object.values(refs))];
  const revisions = [...wants, ...[...common].map((oid) => `^${oid}`)];
  const flags = [
    "--stdout",
    "--revs",
    "--delta-base-offset",
    "--quiet",
    ...(thin && common.size > 0 ? ["--thin"] : []),
  ];
  return { common, pack: git.stream(folder, ["pack-objects", ...flags], `${revisions.join("\n")}\n`) };
}

async function* thenRemove(pack: AsyncIterable<Uint8Array>, remove: () => Promise<void>): AsyncGenerator<Uint8Array> {
  try {
    yield* pack;
  } finally {
    await remove();
  }
}
