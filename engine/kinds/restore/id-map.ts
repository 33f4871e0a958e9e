/** The map of ids that a restore fills: by what plans find, by what it makes, by what earlier restores have made. */
import type { IdMap } from "../kind.ts";

/** For the planner and the journal; kinds get to see its `view`. */
export interface FillingIdMap extends IdMap {
  /** A plan has found it in the target; counts before what was made earlier. */
  found(space: string, old: string, now: string): void;
  /** This restore or an earlier one has made it, or found it done; it is not awaited any more. */
  made(space: string, old: string, now: string): void;
  /** Says that the restore is going to make it. */
  expect(kind: string, old: string): void;
  /** Without what fills it. */
  readonly view: IdMap;
}

/** An empty map of old to new ids. */
export function idMap(): FillingIdMap {
  const found = new Spaces();
  const made = new Spaces();
  const expected = new Spaces();
  const isAwaited: IdMap["isAwaited"] = (kind, old) => expected.get(kind, old) !== undefined;
  const view: IdMap = {
    get: (space, old) => (isAwaited(space, old) ? undefined : (found.get(space, old) ?? made.get(space, old))),
    isAwaited,
    isMade: (space, old, now) => made.get(space, old) === now,
  };
  return {
    ...view,
    view,
    found: (space, old, now) => found.set(space, old, now),
    made(space, old, now) {
      made.set(space, old, now);
      found.delete(space, old);
      expected.delete(space, old);
    },
    expect: (kind, old) => expected.set(kind, old, old),
  };
}

class Spaces {
  readonly #spaces = new Map<string, Map<string, string>>();

  get(space: string, old: string): string | undefined {
    return this.#spaces.get(space)?.get(old);
  }

  set(space: string, old: string, now: string): void {
    const ids = this.#spaces.get(space) ?? new Map<string, string>();
    this.#spaces.set(space, ids.set(old, now));
  }

  delete(space: string, old: string): void {
    this.#spaces.get(space)?.delete(old);
  }
}
