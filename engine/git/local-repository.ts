/** Local bare repositories: made of bundles for restore and verification, and checked. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BackupError } from "../foundation/errors.ts";
import type { Reporter } from "../foundation/reporter.ts";
import { packOfBundle } from "./bundle-header.ts";
import type { AssembledContent } from "./git-access.ts";
import { gitFailure } from "./git-process.ts";
import type { GitProcesses } from "./git-process.ts";
import { isOid, isRefName } from "./ref-names.ts";

export interface Assembling {
  readonly content: AssembledContent;
  readonly reporter: Reporter;
  /** Objects are checked and their links followed while they are read, which `git fsck` would read once more. */
  readonly isStrict?: boolean;
}

/** Bundles become packs one after another; then the refs are set, all at once, and only if their objects are there. */
export async function assembleRepository(
  git: GitProcesses,
  folder: string,
  { content, reporter, isStrict = false }: Assembling,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const simple = await git.simple(folder);
  await simple.raw(["init", "--quiet", "--bare", "--template=", `--object-format=${content.hash}`]);
  const args = ["index-pack", ...(isStrict ? ["--strict"] : []), "--stdin", "--fix-thin"];
  for await (const bundle of content.bundles) await addPack(git, folder, { args, bundle });
  const refs = validRefs(content, reporter);
  await requireObjects(git, folder, refs);
  await writeRefs(folder, refs);
  if (content.head !== null && isRefName(content.head)) await simple.raw(["symbolic-ref", "HEAD", content.head]);
}

async function addPack(
  git: GitProcesses,
  folder: string,
  { args, bundle }: { readonly args: readonly string[]; readonly bundle: AsyncIterable<Uint8Array> },
): Promise<void> {
  const { status, stderr } = await git.run(folder, args, packOfBundle(bundle));
  if (status !== 0) throw gitFailure(args, stderr);
}

type Refs = readonly (readonly [name: string, oid: string])[];

function validRefs({ refs, hash }: AssembledContent, reporter: Reporter): Refs {
  return Object.entries(refs).filter(([name, oid]) => {
    const isGood = isRefName(name) && isOid(oid, hash);
    if (!isGood) reporter.warn(`Ref ${name} is left out: git does not accept it`);
    return isGood;
  });
}

/** Every oid has to exist, and branches have to be commits. */
async function requireObjects(git: GitProcesses, folder: string, refs: Refs): Promise<void> {
  const types = await objectTypes(
    git,
    folder,
    refs.map(([, oid]) => oid),
  );
  for (const [name, oid] of refs) {
    const type = types.get(oid);
    if (type !== undefined && (type === "commit" || !name.startsWith("refs/heads/"))) continue;
    throw new BackupError({
      code: "GIT_DAMAGED",
      message: `Ref ${name} points to ${oid}, which is ${type === undefined ? "not in the stored bundles" : `a ${type}`}`,
      hint: "Run VerifyBackup to see which snapshots are affected, and restore from another one.",
    });
  }
}

/** Types of the objects that exist. */
export async function objectTypes(
  git: GitProcesses,
  folder: string,
  oids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const types = new Map<string, string>();
  const distinct = [...new Set(oids)];
  if (distinct.length === 0) return types;
  const args = ["cat-file", "--batch-check=%(objectname) %(objecttype)"];
  const { status, stdout, stderr } = await git.run(folder, args, `${distinct.join("\n")}\n`);
  if (status !== 0) throw gitFailure(args, stderr);
  for (const line of stdout.split("\n")) {
    const [oid, type] = line.split(" ");
    if (oid !== undefined && type !== undefined && type !== "missing") types.set(oid, type);
  }
  return types;
}

/**
 * As one packed-refs file: loose refs would collide on file systems that ignore case, and ten thousand of them are slow.
 */
async function writeRefs(folder: string, refs: Refs): Promise<void> {
  const lines = refs.map(([name, oid]) => `${oid} ${name}\n`);
  await writeFile(join(folder, "packed-refs"), lines.join(""));
}

/** What an object was committed with, e.g. `error in tree …: zeroPaddedFilemode`: its hash proves that it came so. */
const committedDefect = /^(?:error|warning) in \S+ [0-9a-f]{40,64}: /;
/** Said of sound repositories too, or the second line of a report. */
const remark = /^(?:notice: |warning: |dangling |unreachable |to )/;

/** Lines of `git fsck --full --strict` that mean damage. */
export async function checkRepository(git: GitProcesses, folder: string): Promise<readonly string[]> {
  const args = ["fsck", "--full", "--strict", "--no-dangling", "--no-progress"];
  const { status, stdout, stderr } = await git.run(folder, args);
  if (status === 0) return [];
  const lines = `${stdout}\n${stderr}`.split("\n").map((line) => line.trim());
  const told = lines.filter((line) => line !== "" && !remark.test(line));
  if (told.length === 0) return [`git fsck ended with ${status}`];
  return told.filter((line) => !committedDefect.test(line));
}
