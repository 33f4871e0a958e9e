/**
 * Git as kinds see it: reading a remote over the wire, and local git for restore, verification and the fallback.
 * `node-git-access.ts` implements it; simple-git stays behind it.
 *
 * Errors: GIT_UNAUTHORIZED, GIT_NOT_FOUND, GIT_DISABLED, GIT_THROTTLED, GIT_UNAVAILABLE, GIT_PROTOCOL,
 * GIT_TRUNCATED, GIT_REMOTE (fatal message of the server), GIT_MOVED (a wanted oid is no longer there: list again and
 * start over), GIT_PUSH (refused push), GIT_DAMAGED (local content), GIT_LFS (an LFS transfer that failed), GIT_LFS_CONTENT (what came is not the object).
 */
import type { RefTarget } from "../vault/format/state.ts";
import type { BundleContent } from "../vault/streams/stream-writer.ts";
import type { PackFigures } from "./pack-news.ts";

export interface GitRemote {
  /** Clone URL without credentials. */
  readonly url: string;
  /** Value of the Authorization header, fresh for each request. */
  authorization(): Promise<string>;
}

export interface Advertisement {
  readonly version: 0 | 1 | 2;
  readonly hash: "sha1" | "sha256";
  /** Every ref but HEAD. Refs whose names git itself would refuse are left out and reported. */
  readonly refs: Readonly<Record<string, RefTarget>>;
  /** What HEAD points to; null when the server does not say (unborn HEAD in v0). */
  readonly head: string | null;
  /** Server capabilities, raw; input of `fetchBundle`. */
  readonly capabilities: ReadonlyMap<string, string>;
  /** Where it was read: the remote's URL, or where the server redirected to. */
  readonly url: string;
}

export interface LfsPointer {
  /** SHA-256, hex. */
  readonly oid: string;
  readonly size: number;
}

export interface FetchRequest {
  readonly advertisement: Advertisement;
  /** Refs the segment has to reach: name → oid, all from the advertisement. */
  readonly refs: Readonly<Record<string, string>>;
  /** Refs of the last committed snapshot: haves, and candidates for prerequisites. Empty for a base. */
  readonly known: Readonly<Record<string, RefTarget>>;
  /** Ask for deltas against known objects. Better not where LFS is used: pointers could hide in such deltas. */
  readonly thin: boolean;
  /** One rung of the fallback ladder: see `ladderOf`. */
  readonly engine: "wire" | "git";
}

/**
 * A bundle while it arrives. Errors of the transfer come out of `chunks`; bytes may have been handed on by then, so
 * nothing is retried inside: the caller drops what it wrote and takes the next rung of the ladder.
 */
export interface FetchedBundle extends BundleContent {
  /** LFS pointers seen in the pack; complete once `chunks` has ended. */
  pointers(): readonly LfsPointer[];
  /** Small deltas that look like LFS pointers but whose base is not in the pack; fetch again without `thin`. */
  hiddenPointers(): number;
  /** How it is fetched: `wire` on top of the known refs, `wire-base` everything, `git` by a temporary clone. */
  method(): "wire" | "wire-base" | "git";
  /** Known before `chunks` is read. False when the pack does not build on the known refs: it starts a chain. */
  isIncrement(): boolean;
  /** What the pack brings, and the parents of its commits (of increments); complete once `chunks` has ended. */
  figures(): PackFigures;
  parents(): ReadonlyMap<string, readonly string[]>;
}

/** One try at fetching, in the order they are to be made. */
export interface FetchRung {
  readonly engine: "wire" | "git";
  /** False: ask for everything, as a new base. */
  readonly useKnown: boolean;
  /** List refs again before it: the ones at hand may have moved. */
  readonly relist: boolean;
  /** Pause before it. */
  readonly waitMs: number;
}

/**
 * The fallback ladder (docs/decisions/0006): three tries over the wire, one without haves, one with git itself.
 * Climb it on GIT_PROTOCOL, GIT_TRUNCATED, GIT_REMOTE and GIT_UNAVAILABLE; everything else is final.
 */
export function ladderOf(engine: "auto" | "wire" | "git"): readonly FetchRung[] {
  const wire: readonly FetchRung[] = [
    { engine: "wire", useKnown: true, relist: false, waitMs: 0 },
    { engine: "wire", useKnown: true, relist: true, waitMs: 1000 },
    { engine: "wire", useKnown: true, relist: true, waitMs: 5000 },
    { engine: "wire", useKnown: false, relist: true, waitMs: 5000 },
  ];
  const git: FetchRung = { engine: "git", useKnown: true, relist: engine === "auto", waitMs: 0 };
  if (engine === "git") return [git];
  return engine === "wire" ? wire : [...wire, git];
}

export interface PushRequest {
  /** Local bare repository. */
  readonly folder: string;
  /** Refs to set: name → oid. */
  readonly refs: Readonly<Record<string, string>>;
  /** Refs to delete. */
  readonly deletions: readonly string[];
  readonly force: boolean;
  /** Upper bound of one push in bytes of pack; slices by commits, oldest first. */
  readonly maxPushBytes: number;
}

export interface PushResult {
  readonly refused: readonly { readonly ref: string; readonly reason: string }[];
}

export interface LfsObjectSource {
  readonly oid: string;
  readonly size: number;
  open(): Promise<AsyncIterable<Uint8Array>>;
}

export interface GitAccess {
  /** One request. */
  listRefs(remote: GitRemote): Promise<Advertisement>;
  /** Streams a bundle with what `known` lacks, by one rung of the ladder. GIT_MOVED when a ref is no longer there. */
  fetchBundle(remote: GitRemote, request: FetchRequest): Promise<FetchedBundle>;
  /**
   * Files of an advertised commit, by one small request; undefined where the server does not offer to be asked, or
   * sends too much to be counted.
   */
  countFiles(
    remote: GitRemote,
    of: { readonly advertisement: Advertisement; readonly commit: string },
  ): Promise<number | undefined>;
  /**
   * LFS content by the batch API, one object after the other: read its chunks before asking for the next. Yields
   * `chunks: undefined` for objects that the server does not have, and with why it was `refused` for those that it
   * offers at an address that is not followed. No more than the size is read. The chunks throw GIT_LFS_CONTENT when size or SHA-256 are wrong. One call
   * takes each object id once.
   */
  downloadLfs(
    remote: GitRemote,
    pointers: readonly LfsPointer[],
  ): AsyncIterable<LfsPointer & { readonly chunks: AsyncIterable<Uint8Array> | undefined; readonly refused?: string }>;
  /** Uploads what the server lacks; returns how many were sent. */
  uploadLfs(remote: GitRemote, objects: AsyncIterable<LfsObjectSource>): Promise<number>;
  /** A bare repository in `folder` out of bundles, base first, with exactly these refs. Throws GIT_DAMAGED. */
  assemble(folder: string, content: AssembledContent): Promise<void>;
  /**
   * The same, while every object is checked and every link followed: what is there afterwards is sound
   * (`git index-pack --strict`). Throws GIT_DAMAGED also for what objects were committed with long ago, so whoever
   * wants to know more assembles without it and asks `check`.
   */
  assembleStrictly(folder: string, content: AssembledContent): Promise<void>;
  /**
   * `git fsck --full --strict`; one line per sign of damage, empty when clean. What objects were committed with long
   * ago (zero-padded modes and the like) is no damage: their hashes prove that they came so.
   */
  check(folder: string): Promise<readonly string[]>;
  push(remote: GitRemote, request: PushRequest): Promise<PushResult>;
}

export interface AssembledContent {
  readonly hash: "sha1" | "sha256";
  readonly bundles: AsyncIterable<AsyncIterable<Uint8Array>>;
  readonly refs: Readonly<Record<string, string>>;
  readonly head: string | null;
}
