/** Facts of a snapshot, as a backup about to commit it knows them, and as a verification finds them stored. */
import { alarmsOf, expectedCodes } from "../vault/format/alarms.ts";
import { nightOf, type KindSum } from "../vault/format/figures.ts";
import type { IndexLine } from "../vault/format/state.ts";
import type { EarlierSnapshot, ListingFacts, RepositoryFacts, SnapshotFacts } from "./facts.ts";
import { entriesOf, type LoggedEntries } from "../vault/format/logged-entry.ts";

export interface StoredSnapshot {
  /** The log before the snapshot's own entry. */
  readonly log: LoggedEntries;
  /** When it was begun, on the storage service's clock: the first member of its window. */
  readonly begunAt: Date;
  /** Its index, and that of the snapshot before; `d` only in lines whose change it stored. */
  readonly lines: Iterable<IndexLine>;
  readonly before: ReadonlyMap<string, IndexLine>;
  readonly kinds: readonly KindSum[];
  readonly skewMs?: number | undefined;
}

const repositoryPattern = /^git-repositories\/[^/]+$/;

export function snapshotFacts({ log, begunAt, lines, before, kinds, skewMs }: StoredSnapshot): SnapshotFacts {
  const repositories = [...lines].filter(({ s }) => repositoryPattern.test(s));
  return {
    at: nightOf(begunAt),
    repositories: repositories.filter(isThere).map(repositoryFacts),
    listing: listingFacts(repositories, before),
    kinds,
    earlier: earlierSnapshots(log),
    skewMs,
    expected: expectedCodes(log, begunAt),
  };
}

/** Not known to be deleted, and not left out on purpose. */
function isThere({ st }: IndexLine): boolean {
  return st !== "deleted" && st !== "skipped";
}

function repositoryFacts({ s, d, c }: IndexLine): RepositoryFacts {
  return { stream: s, ...(d === undefined ? {} : { d }), ...(c === undefined ? {} : { c }) };
}

function listingFacts(lines: readonly IndexLine[], before: ReadonlyMap<string, IndexLine>): ListingFacts {
  const held = [...before.values()].filter((line) => repositoryPattern.test(line.s) && isThere(line));
  const newly = (status: IndexLine["st"]): readonly string[] =>
    lines.filter(({ s, st }) => st === status && before.has(s) && before.get(s)?.st !== status).map(({ s }) => s);
  const wasDeleted = (stream: string): boolean => before.get(stream)?.st === "deleted";
  return {
    held: held.length,
    deleted: newly("deleted"),
    missing: newly("missing").filter((stream) => !wasDeleted(stream)),
  };
}

/** Snapshots with figures, retired ones too: their entries stay. */
function earlierSnapshots(log: LoggedEntries): readonly EarlierSnapshot[] {
  const acknowledged = new Map<number, string[]>();
  for (const { seq, anomaly, acknowledgedBy } of alarmsOf(log)) {
    if (acknowledgedBy !== undefined) acknowledged.set(seq, [...(acknowledged.get(seq) ?? []), anomaly.code]);
  }
  return entriesOf(log, "snapshot").flatMap(({ entry }) => {
    const { sum, window } = entry.snapshot;
    if (sum.kinds === undefined) return [];
    const begunAt = new Date(window[0]);
    const settled = new Set([...(acknowledged.get(entry.seq) ?? []), ...expectedCodes(log, begunAt)]);
    return [{ at: nightOf(begunAt), kinds: sum.kinds, settled }];
  });
}
