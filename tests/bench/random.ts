/** Seeded randomness: the same seed gives the same repository on every machine. */
export interface Random {
  /** From 0 up to 1. */
  next(): number;
  /** A whole number from 0 up to `end`. */
  below(end: number): number;
  /** One of them. */
  of<Item>(items: readonly Item[]): Item;
}

export function randomOf(seed: string): Random {
  let state = 0x811c9dc5;
  for (const character of seed) state = Math.imul(state ^ character.charCodeAt(0), 0x01000193);
  const next = (): number => {
    // mulberry32
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (end: number): number => Math.floor(next() * end);
  return {
    next,
    below,
    of: (items) => {
      const item = items[below(items.length)];
      if (item === undefined) throw new Error("there is nothing to choose from");
      return item;
    },
  };
}

/** Bytes that do not compress. */
export function noiseOf(random: Random, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length + (-length & 3));
  for (let offset = 0; offset < bytes.length; offset += 4) bytes.writeUInt32LE(random.below(2 ** 32), offset);
  return bytes.subarray(0, length);
}
