/** A small stand-in for what the Git kind does around GitAccess: keeps bundles as files, in chains. */
import { createReadStream, createWriteStream, mkdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { systemClock } from "../../engine/foundation/clock.ts";
import { silentReporter } from "../../engine/foundation/reporter.ts";
import { nodeGitAccess } from "../../engine/git/node-git-access.ts";
import type { NodeGitOptions } from "../../engine/git/node-git-access.ts";
import type { FetchRequest, GitAccess, GitRemote, LfsPointer } from "../../engine/git/git-access.ts";
import type { RefTarget } from "../../engine/vault/format/state.ts";
import { git } from "./git-repositories.ts";

export interface StoredSegment {
  readonly file: string;
  readonly header: number;
  readonly objects: number;
  readonly bytes: number;
}

export interface StoredRepository {
  readonly hash: "sha1" | "sha256";
  readonly refs: Readonly<Record<string, RefTarget>>;
  readonly head: string | null;
  readonly chain: readonly StoredSegment[];
  readonly pointers: readonly LfsPointer[];
  readonly method: "wire" | "wire-base" | "git" | "none";
  readonly hidden: number;
}

export function remoteOf(url: string, authorization = "Basic OnBhdA=="): GitRemote {
  return { url, authorization: async () => authorization };
}

/** GitAccess with real git and real time; pauses between tries are skipped. */
export function testGitAccess(
  temporaryFolder: string,
  more: Partial<NodeGitOptions> = {},
): GitAccess & { close(): void } {
  mkdirSync(temporaryFolder, { recursive: true });
  const clock = { ...systemClock, sleep: async () => undefined };
  return nodeGitAccess({ clock, random: () => 0.5, reporter: silentReporter, temporaryFolder, ...more });
}

let fileNumber = 0;

/** One backup of the remote on top of `previous`; throws what the fetch throws. */
export async function backUp(
  access: GitAccess,
  remote: GitRemote,
  options: {
    readonly folder: string;
    readonly previous?: StoredRepository;
    readonly thin?: boolean;
    readonly engine?: "wire" | "git";
  },
): Promise<StoredRepository> {
  const { previous } = options;
  const advertisement = await access.listRefs(remote);
  const { hash, head } = advertisement;
  const known = previous?.refs ?? {};
  const refs = Object.fromEntries(Object.entries(advertisement.refs).map(([name, [oid]]) => [name, oid]));
  const knownOids = new Set(Object.values(known).map(([oid]) => oid));
  const state = { hash, head, refs: advertisement.refs };
  if (Object.values(refs).every((oid) => knownOids.has(oid))) {
    return { ...state, chain: previous?.chain ?? [], pointers: [], method: "none", hidden: 0 };
  }
  const request: FetchRequest = {
    advertisement,
    refs,
    known,
    thin: options.thin ?? true,
    engine: options.engine ?? "wire",
  };
  const bundle = await access.fetchBundle(remote, request);
  const chain = bundle.isIncrement() ? (previous?.chain ?? []) : [];
  const file = join(options.folder, `segment-${(fileNumber += 1)}.bundle`);
  try {
    await pipeline(copies(bundle.chunks), createWriteStream(file));
  } catch (error) {
    rmSync(file, { force: true });
    throw error;
  }
  const { header, objects } = bundle.facts();
  const segment = { file, header, objects, bytes: statSync(file).size };
  return {
    ...state,
    chain: [...chain, segment],
    pointers: bundle.pointers(),
    method: bundle.method(),
    hidden: bundle.hiddenPointers(),
  };
}

export function flatRefs(refs: Readonly<Record<string, RefTarget>>): Record<string, string> {
  return Object.fromEntries(Object.entries(refs).map(([name, [oid]]) => [name, oid]));
}

/** As refsOf gives them for a repository. */
export function refLines(stored: StoredRepository): readonly string[] {
  const lines = Object.entries(stored.refs).map(([name, [oid]]) => `${oid} ${name}`);
  return lines.sort((a, b) => Buffer.compare(Buffer.from(a.slice(41)), Buffer.from(b.slice(41))));
}

export async function* bundlesOf(stored: StoredRepository): AsyncGenerator<AsyncIterable<Uint8Array>> {
  for (const { file } of stored.chain) yield createReadStream(file);
}

/** Restores by plain git, as a person without our code would: fetch each bundle in turn, then set the refs. */
export function restoreByFetch(stored: StoredRepository, folder: string): void {
  git(".", ["init", "--quiet", "--bare", `--object-format=${stored.hash}`, folder]);
  stored.chain.forEach(({ file }, index) => {
    git(folder, ["fetch", "--quiet", "--no-tags", file, `+refs/*:refs/segment/${index}/*`]);
  });
  const fetched = git(folder, ["for-each-ref", "--format=%(refname)"]).split("\n").filter(Boolean);
  const deletions = fetched.map((name) => `delete ${name}\n`);
  git(folder, ["update-ref", "--stdin"], deletions.join(""));
  const updates = Object.entries(stored.refs).map(([name, [oid]]) => `create ${name} ${oid}\n`);
  git(folder, ["update-ref", "--stdin"], updates.join(""));
}

/** A file's stream keeps chunks for later, when their room may hold others. */
async function* copies(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) yield Uint8Array.from(chunk);
}
