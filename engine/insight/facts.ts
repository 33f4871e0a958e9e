/** What is judged. Times are nights on the storage service's clock; nothing here is read or stored. */
import type { ChainFigures, GitDelta, KindSum, Night } from "../vault/format/figures.ts";

export interface SnapshotFacts {
  /** When the snapshot was begun. */
  readonly at: Night;
  /** Every repository of the snapshot that is there, changed or not. */
  readonly repositories: readonly RepositoryFacts[];
  /** Repositories that the snapshot before held, and which of them are deleted or missing since this one. */
  readonly listing: ListingFacts;
  /** What this snapshot did, by kind, and what the ones before did, in any order. */
  readonly kinds: readonly KindSum[];
  readonly earlier: readonly EarlierSnapshot[];
  /** Repositories that are judged among themselves; undefined for those that change most often. */
  readonly critical?: ReadonlySet<string> | undefined;
  /** By how much the agent's clock differs from the storage service's; undefined when that is not asked. */
  readonly skewMs?: number | undefined;
  /** Codes that the owner has announced. */
  readonly expected: ReadonlySet<string>;
  readonly permissions?: PermissionFacts | undefined;
  readonly policies?: PolicyFacts | undefined;
}

export interface RepositoryFacts {
  /** Stream id. */
  readonly stream: string;
  /** Only for a change that this snapshot stored. */
  readonly d?: GitDelta | undefined;
  readonly c?: Pick<ChainFigures, "changedAt" | "changedNights"> | undefined;
}

export interface ListingFacts {
  /** Before. */
  readonly held: number;
  /** Stream ids. */
  readonly deleted: readonly string[];
  readonly missing: readonly string[];
}

export interface EarlierSnapshot {
  readonly at: Night;
  readonly kinds: readonly KindSum[];
  /** Codes that the owner had announced for it or has acknowledged: what it shows of them is no news any more. */
  readonly settled: ReadonlySet<string>;
}

export interface PermissionFacts {
  /** Entries before, and those removed by this snapshot. */
  readonly held: number;
  readonly removed: number;
  readonly administratorsAdded: number;
}

export interface PolicyFacts {
  readonly held: number;
  readonly added: number;
  readonly removed: number;
  /** Repositories of which a policy was removed, by this snapshot or an earlier one, and when. */
  readonly removals: readonly { readonly stream: string; readonly at: Night }[];
}
