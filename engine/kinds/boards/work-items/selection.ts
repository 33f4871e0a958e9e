/** The work items a restore was asked for, in id order. */
import { BackupError } from "../../../foundation/errors.ts";
import type { JsonObject } from "../../../foundation/json.ts";
import type { Selection } from "../../kind.ts";
import { workItemRecordOf, type WorkItemRecord } from "./record.ts";

/** From here on one pass over everything is cheaper than looking up each. */
const manyKeys = 2000;

export async function* selectedWorkItems(selection: Selection): AsyncGenerator<WorkItemRecord> {
  const { keys, stream } = selection;
  if (keys === "all" || keys.size > manyKeys) {
    for await (const { key, value } of stream.records())
      if (keys === "all" || keys.has(String(key))) yield recordOf(value, String(key));
    return;
  }
  for (const id of [...keys].map(Number).sort((a, b) => a - b)) yield await workItemOf(selection, id);
}

/** One work item of the snapshot. Throws SELECTION_EMPTY when it is not in it. */
export async function workItemOf({ stream }: Selection, id: number): Promise<WorkItemRecord> {
  const value = await stream.record(id);
  if (value !== undefined) return recordOf(value, String(id));
  throw new BackupError({
    code: "SELECTION_EMPTY",
    message: `Work item ${id} is not in this snapshot`,
    hint: "Choose a snapshot from when it existed in this project; the hub shows an item's snapshots.",
  });
}

function recordOf(value: JsonObject, key: string): WorkItemRecord {
  const record = workItemRecordOf(value);
  if (record !== undefined) return record;
  throw new BackupError({
    code: "STATE_INVALID",
    message: `The stored record of work item ${key} is not one`,
    hint: "The vault was written by another version; update the extension, then run VerifyBackup.",
  });
}
