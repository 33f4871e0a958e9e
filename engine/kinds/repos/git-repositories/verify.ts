/** Level `content` of a Git stream: put the chain together with plain git, check it, compare the refs. */
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { describeError, hasCode } from "../../../foundation/errors.ts";
import { inert } from "../../../foundation/text.ts";
import type { AssembledContent } from "../../../git/git-access.ts";
import { watchHeader } from "../../../git/bundle-header.ts";
import type { StreamReader } from "../../../vault/streams/stream-reader.ts";
import type { FilesState, GitState, StreamState } from "../../../vault/format/state.ts";
import { gitStateOf } from "./plan.ts";
import type { Finding, VerifyTools } from "../../kind.ts";
import { isStoredDamage } from "../../../vault/format/stored-damage.ts";

export async function* verifyRepository(stream: StreamReader, tools: VerifyTools): AsyncGenerator<Finding> {
  const state = await gitStateOf(stream);
  try {
    const verified = { stream, state, tools };
    // Sound repositories are read once. What is amiss in others is found out by reading them again.
    const findings = await withFolder(tools, (folder) => findingsOfSound(folder, verified));
    yield* findings ?? (await withFolder(tools, (folder) => findingsOfAny(folder, verified)));
  } catch (error) {
    if (!isStoredDamage(error) && !hasCode(error, "GIT_DAMAGED")) throw error;
    yield damage(state.s, error.code, describeError(error));
  }
}

interface Verified {
  readonly stream: StreamReader;
  readonly state: GitState;
  readonly tools: VerifyTools;
}

/** Undefined where something is amiss. */
async function findingsOfSound(folder: string, verified: Verified): Promise<readonly Finding[] | undefined> {
  const { stream, state, tools } = verified;
  const heads: Heads = { last: undefined };
  try {
    await tools.git.assembleStrictly(folder, contentOf(verified, heads));
  } catch (error) {
    if (hasCode(error, "GIT_DAMAGED")) return undefined;
    throw error;
  }
  return [...strayRefs(state, stream.line.t, heads)];
}

async function findingsOfAny(folder: string, verified: Verified): Promise<readonly Finding[]> {
  const { stream, state, tools } = verified;
  const heads: Heads = { last: undefined };
  await tools.git.assemble(folder, contentOf(verified, heads));
  const problems = await tools.git.check(folder);
  return [
    ...strayRefs(state, stream.line.t, heads),
    ...problems.map((problem) => damage(state.s, "GIT_FSCK", problem)),
  ];
}

function contentOf({ stream, state }: Verified, heads: Heads): AssembledContent {
  const refs = Object.fromEntries(Object.entries(state.refs).map(([name, [oid]]) => [name, oid]));
  return { hash: state.hash, bundles: bundlesOf(stream, heads), refs, head: state.head };
}

async function withFolder<Result>(
  { temporaryFolder }: VerifyTools,
  work: (folder: string) => Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(temporaryFolder, "verify-"));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Refs of the last bundle, by its header. */
interface Heads {
  last: Readonly<Record<string, string>> | undefined;
}

async function* bundlesOf(stream: StreamReader, heads: Heads): AsyncGenerator<AsyncIterable<Uint8Array>> {
  for await (const bundle of stream.bundles()) {
    const watched = watchHeader(bundle.chunks);
    yield watched.chunks;
    heads.last = watched.refs();
  }
}

/**
 * The last bundle was made of the very refs that the state lists, if it belongs to the state's digest: it names those
 * that were new then, and the base all of them.
 */
function* strayRefs({ s, refs, chain }: GitState, digest: string | undefined, { last }: Heads): Generator<Finding> {
  if (last === undefined || digest === undefined || chain.at(-1)?.to !== digest) return;
  const names = new Set([...Object.keys(last), ...(chain.length === 1 ? Object.keys(refs) : [])]);
  for (const name of names) {
    if (refs[name]?.[0] === last[name]) continue;
    const found = `${refs[name]?.[0] ?? "nothing"}, its last bundle says ${last[name] ?? "nothing"}`;
    yield damage(s, "GIT_REFS_DIFFER", `The state's list of refs has for ${inert(name)} ${found}`);
  }
}

/** What the digest of a state is made of, and so what nobody can give another digest for without the agent key. */
export async function holdsRepositoryDigest(
  state: StreamState,
  files: readonly FilesState[],
  { digest, digestOf }: { readonly digest: string; readonly digestOf: (value: unknown) => Promise<string> },
): Promise<boolean> {
  if (state.kind !== "git") return true;
  const now = { hash: state.hash, head: state.head, refs: state.refs, detail: state.detail ?? {} };
  if ((await digestOf(now)) === digest) return true;
  for (const { missing = [] } of files)
    if (missing.length > 0 && (await digestOf({ ...now, missing })) === digest) return true;
  return false;
}

function damage(stream: string, code: string, message: string): Finding {
  return { stream, code, message, severity: "damage" };
}
