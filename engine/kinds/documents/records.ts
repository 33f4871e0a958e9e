/** What kinds with records share when they restore, verify and archive. */
import { describeError } from "../../foundation/errors.ts";
import type { StoredRecord, StreamReader } from "../../vault/streams/stream-reader.ts";
import type { ArchiveFolder, Finding, Selection } from "../kind.ts";
import { isStoredDamage } from "../../vault/format/stored-damage.ts";

/** The selected records, in key order. A selection of a few keys costs a few ranged reads. */
export async function* selectedRecords(selection: Selection): AsyncGenerator<StoredRecord> {
  if (selection.keys === "all") {
    yield* selection.stream.records();
    return;
  }
  for (const key of [...selection.keys].sort()) {
    const value = await selection.stream.record(key);
    if (value !== undefined) yield { key, value };
  }
}

/** Level `content` of a records stream: opens all of it, parses all of it, compares the count. */
export async function* verifyRecords(
  stream: StreamReader,
  isRecord: (record: StoredRecord) => boolean = () => true,
): AsyncGenerator<Finding> {
  const name = stream.line.s;
  try {
    const state = await stream.state();
    let count = 0;
    for await (const record of stream.records()) {
      count += 1;
      if (!isRecord(record))
        yield {
          stream: name,
          item: String(record.key),
          code: "RECORD_INVALID",
          message: `Record ${record.key} of ${name} is not what it should be`,
          severity: "damage",
        };
    }
    if (state.kind === "records" && state.count !== count) {
      yield {
        stream: name,
        code: "COUNT_MISMATCH",
        message: `${name} holds ${count} records where its state says ${state.count}`,
        severity: "damage",
      };
    }
  } catch (error) {
    if (!isStoredDamage(error)) throw error;
    yield { stream: name, code: error.code, message: describeError(error), severity: "damage" };
  }
}

/** Writes the selected records as one JSON file each. */
export async function archiveRecords(
  selection: Selection,
  into: ArchiveFolder,
  pathOf: (record: StoredRecord) => string,
): Promise<void> {
  for await (const record of selectedRecords(selection)) {
    await into.write(pathOf(record), `${JSON.stringify(record.value, undefined, 2)}\n`);
  }
}
