/** Which objects states and index lines reach. */
import { hasCode } from "../../foundation/errors.ts";
import { readState } from "../objects/index-file.ts";
import type { Ref } from "../format/ref.ts";
import type { VaultAccess } from "../objects/sealed-objects.ts";
import type { IndexLine, StreamState } from "../format/state.ts";
import { isStoredDamage } from "../format/stored-damage.ts";

/** Objects that a state names, itself not included. */
export function refsOfState(state: StreamState): readonly Ref[] {
  switch (state.kind) {
    case "git":
      return state.chain;
    case "records":
      return [...state.chain, ...(state.keys ?? [])];
    case "files":
      return [...state.chain, ...state.toc];
  }
}

/** Objects that an index line names directly: its state and its items. */
export function refsOfLine(line: IndexLine): readonly Ref[] {
  return [...(line.state === undefined ? [] : [line.state]), ...(line.items ?? [])];
}

/**
 * Everything an index line reaches. A state that is missing is named, but not what it would name; one that is
 * damaged is named with a size no object has, so that a probe misses it too.
 */
export async function reachedBy(access: VaultAccess, line: IndexLine): Promise<readonly Ref[]> {
  const direct = refsOfLine(line);
  if (line.state === undefined) return direct;
  try {
    return [...direct, ...refsOfState(await readState(access, line.state))];
  } catch (error) {
    if (hasCode(error, "OBJECT_MISSING")) return direct;
    if (isStoredDamage(error)) return [{ ...line.state, n: -1 }];
    throw error;
  }
}
