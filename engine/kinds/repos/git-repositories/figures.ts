/**
 * What a night changed in a repository, in numbers (docs/format.md 3.4). Most of it lies in the refs and in the pack
 * that comes anyway. One small request compares the tips of a default branch that has moved; at a base one more counts
 * files. A failure of these costs the figures, never the backup: what is not known is left out.
 */
import { differenceBetween, type CommitDifference } from "../../../azure-devops/repos/git-repositories.ts";
import { BackupError } from "../../../foundation/errors.ts";
import { inert } from "../../../foundation/text.ts";
import type { Advertisement, FetchedBundle, GitRemote } from "../../../git/git-access.ts";
import { isAncestor, type PackFigures } from "../../../git/pack-news.ts";
import type { GitState, RefTarget } from "../../../vault/format/state.ts";
import type { BackupWork, GitFigures, GitNight, SourceStream } from "../../kind.ts";

type Refs = Readonly<Record<string, RefTarget>>;

/** What a pack told, and what it holds. */
export interface PackTold {
  readonly figures: PackFigures;
  readonly parents: ReadonlyMap<string, readonly string[]>;
  /** Deltas against known objects were asked for. */
  readonly isThinAsked: boolean;
}

/** Nothing had to be fetched. */
export const nothingFetched: PackTold = {
  figures: { whole: 0, largeWhole: 0, dense: 0, halfDense: 0, isThin: false },
  parents: new Map(),
  isThinAsked: false,
};

export interface GitChange {
  readonly stream: SourceStream;
  readonly remote: GitRemote;
  readonly advertisement: Advertisement;
  readonly now: { readonly refs: Refs; readonly head: string | null };
  /** Of the parent snapshot, also when its chain cannot be continued; undefined for none. */
  readonly before: GitState | undefined;
  /** What has come on top of the state before; undefined when that cannot be told from what was there. */
  readonly pack: PackTold | undefined;
  /** The chain starts anew. */
  readonly isBase: boolean;
}

/** A pack that builds on nothing although we offered all we have brings what the server has now: all of it is new. */
export function toldOf(
  bundle: FetchedBundle,
  previous: GitState | undefined,
  usesLfs: boolean,
): { readonly pack?: PackTold } {
  if (previous === undefined) return {};
  return { pack: told(bundle, !usesLfs && bundle.isIncrement()) };
}

function told(bundle: FetchedBundle, isThinAsked: boolean): PackTold {
  return { figures: bundle.figures(), parents: bundle.parents(), isThinAsked };
}

/**
 * At a base everything comes: what of it is new is asked for once more, on top of the state before, and only counted.
 * Undefined when that fails, and where only a clone could tell.
 */
export async function packOnTopOf(
  before: GitState,
  { stream, remote, advertisement, now }: Omit<GitChange, "before" | "pack" | "isBase">,
  work: BackupWork,
): Promise<PackTold | undefined> {
  const known = new Set(Object.values(before.refs).map(([oid]) => oid));
  const refs = Object.fromEntries(Object.entries(now.refs).map(([name, [oid]]) => [name, oid]));
  if (Object.values(refs).every((oid) => known.has(oid))) return nothingFetched;
  if (work.source.options.gitEngine === "git" || before.hash !== advertisement.hash) return undefined;
  return attempted(stream, work, async () => {
    const request = { advertisement, refs, known: before.refs, thin: true, engine: "wire" } as const;
    const bundle = await work.source.git.fetchBundle(remote, request);
    const passing = bundle.chunks[Symbol.asyncIterator]();
    while ((await passing.next()).done !== true);
    return told(bundle, bundle.isIncrement());
  });
}

/** Requests of one run about branches whose history is in doubt, beside one for each default branch. */
const maxDoubtful = 20;
const doubtfulAsked = new WeakMap<object, number>();

/** Never throws but for a run that is cancelled. */
export async function figuresOf(change: GitChange, work: BackupWork): Promise<GitFigures> {
  const { before } = change;
  if (before === undefined) return withoutUnknown({ filesNow: await countFiles(change, work) });
  const difference = await defaultDifference(change, before, work);
  const filesNow = isCountDue(change, before, difference) ? await countFiles(change, work) : undefined;
  const files = before.trend?.files ?? filesBefore(filesNow, difference);
  const rewritten = await rewrittenBranches(change, before, { difference, work });
  const thin = learnedThin(change, { before, difference, files });
  const night: GitNight = {
    ...withoutUnknown({ files }),
    branches: count(before.refs, "refs/heads/"),
    tags: count(before.refs, "refs/tags/"),
    ...difference?.files,
    ...withoutUnknown({ lost: difference?.lost }),
    ...contentOf(change.pack, { thin, hadFiles: tipOf(before) !== undefined }),
    ...refFigures(before.refs, change.now.refs),
    ...rewritten,
  };
  return withoutUnknown({ night, filesNow, thin });
}

/** Also once for states of versions that did not count, and when the service does not tell how the number changed. */
function isCountDue({ isBase }: GitChange, { trend }: GitState, difference: DefaultDifference | undefined): boolean {
  return isBase || trend === undefined || difference?.files === undefined;
}

interface DefaultDifference {
  readonly files?: Pick<CommitDifference, "added" | "edited" | "deleted">;
  readonly lost?: number;
  /** The server does not know the old tip any more. */
  readonly isForgotten?: boolean;
}

const noDifference: DefaultDifference = { files: { added: 0, edited: 0, deleted: 0 }, lost: 0 };

async function defaultDifference(
  change: GitChange,
  before: GitState,
  work: BackupWork,
): Promise<DefaultDifference | undefined> {
  const [base, target] = [tipOf(before), tipOf(change.now)];
  if (base === target) return noDifference;
  if (base === undefined) return undefined;
  if (target === undefined) {
    const files = before.trend?.files;
    return files === undefined ? undefined : { files: { added: 0, edited: 0, deleted: files } };
  }
  const found = await compared(change, [base, target], work);
  if (found === undefined || found === "forgotten") return found === undefined ? undefined : { isForgotten: true };
  const { behind, ...files } = found;
  return { files, lost: behind };
}

/** What a default branch points to; undefined for none. */
function tipOf({ refs, head }: { readonly refs: Refs; readonly head: string | null }): string | undefined {
  const target = head === null ? undefined : refs[head];
  return target?.[1] ?? target?.[0];
}

async function compared(
  { stream }: GitChange,
  commits: readonly [base: string, target: string],
  work: BackupWork,
): Promise<CommitDifference | "forgotten" | undefined> {
  const { azureDevOps, project } = work.source;
  const repositoryId = stream.id.slice(stream.id.indexOf("/") + 1);
  return attempted(stream, work, async () => {
    try {
      return await differenceBetween(azureDevOps, { project: project.id, repositoryId }, commits);
    } catch (error) {
      // The new tip has just been advertised: it is the old one that the service does not find.
      if (error instanceof BackupError && error.message.includes("TF401175")) return "forgotten";
      throw error;
    }
  });
}

async function countFiles(
  { stream, remote, advertisement, now }: GitChange,
  work: BackupWork,
): Promise<number | undefined> {
  const commit = tipOf(now);
  if (commit === undefined) return now.head === null || Object.keys(now.refs).length > 0 ? undefined : 0;
  return attempted(stream, work, () => work.source.git.countFiles(remote, { advertisement, commit }));
}

/** Undefined when it fails; a run that is cancelled ends. */
async function attempted<Value>(
  stream: SourceStream,
  { source }: BackupWork,
  ask: () => Promise<Value | undefined>,
): Promise<Value | undefined> {
  try {
    return await ask();
  } catch (error) {
    source.signal.throwIfAborted();
    if (!(error instanceof BackupError)) throw error;
    source.reporter.info(`Repository ${inert(stream.name)}: its figures are not complete: ${inert(error.message)}`);
    return undefined;
  }
}

function filesBefore(now: number | undefined, difference: DefaultDifference | undefined): number | undefined {
  const files = difference?.files;
  return now === undefined || files === undefined ? undefined : Math.max(0, now - files.added + files.deleted);
}

/** Branches whose old tip is no ancestor of the new one; of branches in doubt beyond the limit nothing is said. */
async function rewrittenBranches(
  change: GitChange,
  before: GitState,
  { difference, work }: { readonly difference: DefaultDifference | undefined; readonly work: BackupWork },
): Promise<Pick<GitNight, "rewritten" | "defaultRewritten">> {
  const { now, pack } = change;
  const parents = pack?.parents ?? new Map<string, readonly string[]>();
  const rewritten: string[] = [];
  for (const [name, old, tip] of movedBranches(before.refs, now.refs)) {
    const told = name === before.head && name === now.head ? toldByDifference(difference) : undefined;
    const isKept = told ?? isAncestor(old, tip, parents) ?? (await askWhetherKept(change, [old, tip], work));
    if (isKept === false) rewritten.push(name);
  }
  const isDefault = before.head === now.head && before.head !== null && rewritten.includes(before.head);
  return { rewritten: rewritten.length, defaultRewritten: isDefault };
}

function movedBranches(before: Refs, after: Refs): readonly (readonly [name: string, old: string, tip: string])[] {
  return Object.entries(before).flatMap(([name, [old]]) => {
    const tip = after[name]?.[0];
    return name.startsWith("refs/heads/") && tip !== undefined && tip !== old ? [[name, old, tip] as const] : [];
  });
}

function toldByDifference(difference: DefaultDifference | undefined): boolean | undefined {
  if (difference?.isForgotten === true) return false;
  return difference?.lost === undefined ? undefined : difference.lost === 0;
}

async function askWhetherKept(
  change: GitChange,
  commits: readonly [old: string, tip: string],
  work: BackupWork,
): Promise<boolean | undefined> {
  const asked = doubtfulAsked.get(work.source) ?? 0;
  if (asked >= maxDoubtful) return undefined;
  doubtfulAsked.set(work.source, asked + 1);
  const found = await compared(change, commits, work);
  if (found === undefined) return undefined;
  return found !== "forgotten" && found.behind === 0;
}

/** A few edits that all came whole show a server that does not build on what it sent; very many may be an attack. */
const [fewEdits, ordinaryShare] = [3, 0.1];

function learnedThin(
  { pack }: GitChange,
  {
    before,
    difference,
    files,
  }: {
    readonly before: GitState;
    readonly difference: DefaultDifference | undefined;
    readonly files: number | undefined;
  },
): boolean | undefined {
  const known = before.trend?.thin;
  if (pack?.isThinAsked !== true) return known;
  const changed = difference?.files;
  const isOrdinary =
    changed !== undefined &&
    files !== undefined &&
    changed.edited >= fewEdits &&
    changed.edited <= ordinaryShare * files;
  // Servers change: git itself stops to send deltas once it has made a bitmap.
  if (isOrdinary && pack.figures.largeWhole >= changed.edited + changed.added) return false;
  return pack.figures.isThin ? true : known;
}

/** Where nothing was before, nothing can have been overwritten. */
function contentOf(
  pack: PackTold | undefined,
  { thin, hadFiles }: { readonly thin: boolean | undefined; readonly hadFiles: boolean },
): Pick<GitNight, "whole" | "dense" | "halfDense"> {
  if (pack === undefined || !hadFiles) return {};
  const { whole, dense, halfDense } = pack.figures;
  const isTelling = pack === nothingFetched || (pack.isThinAsked && thin !== false);
  return { dense, halfDense, ...(isTelling ? { whole } : {}) };
}

function refFigures(
  before: Refs,
  after: Refs,
): Pick<GitNight, "refsAdded" | "refsMoved" | "refsDeleted" | "tagsDeleted"> {
  const isTold = (name: string): boolean => name.startsWith("refs/heads/") || name.startsWith("refs/tags/");
  const gone = Object.keys(before).filter((name) => after[name] === undefined);
  const names = Object.keys(after).filter(isTold);
  return {
    refsAdded: names.filter((name) => before[name] === undefined).length,
    refsMoved: names.filter((name) => before[name] !== undefined && before[name][0] !== after[name]?.[0]).length,
    refsDeleted: gone.filter((name) => name.startsWith("refs/heads/")).length,
    tagsDeleted: gone.filter((name) => name.startsWith("refs/tags/")).length,
  };
}

function count(refs: Refs, prefix: string): number {
  return Object.keys(refs).filter((name) => name.startsWith(prefix)).length;
}

type Known<Values> = { readonly [Key in keyof Values]?: Exclude<Values[Key], undefined> };

function withoutUnknown<Values extends object>(values: Values): Known<Values> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Known<Values>;
}
