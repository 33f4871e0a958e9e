import { BackupError } from "../../engine/foundation/errors.ts";
import { bytesForPeople } from "../../engine/foundation/text.ts";
import type { ObjectReader } from "../../engine/store/object-store.ts";

export interface Guard {
  readonly signal: AbortSignal;
  /** The most names that one listing may give; anybody who can write to the container can plant more. */
  readonly maxListed: number;
  /** The most bytes of all objects together that are read. */
  readonly maxBytes: number;
}

/** Of one name. The first-created ones count, and they come first. */
const maxVersions = 1000;

/**
 * The same reader, which ends with the signal's reason once it is aborted, and with LISTING_TOO_LONG or
 * READ_TOO_MUCH beyond the limits: a container may hold anything that somebody wants a page to choke on.
 */
export function guardedReader(reader: ObjectReader, { signal, maxListed, maxBytes }: Guard): ObjectReader {
  let readBytes = 0;
  return {
    async read(name, options) {
      signal.throwIfAborted();
      const body = await reader.read(name, options);
      readBytes += body.length;
      if (readBytes > maxBytes) throw tooMuch(name, maxBytes);
      return { length: body.length, chunks: untilAborted(body.chunks, signal) };
    },
    async info(name) {
      signal.throwIfAborted();
      return reader.info(name);
    },
    async *list(prefix, options) {
      let listed = 0;
      for await (const object of untilAborted(reader.list(prefix, options), signal)) {
        listed += 1;
        if (listed > maxListed) throw tooLong(prefix, maxListed);
        yield object;
      }
    },
    async versionsOf(name) {
      signal.throwIfAborted();
      return (await reader.versionsOf(name)).slice(0, maxVersions);
    },
    containerProtection: () => reader.containerProtection(),
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

function tooMuch(name: string, maxBytes: number): BackupError {
  return new BackupError({
    code: "READ_TOO_MUCH",
    message: `Reading stopped at ${name}: it would have been more than ${bytesForPeople(maxBytes)} in all`,
    hint: "No backup writes that much there: find out who can write to the container, and remove what does not belong there.",
  });
}
