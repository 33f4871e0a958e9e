/**
 * Which objects index lines reach, remembered by state: what a run has written or read itself need not be read again
 * before its commit.
 */
import { reachedBy, refsOfState } from "./reachable.ts";
import type { Ref } from "../format/ref.ts";
import type { VaultAccess } from "../objects/sealed-objects.ts";
import type { IndexLine, StreamState } from "../format/state.ts";

/** An object and its stored bytes: all that a probe asks about. */
export type SizedObject = Pick<Ref, "o" | "n">;

export interface Reaches {
  noteRead(ref: Ref, state: StreamState): void;
  /** To be told of a state when the storage has taken it, and before it all else that the run wrote of the stream. */
  noteWritten(ref: Ref, state: StreamState): void;
  /** This process has written the line's state. */
  isWritten(line: IndexLine): boolean;
  /** Everything a line with a state reaches, the state itself included; nothing for other lines. */
  of(line: IndexLine | undefined): Promise<readonly SizedObject[]>;
}

export function reachesIn(access: VaultAccess): Reaches {
  const known = new Map<string, readonly SizedObject[]>();
  const written = new Set<string>();

  function remember(state: string, refs: readonly Ref[]): readonly SizedObject[] {
    const sizes = refs.map(({ o, n }) => ({ o, n })); // not their frames: there may be very many states
    known.set(state, sizes);
    return sizes;
  }

  function note(ref: Ref, state: StreamState): void {
    remember(ref.o, [ref, ...refsOfState(state)]);
  }

  return {
    noteRead: note,
    noteWritten(ref, state) {
      note(ref, state);
      written.add(ref.o);
    },
    isWritten: ({ state }) => state !== undefined && written.has(state.o),
    async of(line) {
      if (line?.state === undefined) return [];
      const { o } = line.state;
      const inState = known.get(o) ?? remember(o, await reachedBy(access, line));
      return [...(line.items ?? []), ...inState];
    },
  };
}
