/**
 * Which objects index lines reach, remembered by state: what a run has written or read itself need not be read again
 * before its commit.
 */
import { reachedBy, refsOfState } from "./reachable.ts";
import type { Ref } from "./ref.ts";
import type { VaultAccess } from "./sealed-objects.ts";
import type { IndexLine, StreamState } from "./state.ts";

/** An object and its stored bytes: all that a probe asks about. */
export type SizedObject = Pick<Ref, "o" | "n">;

export interface Reaches {
  /** To be told of every state that was just written or read. */
  note(ref: Ref, state: StreamState): void;
  /** Everything a line with a state reaches, the state itself included; nothing for other lines. */
  of(line: IndexLine | undefined): Promise<readonly SizedObject[]>;
}

export function reachesIn(access: VaultAccess): Reaches {
  const known = new Map<string, readonly SizedObject[]>();

  function remember(state: string, refs: readonly Ref[]): readonly SizedObject[] {
    const sizes = refs.map(({ o, n }) => ({ o, n })); // not their frames: there may be very many states
    known.set(state, sizes);
    return sizes;
  }

  return {
    note(ref, state) {
      remember(ref.o, [ref, ...refsOfState(state)]);
    },
    async of(line) {
      if (line?.state === undefined) return [];
      const { o } = line.state;
      const inState = known.get(o) ?? remember(o, await reachedBy(access, line));
      return [...(line.items ?? []), ...inState];
    },
  };
}
