/**
 * What a backup remembers of each work item without its content: the stored `keys`, readable by the agent. They tell
 * what changed without a word in any feed.
 */
import { arrayAt, numberAt, stringAt, type JsonObject } from "../foundation/json.ts";
import type { PreviousStream } from "./kind.ts";

export interface Key {
  readonly rev: number;
  /** Keyed hash of the comments; absent without comments. */
  readonly c?: string;
  /** Linked work items: when this one enters or leaves the recycle bin, theirs change as well. */
  readonly l?: readonly number[];
  /** In the recycle bin. */
  readonly deleted: boolean;
  /** Neither listed nor in the recycle bin: destroyed, or hidden from us; its last record is carried. */
  readonly lost: boolean;
}

export type Keys = ReadonlyMap<number, Key>;

export async function readKeys({ keys }: Pick<PreviousStream, "keys">): Promise<Map<number, Key>> {
  const found = new Map<number, Key>();
  for await (const { key, value } of keys()) {
    const c = stringAt(value, "c");
    const l = arrayAt(value, "l")?.filter((id) => typeof id === "number");
    found.set(Number(key), {
      rev: numberAt(value, "rev") ?? 0,
      deleted: value.del === true,
      lost: value.lost === true,
      ...(c === undefined ? {} : { c }),
      ...(l === undefined ? {} : { l }),
    });
  }
  return found;
}

/** The key as it is stored, without what is the rule. */
export function storedKey(id: number, { rev, c, l, deleted, lost }: Key): JsonObject {
  return {
    id,
    rev,
    ...(c === undefined ? {} : { c }),
    ...(l === undefined ? {} : { l }),
    ...(deleted ? { del: true } : {}),
    ...(lost ? { lost: true } : {}),
  };
}

export function lostCount(keys: Keys): number {
  let count = 0;
  for (const { lost } of keys.values()) if (lost) count += 1;
  return count;
}
