/**
 * Git repositories: all refs, LFS objects, default branch and settings. Incremental by ref tips: one refs request
 * per repository decides; news come as a thin bundle over the wire (docs/decisions/0006). Restore stands in
 * apply.ts.
 */
import { cloneUrlOf, listRepositories } from "../../../azure-devops/repos/git-repositories.ts";
import { hasCode } from "../../../foundation/errors.ts";
import { isObject, stringAt, type JsonObject } from "../../../foundation/json.ts";
import { counted, inert } from "../../../foundation/text.ts";
import {
  ladderOf,
  type Advertisement,
  type FetchedBundle,
  type FetchRung,
  type GitRemote,
  type LfsPointer,
} from "../../../git/git-access.ts";
import { disabledCode } from "../../../vault/format/coverage.ts";
import type { Segment } from "../../../vault/format/ref.ts";
import type { CatalogueItem, GitState, RefTarget } from "../../../vault/format/state.ts";
import { archiveRepository } from "./archive.ts";
import { entryOf, lostFindings, lostPointers, stillLost, storeLfs } from "./lfs.ts";
import { deletedRepositories } from "../../restore/repositories.ts";
import { planRepository } from "./plan.ts";
import { figuresOf, nothingFetched, packOnTopOf, toldOf, type PackTold } from "./figures.ts";
import { applyGitStep } from "./apply.ts";
import { unseenRepositories } from "./unseen.ts";
import { holdsRepositoryDigest, verifyRepository } from "./verify.ts";
import type {
  Absence,
  BackupWork,
  Finding,
  ResourceKind,
  SourceProject,
  SourceStream,
  StreamOutcome,
} from "../../kind.ts";

const kindName = "git-repositories";
type Refs = Readonly<Record<string, RefTarget>>;

export const gitRepositories: ResourceKind = {
  name: kindName,
  title: "Git repositories",
  narrowedBy: "streams",
  permissions: {
    backUp: [{ scope: "vso.code", permission: "Read on every repository" }],
    restore: [
      { scope: "vso.code_manage", permission: "Create repository" },
      {
        scope: "vso.code_write",
        permission: "Contribute, Force push, Create branch, Create tag, Manage notes, Bypass policies when pushing",
      },
    ],
  },
  streams: listStreams,
  unseen: unseenRepositories,
  absence: absenceOf,
  backUp: backUpRepository,
  holdsDigest: holdsRepositoryDigest,
  verify: verifyRepository,
  archive: archiveRepository,
  restore: {
    after: ["project"],
    applying: "concurrent",
    references: async function* () {
      // A repository stands on its own; forks are complete when fetched.
    },
    plan: planRepository,
    apply: applyGitStep,
  },
};

async function* listStreams(source: SourceProject): AsyncGenerator<SourceStream> {
  for (const repository of await listRepositories(source.azureDevOps, source.project.id)) {
    yield { id: `${kindName}/${repository.id.toLowerCase()}`, name: repository.name, facts: repository.raw };
  }
}

/** Deleted only when it lies in the project's recycle bin; everything else may be a missing permission. */
async function absenceOf(stream: string, source: SourceProject): Promise<Absence> {
  const id = stream.slice(kindName.length + 1);
  if ((await deletedRepositories(source)).has(id)) {
    return { status: "deleted", evidence: "it is in the project's recycle bin" };
  }
  return { status: "missing", reason: "it is neither listed nor in the recycle bin: hidden from the token, or purged" };
}

async function backUpRepository(stream: SourceStream, work: BackupWork): Promise<StreamOutcome> {
  if (stream.facts.isDisabled === true) return disabled(stream);
  const remote = remoteOf(stream, work.source);
  try {
    const seen = await look(stream, remote, work);
    if (seen.digest === work.previous.digest && work.previous.broken === undefined) return { status: "unchanged" };
    return (await onlyLost(seen, work)) ?? (await storeRepository(seen, work));
  } catch (error) {
    if (hasCode(error, "GIT_DISABLED")) return disabled(stream);
    throw error;
  }
}

interface RepositoryNow {
  readonly hash: "sha1" | "sha256";
  readonly head: string | null;
  readonly refs: Refs;
  readonly detail: JsonObject;
}

/** One look at the remote: everything stored of this run belongs to it. */
interface Seen {
  readonly stream: SourceStream;
  readonly remote: GitRemote;
  readonly advertisement: Advertisement;
  readonly now: RepositoryNow;
  readonly digest: string;
}

/** Pauses before a listing that broke off is asked for again. */
const lookAgainAfterMs = [1000, 5000];

async function look(stream: SourceStream, remote: GitRemote, work: BackupWork): Promise<Seen> {
  const advertisement = await listedPatiently(remote, work.source);
  const now = snapshotOf(advertisement, stream, work.source);
  return { stream, remote, advertisement, now, digest: await work.into.digestOf(now) };
}

async function listedPatiently(remote: GitRemote, { git, clock, signal }: SourceProject): Promise<Advertisement> {
  for (const waitMs of lookAgainAfterMs) {
    try {
      return await git.listRefs(remote);
    } catch (error) {
      if (!hasCode(error, "GIT_TRUNCATED")) throw error;
      await clock.sleep(waitMs, signal);
    }
  }
  return git.listRefs(remote);
}

async function storeRepository(first: Seen, work: BackupWork): Promise<StreamOutcome> {
  const { seen, news } = await climb(first, work);
  const { now, stream } = seen;
  const files = await work.into.files(await work.previous.files());
  const lost = await storeLfs({ remote: seen.remote, stream, pointers: news.pointers, files, work });
  const asOf = work.source.clock.now().toISOString();
  const filesState = await files.finish({ asOf, missing: lost.map(entryOf) });
  const before = await gitPast(work);
  const isBase = news.chain.length === 1 && news.chain[0]?.o !== before?.chain[0]?.o;
  const pack = news.pack ?? (before === undefined ? undefined : await packOnTopOf(before, seen, work));
  const git = await figuresOf({ ...seen, before, pack, isBase }, work);
  const state: GitState = {
    s: stream.id,
    kind: "git",
    asOf,
    hash: now.hash,
    refs: now.refs,
    head: now.head,
    detail: now.detail,
    chain: news.chain,
  };
  return {
    status: "changed",
    digest: await digestWith(seen, lost, work),
    state,
    ...(filesState === undefined ? {} : { files: filesState }),
    items: await work.into.items([], catalogueOf(now), { complete: true }),
    count: Object.keys(now.refs).length,
    git,
    changes: refChanges((await previousGit(work))?.refs ?? {}, now.refs),
    findings: [
      ...lostFindings(stream, lost, lostPointers(await work.previous.files())),
      ...hiddenPointers(stream, news.hidden),
    ],
  };
}

async function previousGit(work: BackupWork): Promise<GitState | undefined> {
  const state = await work.previous.state();
  return state?.kind === "git" ? state : undefined;
}

async function gitPast(work: BackupWork): Promise<GitState | undefined> {
  const state = await work.previous.past();
  return state?.kind === "git" ? state : undefined;
}

interface News {
  readonly chain: readonly Segment[];
  /** What came on top of the state before; absent when everything was asked for. */
  readonly pack?: PackTold;
  readonly pointers: readonly LfsPointer[];
  /** Small deltas that may be LFS pointers and could not be read. */
  readonly hidden: number;
}

/** What is still lost makes another digest: the next run asks for it again, though no ref has moved. */
function digestWith({ now, digest }: Seen, lost: readonly LfsPointer[], work: BackupWork): Promise<string> | string {
  return lost.length === 0 ? digest : work.into.digestOf({ ...now, missing: lost.map(entryOf) });
}

/** Nothing is new, and what could not be had is lost still: said in every run, until it is back. */
async function onlyLost(seen: Seen, work: BackupWork): Promise<StreamOutcome | undefined> {
  if (work.previous.digest === undefined || work.previous.broken !== undefined) return undefined;
  const lost = lostPointers(await work.previous.files());
  if (lost.length === 0 || work.previous.digest !== (await digestWith(seen, lost, work))) return undefined;
  const still = await stillLost(work.source.git, seen.remote, lost);
  return still === undefined ? undefined : { status: "unchanged", findings: lostFindings(seen.stream, still, lost) };
}

/** Climbs the fallback ladder: each rung may look at the remote again, because refs move while we read. */
async function climb(first: Seen, work: BackupWork): Promise<{ readonly seen: Seen; readonly news: News }> {
  const { clock, options, reporter, signal } = work.source;
  let failure: unknown;
  for (const rung of ladderOf(options.gitEngine)) {
    await clock.sleep(rung.waitMs, signal);
    try {
      const seen = rung.relist ? await look(first.stream, first.remote, work) : first;
      return { seen, news: await fetchNews(seen, rung, work) };
    } catch (error) {
      if (!hasCode(error, "GIT_PROTOCOL", "GIT_TRUNCATED", "GIT_REMOTE", "GIT_UNAVAILABLE", "GIT_MOVED")) throw error;
      failure = error;
      reporter.info(`Repository ${inert(first.stream.name)}: ${inert(error.message)}; trying another way`);
    }
  }
  throw failure;
}

async function fetchNews(seen: Seen, rung: FetchRung, work: BackupWork): Promise<News> {
  const previous = rung.useKnown ? await continuable(work, seen.now) : undefined;
  const known = previous?.refs ?? {};
  const knownOids = new Set(Object.values(known).map(([oid]) => oid));
  const refs = Object.fromEntries(Object.entries(seen.now.refs).map(([name, [oid]]) => [name, oid]));
  if (previous !== undefined && Object.values(refs).every((oid) => knownOids.has(oid)))
    return { chain: previous.chain, pack: nothingFetched, pointers: [], hidden: 0 };
  if (Object.keys(refs).length === 0) return { chain: [], pack: nothingFetched, pointers: [], hidden: 0 };
  const usesLfs = (await work.previous.files()) !== undefined;
  const request = { advertisement: seen.advertisement, refs, known, engine: rung.engine };
  const bundle = await work.source.git.fetchBundle(seen.remote, { ...request, thin: !usesLfs });
  const stored = { ...(await storeBundle(seen, bundle, { previous, work })), ...toldOf(bundle, previous, usesLfs) };
  if (bundle.hiddenPointers() === 0 || (bundle.pointers().length === 0 && !usesLfs)) return { ...stored, hidden: 0 };
  if (usesLfs || !bundle.isIncrement()) return stored; // it was no thin pack: another try would bring the same
  // The first LFS files of a repository may hide in deltas of a thin pack: read those commits again without deltas.
  const plain = await work.source.git.fetchBundle(seen.remote, { ...request, thin: false });
  return { ...stored, ...(await storeBundle(seen, plain, { previous, work })) };
}

/** The previous state, when its chain may be continued. */
async function continuable(work: BackupWork, now: RepositoryNow): Promise<GitState | undefined> {
  const state = (await work.previous.rebase()) === undefined ? await previousGit(work) : undefined;
  return state?.hash === now.hash && state.chain.length > 0 ? state : undefined;
}

async function storeBundle(
  { digest }: Seen,
  bundle: FetchedBundle,
  { previous, work }: { readonly previous: GitState | undefined; readonly work: BackupWork },
): Promise<News> {
  const from = bundle.isIncrement() ? (previous?.chain.at(-1)?.to ?? null) : null;
  const segment = await work.into.bundle({ from, to: digest }, bundle);
  return {
    chain: from === null ? [segment] : [...(previous?.chain ?? []), segment],
    pointers: bundle.pointers(),
    hidden: bundle.hiddenPointers(),
  };
}

function snapshotOf(advertisement: Advertisement, stream: SourceStream, source: SourceProject): RepositoryNow {
  const kept = Object.entries(advertisement.refs)
    .filter(([name]) => source.options.pullRequestRefs || !name.startsWith("refs/pull/"))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    hash: advertisement.hash,
    head: advertisement.head ?? stringAt(stream.facts, "defaultBranch") ?? null,
    refs: Object.fromEntries(kept),
    detail: settingsOf(stream.facts),
  };
}

/** What of the listing is a setting: volatile figures and addresses would make every run look like a change. */
function settingsOf(facts: JsonObject): JsonObject {
  const parent = facts.parentRepository;
  return {
    name: stringAt(facts, "name") ?? "",
    ...(stringAt(facts, "defaultBranch") === undefined
      ? {}
      : { defaultBranch: stringAt(facts, "defaultBranch") ?? "" }),
    ...(facts.isFork === true ? { isFork: true } : {}),
    ...(isObject(parent) && stringAt(parent, "id") !== undefined ? { parentId: stringAt(parent, "id") ?? "" } : {}),
  };
}

async function* catalogueOf(now: RepositoryNow): AsyncGenerator<CatalogueItem> {
  for (const [name, [oid]] of Object.entries(now.refs)) {
    yield { id: name, name: name.replace(/^refs\/(?:heads|tags)\//, ""), type: refType(name), state: oid };
  }
}

function refType(name: string): string {
  if (name.startsWith("refs/heads/")) return "branch";
  return name.startsWith("refs/tags/") ? "tag" : "ref";
}

/** Added, changed and deleted refs. */
export function refChanges(
  before: Refs,
  after: Refs,
): { readonly added: number; readonly changed: number; readonly deleted: number } {
  const names = Object.keys(after);
  return {
    added: names.filter((name) => before[name] === undefined).length,
    changed: names.filter((name) => before[name] !== undefined && before[name][0] !== after[name]?.[0]).length,
    deleted: Object.keys(before).filter((name) => after[name] === undefined).length,
  };
}

function remoteOf(stream: SourceStream, { azureDevOps, project }: SourceProject): GitRemote {
  const id = stream.id.slice(kindName.length + 1);
  return {
    url: cloneUrlOf(azureDevOps.organization, project.id, id),
    authorization: () => azureDevOps.authorization(),
  };
}

function disabled({ id, name }: SourceStream): StreamOutcome {
  const found = `Repository ${inert(name)} is disabled: Azure DevOps does not deliver it`;
  const message = `${found}, its last stored state is kept`;
  return {
    status: "carried",
    finding: { stream: id, code: disabledCode, message, severity: "note" },
    gap: {
      message: `${found}, and nothing of it was ever stored`,
      cure: `Enable it for the time of one backup, or leave it out on purpose with exclude: ${kindName}/${inert(name)}.`,
    },
  };
}

function hiddenPointers(stream: SourceStream, count: number): readonly Finding[] {
  if (count === 0) return [];
  const message = `Repository ${inert(stream.name)} holds ${counted(count, "small object")} that may be LFS pointers and could not be read; their LFS content may be missing`;
  return [{ stream: stream.id, code: "LFS_POINTERS_UNCERTAIN", message, severity: "warning" }];
}
