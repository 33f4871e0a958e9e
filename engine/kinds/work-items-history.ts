/**
 * The history of a recreated work item, by mode: `attach` writes the latest state and attaches all revisions as a
 * file; `last N` and `replay` write revisions one after another under their own names and dates. Dates must strictly
 * increase (VS402625), so equal ones are moved apart by a millisecond.
 */
import { updateWorkItem, workItemsBatch, type PatchOperation } from "../azure-devops/work-items.ts";
import { utf8 } from "../foundation/bytes.ts";
import { canonicalJson, stringAt, type JsonObject, type JsonValue } from "../foundation/json.ts";
import type { TargetProject } from "./kind.ts";
import {
  fieldDifferences,
  fieldOperations,
  formatOperations,
  identityName,
  tagsOf,
  writableFields,
} from "./work-item-fields.ts";
import { fieldsOf, type WorkItemRecord } from "./work-item-record.ts";
import type { HistoryFile } from "./work-items-comparison.ts";
import { markerTag, revOf } from "./work-items-target.ts";

/** Revisions to write, oldest first; at least the latest state. */
function replayedRevisions(record: WorkItemRecord, { workItemHistory: history }: TargetProject): readonly JsonObject[] {
  const all = record.revisions.length === 0 ? [record.item] : record.revisions;
  if (history.mode === "replay") return all;
  if (history.mode === "last") return all.slice(-Math.max(1, history.revisions));
  return [record.item];
}

/** JSON patch that creates the item in the state of its first replayed revision. */
export function creationOperations(record: WorkItemRecord, target: TargetProject): readonly PatchOperation[] {
  const first = replayedRevisions(record, target)[0] ?? record.item;
  const fields = fieldDifferences(writableFields(first, target), new Map());
  const original = fieldsOf(record.revisions[0] ?? record.item);
  const birth: PatchOperation[] = [
    ...dated("System.CreatedDate", original["System.CreatedDate"]),
    ...named("System.CreatedBy", original["System.CreatedBy"], target),
  ];
  const isReplay = target.workItemHistory.mode !== "attach";
  const stamp = isReplay ? stampOperations(first, target, undefined) : [];
  return [...fieldOperations(fields), ...formatOperations(record.item), ...birth, ...stamp];
}

/** Writes the revisions after the first; an interrupted replay goes on where the item stands. */
export async function replayRest(record: WorkItemRecord, id: number, target: TargetProject): Promise<void> {
  const revisions = replayedRevisions(record, target);
  if (revisions.length < 2) return;
  const live = (await workItemsBatch(target.azureDevOps, [id])).get(id);
  const done = live === null || live === undefined ? 1 : revOf(live);
  let last = dateOf(revisions[Math.min(done, revisions.length) - 1]);
  for (let index = done; index < revisions.length; index += 1) {
    const revision = revisions[index];
    const before = revisions[index - 1];
    if (revision === undefined || before === undefined) continue;
    const operations = [
      ...changesBetween(before, revision, { record, target }),
      ...historyText(revision),
      ...stampOperations(revision, target, last),
    ];
    await updateWorkItem(target.azureDevOps, { id, bypassRules: true, suppressNotifications: true }, operations);
    last = laterOf(dateOf(revision), last);
  }
}

function changesBetween(
  before: JsonObject,
  after: JsonObject,
  { record, target }: { readonly record: WorkItemRecord; readonly target: TargetProject },
): readonly PatchOperation[] {
  const differences = fieldDifferences(writableFields(after, target), writableFields(before, target));
  return fieldOperations(differences).map((operation) => {
    if (operation.path !== "/fields/System.Tags") return operation;
    // The marker has to survive until the item is complete.
    return {
      op: "add" as const,
      path: operation.path,
      value: [...tagsOf(operation.value), markerTag(record.id, target)].join("; "),
    };
  });
}

/** Discussion text of a revision: written with it, it keeps its author and date. */
function historyText(revision: JsonObject): readonly PatchOperation[] {
  const text = stringAt(fieldsOf(revision), "System.History");
  return text === undefined || text === "" ? [] : [{ op: "add", path: "/fields/System.History", value: text }];
}

function stampOperations(
  revision: JsonObject,
  target: TargetProject,
  after: string | undefined,
): readonly PatchOperation[] {
  const fields = fieldsOf(revision);
  const date = stringAt(fields, "System.ChangedDate");
  const increasing = date === undefined || after === undefined ? date : laterOf(date, after);
  return [...dated("System.ChangedDate", increasing), ...named("System.ChangedBy", fields["System.ChangedBy"], target)];
}

function dateOf(revision: JsonObject | undefined): string | undefined {
  return revision === undefined ? undefined : stringAt(fieldsOf(revision), "System.ChangedDate");
}

/** `date`, or a millisecond after `other` when it is not later. */
function laterOf(date: string | undefined, other: string | undefined): string | undefined {
  if (date === undefined || other === undefined || Date.parse(date) > Date.parse(other)) return date ?? other;
  return new Date(Date.parse(other) + 1).toISOString();
}

function dated(name: string, value: JsonValue | undefined): readonly PatchOperation[] {
  return typeof value === "string" ? [{ op: "add", path: `/fields/${name}`, value }] : [];
}

function named(name: string, value: JsonValue | undefined, target: TargetProject): readonly PatchOperation[] {
  const identity = identityName(value, target);
  return identity === "" ? [] : [{ op: "add", path: `/fields/${name}`, value: identity }];
}

/** The revisions as a file beside the recreated item, unless they are all replayed. Same record, same bytes. */
export function historyFiles(record: WorkItemRecord, { workItemHistory }: TargetProject): readonly HistoryFile[] {
  if (workItemHistory.mode === "replay" || record.revisions.length < 2) return [];
  const content = utf8(
    `${canonicalJson({ id: record.id, revisions: record.revisions, comments: record.comments ?? [] })}\n`,
  );
  return [{ name: `work-item-${record.id}-history.json`, size: content.length, content }];
}
