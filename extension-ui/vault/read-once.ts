import { chunksOf, readAll } from "../../engine/foundation/bytes.ts";
import type { ObjectReader, ReadOptions } from "../../engine/store/object-store.ts";

export interface ReadOnce {
  /** Keeps the bytes of what it reads. */
  readonly first: ObjectReader;
  /** Gives what was kept, once, and asks storage for everything else: also for the same object again. */
  readonly then: ObjectReader;
}

/** Two readers of the same objects one after another, which cost the requests of one; larger objects are not kept. */
export function readOnce(reader: ObjectReader, maxBytes: number): ReadOnce {
  const kept = new Map<string, Uint8Array>();
  return {
    first: {
      ...reader,
      async read(name, options) {
        const body = await reader.read(name, options);
        if (!isWholeAndCurrent(options) || body.length > maxBytes) return body;
        const bytes = await readAll(body.chunks, body.length);
        kept.set(name, bytes);
        return { length: bytes.length, chunks: chunksOf(bytes) };
      },
    },
    then: {
      ...reader,
      async read(name, options) {
        const bytes = isWholeAndCurrent(options) ? kept.get(name) : undefined;
        if (bytes === undefined) return reader.read(name, options);
        kept.delete(name);
        return { length: bytes.length, chunks: chunksOf(bytes) };
      },
    },
  };
}

function isWholeAndCurrent({ range, version }: ReadOptions = {}): boolean {
  return range === undefined && version === undefined;
}
