/**
 * The rules by which commits and retirement keep out of each other's way (docs/format.md 5). Pure, and used both by
 * the code and by the model check that tries every interleaving of them (tests/unit/vault/snapshots/commit-model.ts).
 *
 * Invariant: what is retired is never referenced again, because retirement and commits are totally ordered by the
 * same compare-and-swap, and each is decided on the log as it is just before its own entry.
 */

/** What retire entries of the log have named so far. */
export interface Retired {
  /** Object paths, `<run>/…`. */
  readonly objects: ReadonlySet<string>;
  readonly runs: ReadonlySet<string>;
}

export type CommitVerdict =
  | { readonly allowed: true }
  /** The run itself was given up for dead: nothing it wrote may be used. */
  | { readonly allowed: false; readonly why: "run-retired" }
  /** These references may be deleted any time: their streams must be stored anew or left as they were. */
  | { readonly allowed: false; readonly why: "objects-retired"; readonly objects: readonly string[] };

/**
 * The references of one stream that need a look at what was retired: not those to the run's own objects, and not
 * those that the newest kept snapshot has in the same stream, for what a kept snapshot reaches is never retired.
 */
export function doubtfulReferences(
  run: string,
  references: Iterable<string>,
  inParent: ReadonlySet<string>,
): readonly string[] {
  return [...references].filter((path) => runOf(path) !== run && !inParent.has(path));
}

/** Whether a run may commit references to objects that the parent snapshot does not hold already. */
export function mayCommit(run: string, references: Iterable<string>, retired: Retired): CommitVerdict {
  if (retired.runs.has(run)) return { allowed: false, why: "run-retired" };
  const objects = [...references].filter((path) => retired.objects.has(path) || retired.runs.has(runOf(path)));
  return objects.length === 0 ? { allowed: true } : { allowed: false, why: "objects-retired", objects };
}

export interface StoredObject {
  readonly path: string;
  /** By the storage service's clock, ms. */
  readonly createdMs: number;
}

export interface RetirableFacts {
  /** All objects under data/. */
  readonly stored: Iterable<StoredObject>;
  /** When each run wrote its newest checkpoint. */
  readonly checkpointedMs?: ReadonlyMap<string, number>;
  /** Paths that kept snapshots or log entries reach. */
  readonly live: ReadonlySet<string>;
  readonly retired: Retired;
  /** Runs with a snapshot entry of their own. */
  readonly committed: ReadonlySet<string>;
  /** Runs without one that wrote anything after this moment may still be at work. */
  readonly idleSinceMs: number;
}

export interface Retirable {
  readonly objects: readonly string[];
  readonly runs: readonly string[];
}

/** What nothing that is kept needs, and nobody can be about to need. */
export function retirable(facts: RetirableFacts): Retirable {
  const { live, retired, committed, checkpointedMs, idleSinceMs } = facts;
  const objects: string[] = [];
  const runs: string[] = [];
  for (const [run, stored] of byRun(facts.stored)) {
    if (retired.runs.has(run)) continue;
    const times = [checkpointedMs?.get(run) ?? 0, ...stored.map(({ createdMs }) => createdMs)];
    const isIdle = times.every((createdMs) => createdMs <= idleSinceMs);
    if (!committed.has(run) && !isIdle) continue;
    // Other runs may have adopted states of a run that died: then only the rest of it goes.
    if (!committed.has(run) && !stored.some(({ path }) => live.has(path))) {
      runs.push(run);
      continue;
    }
    for (const { path } of stored) if (!live.has(path) && !retired.objects.has(path)) objects.push(path);
  }
  return { objects, runs };
}

/** Run of `<run>/<rest>`. */
export function runOf(path: string): string {
  const end = path.indexOf("/");
  return end < 0 ? path : path.slice(0, end);
}

function byRun(stored: Iterable<StoredObject>): ReadonlyMap<string, readonly StoredObject[]> {
  const runs = new Map<string, StoredObject[]>();
  for (const object of stored) {
    const run = runOf(object.path);
    const known = runs.get(run);
    if (known === undefined) runs.set(run, [object]);
    else known.push(object);
  }
  return runs;
}
