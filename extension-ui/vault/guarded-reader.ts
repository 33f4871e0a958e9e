import { BackupError } from "../../engine/foundation/errors.ts";
import type { ObjectReader } from "../../engine/store/object-store.ts";

export interface Guard {
  readonly signal: AbortSignal;
  /** The most names that one listing may give; anybody who can write to the container can plant more. */
  readonly maxListed: number;
}

/** The same reader, which ends with the signal's reason once it is aborted, and LISTING_TOO_LONG beyond the limit. */
export function guardedReader(reader: ObjectReader, { signal, maxListed }: Guard): ObjectReader {
  return {
    async read(name, options) {
      signal.throwIfAborted();
      const body = await reader.read(name, options);
      return { length: body.length, chunks: untilAborted(body.chunks, signal) };
    },
    async info(name) {
      signal.throwIfAborted();
      return reader.info(name);
    },
    async *list(prefix) {
      let listed = 0;
      for await (const object of untilAborted(reader.list(prefix), signal)) {
        listed += 1;
        if (listed > maxListed) throw tooLong(prefix, maxListed);
        yield object;
      }
    },
    async versionsOf(name) {
      signal.throwIfAborted();
      return reader.versionsOf(name);
    },
    serviceTime: () => reader.serviceTime(),
  };
}

async function* untilAborted<Item>(items: AsyncIterable<Item>, signal: AbortSignal): AsyncGenerator<Item> {
  signal.throwIfAborted();
  for await (const item of items) {
    yield item;
    signal.throwIfAborted();
  }
}

function tooLong(prefix: string, maxListed: number): BackupError {
  return new BackupError({
    code: "LISTING_TOO_LONG",
    message: `The container holds more than ${maxListed.toLocaleString("en-GB")} objects named ${prefix}…`,
    hint: "No backup writes that many: find out who can write to the container, and remove what does not belong there.",
  });
}
