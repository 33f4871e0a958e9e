/**
 * Cuts a history into pushes below a size limit. Services refuse pushes beyond one (5 GB), and one commit can bring
 * all of it; so commits are taken oldest first, with the objects each one brings, until a push is full.
 */
import type { GitProcesses } from "./git-process.ts";
import { gitFailure } from "./git-process.ts";

/** Commits to push together; everything they reach beyond earlier slices fits into one push. */
export type PushSlice = readonly string[];

/** Share of the limit that is used: sizes on disk are only close to sizes in a push. */
const usableShare = 0.8;

/** Bytes of all packs of the repository: more than any push of it can have. */
export async function packBytes(git: GitProcesses, folder: string): Promise<number> {
  const args = ["count-objects", "-v"];
  const { status, stdout, stderr } = await git.run(folder, args);
  if (status !== 0) throw gitFailure(args, stderr);
  const kibibytesOf = (key: string): number => Number(new RegExp(`^${key}: (\\d+)$`, "m").exec(stdout)?.[1] ?? 0);
  return (kibibytesOf("size-pack") + kibibytesOf("size")) * 1024;
}

/**
 * Slices to push before the refs themselves; empty when everything fits into one push. What comes after the last full
 * slice is left to the refs' own push.
 */
export async function pushSlices(
  git: GitProcesses,
  folder: string,
  { tips, maxPushBytes }: { readonly tips: readonly string[]; readonly maxPushBytes: number },
): Promise<readonly PushSlice[]> {
  if (tips.length === 0 || (await packBytes(git, folder)) <= maxPushBytes) return [];
  const revisions = `${[...new Set(tips)].join("\n")}\n`;
  const cutter = new SliceCutter(await readParents(git, folder, revisions), maxPushBytes * usableShare);
  for await (const { oid, bytes } of objectsOldestFirst(git, folder, revisions)) cutter.add(oid, bytes);
  return cutter.slices;
}

class SliceCutter {
  readonly slices: PushSlice[] = [];
  readonly #parents: ReadonlyMap<string, readonly string[]>;
  readonly #limit: number;
  /** Commits of the current slice that no later commit of it has as parent. */
  #tips = new Set<string>();
  #bytes = 0;
  #commit: string | undefined;
  #commitBytes = 0;

  constructor(parents: ReadonlyMap<string, readonly string[]>, limit: number) {
    this.#parents = parents;
    this.#limit = limit;
  }

  /** Objects in the order of `rev-list --in-commit-order`: a commit, then what it brings. */
  add(oid: string, bytes: number): void {
    if (this.#parents.has(oid)) this.#beginCommit(oid);
    this.#commitBytes += bytes;
  }

  #beginCommit(oid: string): void {
    this.#closeCommit();
    this.#commit = oid;
    this.#commitBytes = 0;
  }

  #closeCommit(): void {
    const commit = this.#commit;
    if (commit === undefined) return;
    if (this.#tips.size > 0 && this.#bytes + this.#commitBytes > this.#limit) {
      this.slices.push([...this.#tips]);
      this.#tips = new Set();
      this.#bytes = 0;
    }
    for (const parent of this.#parents.get(commit) ?? []) this.#tips.delete(parent);
    this.#tips.add(commit);
    this.#bytes += this.#commitBytes;
  }
}

async function readParents(
  git: GitProcesses,
  folder: string,
  revisions: string,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const parents = new Map<string, readonly string[]>();
  for await (const line of linesOf(git.stream(folder, ["rev-list", "--parents", "--stdin"], revisions))) {
    const [commit, ...rest] = line.split(" ");
    if (commit !== undefined) parents.set(commit, rest);
  }
  return parents;
}

async function* objectsOldestFirst(
  git: GitProcesses,
  folder: string,
  revisions: string,
): AsyncGenerator<{ readonly oid: string; readonly bytes: number }> {
  const order = ["--objects", "--no-object-names", "--in-commit-order", "--topo-order", "--reverse"];
  const oids = git.stream(folder, ["rev-list", ...order, "--stdin"], revisions);
  const sizes = git.stream(folder, ["cat-file", "--buffer", "--batch-check=%(objectname) %(objectsize:disk)"], oids);
  for await (const line of linesOf(sizes)) {
    const [oid = "", bytes] = line.split(" ");
    yield { oid, bytes: Number(bytes) };
  }
}

async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of chunks) {
    const lines = (rest + Buffer.from(chunk).toString("latin1")).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}
