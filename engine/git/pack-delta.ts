/** Deltas inside packs (gitformat-pack, "Deltified representation"). */

interface Sizes {
  readonly base: number;
  readonly result: number;
  /** Where the instructions begin. */
  readonly offset: number;
}

export function deltaSizes(delta: Buffer): Sizes {
  const [base, afterBase] = readSize(delta, 0);
  const [result, offset] = readSize(delta, afterBase);
  return { base, result, offset };
}

function readSize(bytes: Buffer, start: number): readonly [size: number, next: number] {
  let size = 0;
  let offset = start;
  for (let factor = 1; ; factor *= 128) {
    const byte = bytes[offset] ?? 0;
    offset += 1;
    size += (byte & 0x7f) * factor;
    if (byte < 0x80) return [size, offset];
  }
}

/** The object a delta makes of its base; undefined when it does not fit the base. */
export function applyDelta(base: Buffer, delta: Buffer): Buffer | undefined {
  const sizes = deltaSizes(delta);
  if (sizes.base !== base.length) return undefined;
  const parts: Buffer[] = [];
  for (let offset = sizes.offset; offset < delta.length;) {
    const { part, next } = instructionAt(base, delta, offset);
    parts.push(part);
    offset = next;
  }
  const result = Buffer.concat(parts);
  return result.length === sizes.result ? result : undefined;
}

function instructionAt(base: Buffer, delta: Buffer, start: number): { readonly part: Buffer; readonly next: number } {
  const operation = delta[start] ?? 0;
  if (operation < 0x80) {
    const next = start + 1 + operation;
    return { part: delta.subarray(start + 1, next), next };
  }
  let next = start + 1;
  const readBytes = (mask: number, count: number): number => {
    let value = 0;
    for (let index = 0; index < count; index += 1) {
      if ((operation & (mask << index)) === 0) continue;
      value += (delta[next] ?? 0) * 256 ** index;
      next += 1;
    }
    return value;
  };
  const from = readBytes(0x01, 4);
  const length = readBytes(0x10, 3) || 0x10000;
  return { part: base.subarray(from, from + length), next };
}
