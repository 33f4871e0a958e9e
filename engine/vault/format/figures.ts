/**
 * Figures that a vault keeps of what happened, so that its history can be judged later (docs/format.md 3.3, 3.4):
 * numbers and ids only, never names. `engine/insight` judges them.
 */

/** Days since 1970-01-01T00:00Z, with five decimals: the clock of the storage service divided by a day. */
export type Night = number;

/** Rounded down to 0.864 s, so that a moment never comes to lie after what was made in it. */
export function nightOf(moment: Date): Night {
  return Math.floor(moment.getTime() / 864) / 100_000;
}

/** ISO 8601, at most a second before the moment that the night was made of. */
export function instantOf(night: Night): string {
  return new Date(Math.floor(night * 86_400_000)).toISOString();
}

/**
 * A crossing of one level of one signal, as the stream's own past tells it: number of the level, since when, and how
 * many files, branches or commits it is about.
 */
export type Crossing = readonly [signal: string, level: number, since: Night, n: number];

/** What one night changed in a repository: member `d` of the index line of a changed Git stream. */
export interface GitDelta {
  /** When the snapshot was taken that found the change. */
  readonly at: Night;
  /** Files of the default branch before; absent where that is not known. */
  readonly files?: number;
  /** Branches and tags before. */
  readonly branches: number;
  readonly tags: number;
  /**
   * Files of the default branch, as the service counts them between its old and new tip. Absent together where it does
   * not tell: unknown is not zero.
   */
  readonly added?: number;
  readonly edited?: number;
  readonly deleted?: number;
  /** Commits of the default branch before that are no longer part of it; absent where nobody can count them. */
  readonly lost?: number;
  /** Blobs that came whole, not as deltas. Absent where the server sends no deltas against what it sent before. */
  readonly whole?: number;
  /**
   * Whole blobs of 1 KiB and more that deflate to more than 0.9 of their size. Absent, like `halfDense`, where what
   * came cannot be told from what was there.
   */
  readonly dense?: number;
  /** Blobs and deltas of 1 KiB and more that deflate to 0.7 to 0.9 of their size. */
  readonly halfDense?: number;
  readonly refsAdded: number;
  readonly refsMoved: number;
  /** Branches that are gone. */
  readonly refsDeleted: number;
  readonly tagsDeleted: number;
  /** Branches whose old tip is no ancestor of the new one. */
  readonly rewritten: number;
  /** The default branch is among them. */
  readonly defaultRewritten: boolean;
  /** Levels crossed tonight that were not crossed in the last 90 nights; absent for none. */
  readonly crossed?: readonly Crossing[];
}

/** Member `c` of the index line of a Git stream, kept while the stream is carried: what forecasts need. */
export interface ChainFigures {
  /** When the base was stored, and its size. */
  readonly baseAt: Night;
  readonly baseKiB: number;
  readonly deltaKiB: number;
  /** Segments behind the base. */
  readonly depth: number;
  /** The last night with a change. */
  readonly changedAt: Night;
  /** Nights with a change among the 60 before `changedAt`, it included. */
  readonly changedNights: number;
  /** Mean of what such a night stored. */
  readonly meanKiB: number;
}

/** Decaying sums and rows of nights of one signal family: member `trend` of a Git state. */
export interface GitTrend {
  readonly at: Night;
  /** Files of the default branch now; absent where that is not known. */
  readonly files?: number;
  readonly dense: number;
  readonly halfDense: number;
  readonly any: number;
  readonly lost: number;
  readonly losing: number;
  readonly losingAt: Night;
  readonly scrambling: number;
  readonly scramblingAt: Night;
  /** By signal: where the rise of its sum, or its row, began. */
  readonly from: Readonly<Record<string, Night>>;
  /** By signal and number of the level: when it was crossed last. */
  readonly last: Readonly<Record<string, Night>>;
  /** Nights with a change in the last 60, oldest first, whole days. */
  readonly nights: readonly Night[];
  /** Whether the server has been seen to send deltas against what it sent before; absent while that is not known. */
  readonly thin?: boolean;
}

/** What a run has seen of the items of one stream, beside how many were added, changed and deleted. */
export interface ItemFigures {
  /** Items that are there now: neither in a recycle bin nor deleted. Absent: all that the stream holds. */
  readonly items?: number;
  /** See `KindSum`. */
  readonly back?: number;
  readonly dense?: number;
  readonly hidden?: number;
}

/** What a snapshot did to the streams of one kind: member `kinds` of the sum of its log entry. */
export interface KindSum {
  readonly kind: string;
  readonly streams: number;
  readonly items: number;
  /** Items; for kinds with one stream for each thing, streams (`changed` counts streams with new content). */
  readonly added: number;
  readonly changed: number;
  readonly deleted: number;
  /** Work items that went back to the first state of their type. */
  readonly back: number;
  /** Changed records of 2 KiB and more that deflate to more than 0.6 of their size. */
  readonly dense: number;
  /** Streams that are missing since this snapshot. */
  readonly missing: number;
  /** Items that the identity cannot see any more since this snapshot, without evidence that they were deleted. */
  readonly hidden?: number;
  readonly newBytes: number;
}

/** What a run cost: member `run` of the sum of its log entry. */
export interface RunSum {
  readonly requests: number;
  readonly seconds: number;
  readonly throttledSeconds: number;
  readonly retries: number;
}
