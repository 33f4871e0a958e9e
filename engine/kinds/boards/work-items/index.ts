/**
 * Work items: fields, links, comments, attachments, inline images, history, recycle bin. One stream `work-items`
 * with its files in `work-items/files`. Backing up stands in backup/, restoring in restore/, what both compare
 * in comparison/.
 */
import { stringAt } from "../../../foundation/json.ts";
import { fieldsOf, workItemRecordOf } from "./record.ts";
import { archiveWorkItems } from "./archive.ts";
import { applyWorkItemStep } from "./restore/apply.ts";
import { backUpWorkItems } from "./backup/back-up.ts";
import { planWorkItems } from "./restore/plan.ts";
import { selectedWorkItems } from "./selection.ts";
import { verifyRecords } from "../../documents/records.ts";
import type { Absence, ItemReference, ResourceKind, Selection } from "../../kind.ts";

export const workItems: ResourceKind = {
  name: "work-items",
  title: "Work items",
  permissions: {
    backUp: [{ scope: "vso.work", permission: "View work items in every area" }],
    restore: [
      {
        scope: "vso.work_write",
        permission:
          "Edit work items in every area, Bypass rules on work item updates, Suppress notifications, Delete and restore work items",
      },
    ],
  },
  streams: async function* () {
    yield { id: "work-items", name: "Work items", facts: {} };
  },
  absence: async (): Promise<Absence> => ({ status: "missing", reason: "every project has work items" }),
  backUp: backUpWorkItems,
  verify: (stream) => verifyRecords(stream, ({ value }) => workItemRecordOf(value) !== undefined),
  archive: archiveWorkItems,
  restore: {
    after: ["project", "areas", "iterations", "git-repositories"],
    applying: "concurrent",
    references: pathsOf,
    plan: planWorkItems,
    apply: applyWorkItemStep,
  },
};

/** Areas and iterations the selected items lie in. */
async function* pathsOf(selection: Selection): AsyncGenerator<ItemReference> {
  const seen = new Set<string>();
  for await (const { id, item, deleted } of selectedWorkItems(selection)) {
    if (deleted === true && selection.keys === "all") continue; // those are not restored
    for (const [kind, field] of [
      ["areas", "System.AreaPath"],
      ["iterations", "System.IterationPath"],
    ] as const) {
      const path = stringAt(fieldsOf(item), field);
      if (path === undefined || !path.includes("\\") || seen.has(`${kind}/${path}`)) continue;
      seen.add(`${kind}/${path}`);
      yield { kind, id: path, neededBy: `work item ${id}` };
    }
  }
}
