/**
 * Everything that snapshots reach: index → states → segments, items, keys, toc. States are shared by snapshots in
 * which a stream did not change; each is read once.
 */
import { mapConcurrent } from "../../foundation/concurrency.ts";
import { readIndex, readState } from "../objects/index-file.ts";
import { refsOfLine, refsOfState } from "./reachable.ts";
import type { Ref } from "../format/ref.ts";
import type { VaultAccess } from "../objects/sealed-objects.ts";
import type { LoggedSnapshot } from "./snapshots.ts";
import type { IndexLine, StreamState } from "../format/state.ts";

export interface ReachableObject {
  readonly ref: Ref;
  /** Stream ids that use it; none for an index. */
  readonly streams: ReadonlySet<string>;
  /** Sequence numbers of the snapshots that use it. */
  readonly snapshots: ReadonlySet<number>;
}

export interface UnreadablePart {
  readonly ref: Ref;
  /** Undefined for an index. */
  readonly stream: string | undefined;
  readonly snapshots: ReadonlySet<number>;
  readonly error: unknown;
}

export interface ClosureOptions {
  /**
   * Told of indexes and states that cannot be read; what they would name is then not in the closure. Without it the
   * first of them is thrown: a closure that decides what to delete must be whole.
   */
  readonly onUnreadable?: (part: UnreadablePart) => void;
}

export interface ClosureReader {
  /** Objects of the snapshots; the same object under two different REFs comes twice. */
  read(snapshots: readonly LoggedSnapshot[], options?: ClosureOptions): Promise<readonly ReachableObject[]>;
}

const statesAtATime = 32;

/** Remembers what states name, so that a second closure reads only what is new. */
export function closureReader(access: VaultAccess): ClosureReader {
  const inStates = new Map<string, readonly Ref[]>();

  async function namedBy(use: StateUse): Promise<readonly Ref[]> {
    const known = inStates.get(keyOf(use.state));
    if (known !== undefined) return known;
    const state: StreamState = await readState(access, use.state);
    const refs = refsOfState(state).map(plainRef);
    inStates.set(keyOf(use.state), refs);
    return refs;
  }

  return {
    async read(snapshots, { onUnreadable = rethrow } = {}) {
      const reached = new Collection();
      const states = new Map<string, StateUse>();
      for (const snapshot of snapshots) {
        const { seq, snapshot: body } = snapshot.entry;
        reached.add(body.index, undefined, [seq]);
        try {
          for await (const line of readIndex(access, body.index)) collectLine(line, seq, { reached, states });
        } catch (error) {
          onUnreadable({ ref: body.index, stream: undefined, snapshots: new Set([seq]), error });
        }
      }
      const read = mapConcurrent(states.values(), statesAtATime, async (use) => {
        try {
          return { use, refs: await namedBy(use) };
        } catch (error) {
          onUnreadable({ ref: use.state, stream: use.stream, snapshots: use.snapshots, error });
          return { use, refs: [] };
        }
      });
      for await (const { use, refs } of read) for (const ref of refs) reached.add(ref, use.stream, use.snapshots);
      return reached.all();
    },
  };
}

interface StateUse {
  readonly state: Ref;
  readonly stream: string;
  readonly snapshots: Set<number>;
}

function collectLine(
  line: IndexLine,
  seq: number,
  { reached, states }: { readonly reached: Collection; readonly states: Map<string, StateUse> },
): void {
  for (const ref of refsOfLine(line)) reached.add(ref, line.s, [seq]);
  if (line.state === undefined) return;
  const key = keyOf(line.state);
  const use = states.get(key) ?? { state: line.state, stream: line.s, snapshots: new Set() };
  use.snapshots.add(seq);
  states.set(key, use);
}

class Collection {
  readonly #objects = new Map<string, { ref: Ref; streams: Set<string>; snapshots: Set<number> }>();

  add(ref: Ref, stream: string | undefined, snapshots: Iterable<number>): void {
    const key = keyOf(ref);
    const object = this.#objects.get(key) ?? { ref: plainRef(ref), streams: new Set(), snapshots: new Set() };
    if (stream !== undefined) object.streams.add(stream);
    for (const seq of snapshots) object.snapshots.add(seq);
    this.#objects.set(key, object);
  }

  all(): readonly ReachableObject[] {
    return [...this.#objects.values()];
  }
}

function keyOf({ o, h }: Ref): string {
  return `${o} ${h}`;
}

/** Without frames and the like: closures of large vaults are held in memory. */
function plainRef({ o, n, h, hl, hh }: Ref): Ref {
  return { o, n, h, hl, hh };
}

function rethrow({ error }: UnreadablePart): never {
  throw error;
}
