/** Looks at the start of a stream without losing it. */
export interface StreamStart {
  readonly parts: readonly Uint8Array[];
  /** The stream ended within the limit: the parts are all of it. */
  readonly ended: boolean;
  /** Everything, once: the parts, then the rest of the stream. */
  readonly whole: AsyncIterable<Uint8Array>;
}

/** Reads until the stream ends or more than `maxBytes` have come. */
export async function readStart(chunks: AsyncIterable<Uint8Array>, maxBytes: number): Promise<StreamStart> {
  const iterator = chunks[Symbol.asyncIterator]();
  const parts: Uint8Array[] = [];
  let length = 0;
  while (length <= maxBytes) {
    const next = await iterator.next();
    if (next.done === true) return { parts, ended: true, whole: rejoined(parts, undefined) };
    parts.push(next.value);
    length += next.value.length;
  }
  return { parts: [], ended: false, whole: rejoined(parts, iterator) };
}

async function* rejoined(
  parts: Uint8Array[],
  iterator: AsyncIterator<Uint8Array> | undefined,
): AsyncGenerator<Uint8Array, undefined> {
  try {
    for (let part = parts.shift(); part !== undefined; part = parts.shift()) yield part; // not kept while the rest flows
    while (iterator !== undefined) {
      const next = await iterator.next();
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await iterator?.return?.();
  }
}
