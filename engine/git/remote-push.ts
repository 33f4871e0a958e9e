/**
 * One push of any number of refs. Arguments have a limit (32,767 characters on Windows), so refspecs go through the
 * standard input of git's own HTTP helper, which `git push` itself talks to (gitremote-helpers(7)). Refs to be set come
 * from a scratch repository that has exactly these, by one wildcard: git looks up refspecs that are named one by one in
 * all refs, which takes the square of their number.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join, resolve, sep } from "node:path";
import type { GitRemote, PushResult } from "./git-access.ts";
import type { GitOutcome, GitProcesses } from "./git-process.ts";
import { gitRemoteError } from "./git-remote-error.ts";

export type Refusal = PushResult["refused"][number];

export interface PushTarget {
  readonly git: GitProcesses;
  readonly remote: GitRemote;
  /** Repository that has the objects. */
  readonly folder: string;
  /** For the scratch repository. */
  readonly temporaryFolder: string;
}

/** Oids by name; the names are good ones (`isRefName`). */
export type RefsToSet = readonly (readonly [name: string, oid: string])[];

/** Sets the refs in one push; returns those that the server, or git itself, refused. Throws when nothing was decided. */
export async function setRefs(target: PushTarget, refs: RefsToSet, force: boolean): Promise<readonly Refusal[]> {
  if (refs.length === 0) return [];
  const scratch = await mkdtemp(join(target.temporaryFolder, "push-"));
  try {
    await makeScratch(target, scratch, refs);
    const names = refs.map(([name]) => name);
    return await pushed(target, { folder: scratch, refspecs: [`${force ? "+" : ""}refs/*:refs/*`], names });
  } finally {
    await rm(scratch, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Removes the refs in one push; the names are good ones. Those that are not there are refused by the server. */
export async function removeRefs(target: PushTarget, names: readonly string[]): Promise<readonly Refusal[]> {
  if (names.length === 0) return [];
  return pushed(target, { folder: target.folder, refspecs: names.map((name) => `:${name}`), names });
}

async function makeScratch({ git, folder }: PushTarget, scratch: string, refs: RefsToSet): Promise<void> {
  const hash = refs[0]?.[1].length === 64 ? "sha256" : "sha1";
  const simple = await git.simple(scratch);
  await simple.raw(["init", "--quiet", "--bare", "--template=", `--object-format=${hash}`]);
  await mkdir(join(scratch, "objects", "info"), { recursive: true });
  const objects = resolve(folder, "objects").split(sep).join("/");
  await writeFile(join(scratch, "objects", "info", "alternates"), `${objects}\n`);
  await writeFile(join(scratch, "packed-refs"), refs.map(([name, oid]) => `${oid} ${name}\n`).join(""));
}

interface Push {
  readonly folder: string;
  readonly refspecs: readonly string[];
  /** Refs that it is about: the helper reports others, too. */
  readonly names: readonly string[];
}

async function pushed({ git, remote }: PushTarget, { folder, refspecs, names }: Push): Promise<readonly Refusal[]> {
  const helper = remote.url.startsWith("https:") ? "remote-https" : "remote-http";
  const lines = ["option progress false", "option verbosity 0", ...refspecs.map((refspec) => `push ${refspec}`)];
  const command = { args: [helper, remote.url, remote.url], input: `${lines.join("\n")}\n\n\n` };
  const outcome = await git.reach(folder, remote, command);
  const said = reportOf(outcome);
  const isRefused = names.some((name) => said.get(name) !== undefined && said.get(name) !== accepted);
  // A push of which nothing was refused ends well; else something other than a ref was wrong.
  if (outcome.status !== 0 && !isRefused) throw gitRemoteError(outcome.stderr, remote.url);
  return names.flatMap((ref) => {
    const reason = said.get(ref) ?? "the server did not say what became of it";
    return reason === accepted ? [] : [{ ref, reason }];
  });
}

const accepted = Symbol("accepted");

/** `ok <ref>` or `error <ref> <reason>`, the reason quoted as in C when it has to be. */
function reportOf({ stdout }: GitOutcome): ReadonlyMap<string, string | typeof accepted> {
  const said = new Map<string, string | typeof accepted>();
  for (const line of stdout.split("\n")) {
    const [, verdict, ref, reason = ""] = /^(ok|error) (\S+)(?: (.*))?$/.exec(line) ?? [];
    if (ref !== undefined) said.set(ref, verdict === "ok" ? accepted : reasonOf(reason));
  }
  return said;
}

/** What git calls differently here than where it speaks to people. */
const reworded: Readonly<Record<string, string>> = { "non-fast forward": "non-fast-forward" };

function reasonOf(text: string): string {
  const plain = unquoted(text);
  return reworded[plain] ?? (plain === "" ? "the server gave no reason" : plain);
}

/** C's escapes; other bytes than ASCII stand as three octal digits each. Control characters become spaces. */
function unquoted(text: string): string {
  const quoted = /^"(.*)"$/.exec(text)?.[1];
  if (quoted === undefined) return text;
  const bytes = [...quoted.matchAll(/\\([0-7]{3})|\\(.)|([^\\]+)/g)].map(([, octal, escaped, plain = ""]) => {
    if (octal !== undefined) return Buffer.from([Number.parseInt(octal, 8)]);
    if (escaped !== undefined) return Buffer.from(/^["\\]$/.test(escaped) ? escaped : " ");
    return Buffer.from(plain);
  });
  return Buffer.concat(bytes)
    .toString("utf8")
    .replace(/\p{Cc}/gu, " ");
}
