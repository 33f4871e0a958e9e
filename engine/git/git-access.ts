/**
 * Git as kinds see it: reading a remote over the wire, and local git for restore, verification and the fallback.
 * `node-git-access.ts` implements it; simple-git stays behind it.
 *
 * Errors: GIT_UNAUTHORIZED, GIT_NOT_FOUND, GIT_DISABLED, GIT_THROTTLED, GIT_UNAVAILABLE, GIT_PROTOCOL,
 * GIT_TRUNCATED, GIT_REMOTE (fatal message of the server), GIT_PUSH (refused push), GIT_DAMAGED (local content).
 */
import type { RefTarget } from "../vault/state.ts";
import type { BundleContent } from "../vault/stream-writer.ts";

export interface GitRemote {
  /** Clone URL without credentials. */
  readonly url: string;
  /** Value of the Authorization header, fresh for each request. */
  authorization(): Promise<string>;
}

export interface Advertisement {
  readonly version: 0 | 1 | 2;
  readonly hash: "sha1" | "sha256";
  /** Every ref but HEAD. */
  readonly refs: Readonly<Record<string, RefTarget>>;
  /** What HEAD points to; null when the server does not say (unborn HEAD in v0). */
  readonly head: string | null;
  /** Server capabilities, raw; input of `fetchBundle`. */
  readonly capabilities: ReadonlyMap<string, string>;
}

export interface LfsPointer {
  /** SHA-256, hex. */
  readonly oid: string;
  readonly size: number;
}

export interface FetchRequest {
  readonly advertisement: Advertisement;
  /** Refs the segment has to reach: name → oid; wants are their distinct oids that are not among `known`. */
  readonly refs: Readonly<Record<string, string>>;
  /** Refs of the last committed snapshot: haves, and candidates for prerequisites. Empty for a base. */
  readonly known: Readonly<Record<string, RefTarget>>;
  /** Oids allowed as prerequisites: old tips of changed branches and of the default branch. */
  readonly thin: boolean;
  readonly engine: "auto" | "wire" | "git";
}

export interface FetchedBundle extends BundleContent {
  /** LFS pointers seen in the pack; complete once `chunks` has ended. */
  pointers(): readonly LfsPointer[];
  /** How it was fetched in the end, for the report: `wire`, `wire-base` (haves were given up), `git`. */
  method(): "wire" | "wire-base" | "git";
  /** False when haves were sent but the pack does not build on them: the chain must start anew with it. */
  isIncrement(): boolean;
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
  /** Streams a bundle with what `known` lacks; climbs the fallback ladder inside as `engine` allows. */
  fetchBundle(remote: GitRemote, request: FetchRequest): Promise<FetchedBundle>;
  /** LFS content by the batch API. Yields `chunks: undefined` for objects that the server does not have. */
  downloadLfs(
    remote: GitRemote,
    pointers: readonly LfsPointer[],
  ): AsyncIterable<LfsPointer & { readonly chunks: AsyncIterable<Uint8Array> | undefined; readonly reason?: string }>;
  /** Uploads what the server lacks; returns how many were sent. */
  uploadLfs(remote: GitRemote, objects: AsyncIterable<LfsObjectSource>): Promise<number>;
  /** A bare repository in `folder` out of bundles, base first, with exactly these refs. Throws GIT_DAMAGED. */
  assemble(
    folder: string,
    content: {
      readonly hash: "sha1" | "sha256";
      readonly bundles: AsyncIterable<AsyncIterable<Uint8Array>>;
      readonly refs: Readonly<Record<string, string>>;
      readonly head: string | null;
    },
  ): Promise<void>;
  /** `git fsck --full --strict`; one line per problem, empty when clean. */
  check(folder: string): Promise<readonly string[]>;
  push(remote: GitRemote, request: PushRequest): Promise<PushResult>;
}
