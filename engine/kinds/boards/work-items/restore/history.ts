/**
 * The history of a recreated work item, by mode: `attach` writes the latest state and attaches all revisions as a
 * file; `last N` and `replay` write revisions one after another under their own names and dates. Dates must strictly
 * increase (VS402625), so equal ones are moved apart by a millisecond.
 */
import { updateWorkItem, workItemsBatch, type PatchOperation } from "../../../../azure-devops/boards/work-items.ts";
import { hasCode } from "../../../../foundation/errors.ts";
import { utf8 } from "../../../../foundation/bytes.ts";
import { canonicalJson, stringAt, type JsonObject, type JsonValue } from "../../../../foundation/json.ts";
import { counted } from "../../../../foundation/text.ts";
import type { TargetProject } from "../../../kind.ts";
import { fieldDifferences, fieldOperations, identityName, markdownFields, markdownOperations } from "../fields.ts";
import { fieldsOf, type WorkItemRecord } from "../record.ts";
import { lostFields, wantedOf, type HistoryFile } from "../comparison/comparison.ts";
import { additionOperation } from "../relations.ts";
import type { Whereabouts } from "../comparison/links.ts";
import { originLink } from "../comparison/origins.ts";
import { revOf } from "../comparison/counterparts.ts";
import { asImport, writeAccepted, type Refused, type Written } from "./writing.ts";

/** REST lets an item have 10,000 revisions; some are left for its further life. */
const maxReplayed = 9500;

/** Revisions to write, oldest first; at least the latest state. */
function replayedRevisions(record: WorkItemRecord, { workItemHistory: history }: TargetProject): readonly JsonObject[] {
  if (history.mode === "attach" || record.revisions.length === 0) return [record.item];
  const wanted = history.mode === "replay" ? maxReplayed : Math.min(maxReplayed, Math.max(1, history.revisions));
  return record.revisions.slice(-wanted);
}

export interface Creation {
  /** JSON patch that creates the item in the state of its first replayed revision, with the link to its origin. */
  readonly operations: readonly PatchOperation[];
  readonly lost: readonly string[];
}

export async function creationOf(record: WorkItemRecord, where: Whereabouts): Promise<Creation> {
  const { target } = where;
  const first = replayedRevisions(record, target)[0] ?? record.item;
  const { fields } = await wantedOf(first, { record, isCopy: true }, where);
  const latest = await wantedOf(record.item, { record, isCopy: true }, where);
  const markdown = markdownFields(record.item).filter((name) => latest.fields.has(name));
  const original = fieldsOf(record.revisions[0] ?? record.item);
  const operations: PatchOperation[] = [
    ...fieldOperations(fieldDifferences(fields, new Map())),
    ...markdownOperations(markdown),
    additionOperation(originLink(record, target)),
    ...dated("System.CreatedDate", original["System.CreatedDate"]),
    ...named("System.CreatedBy", original["System.CreatedBy"], target),
    ...(target.workItemHistory.mode === "attach"
      ? []
      : [...historyText(first), ...stampOf(first, target, { after: undefined, push: 0 })]),
  ];
  return { operations, lost: lostFields(latest, new Map()) };
}

/** Writes the revisions after the first; an interrupted replay goes on where the item stands. Gives what was refused. */
export async function replayRest(record: WorkItemRecord, id: number, where: Whereabouts): Promise<Refused> {
  const { target } = where;
  const revisions = replayedRevisions(record, target);
  const refused = new Map<string, string>();
  if (revisions.length < 2) return refused;
  const live = (await workItemsBatch(target.azureDevOps, [id])).get(id) ?? {};
  const done = Math.max(1, revOf(live));
  let lastDate = stringAt(fieldsOf(live), "System.ChangedDate");
  let before = await wantedOf(revisions[done - 1] ?? {}, { record, isCopy: true }, where);
  for (const revision of revisions.slice(done)) {
    target.signal.throwIfAborted();
    const wanted = await wantedOf(revision, { record, isCopy: true }, where);
    const changes = [...fieldOperations(fieldDifferences(wanted.fields, before.fields)), ...historyText(revision)];
    const stamp = { revision, after: lastDate };
    const written = await writeStamped(changes, stamp, { id, target });
    for (const [what, reason] of written.refused) refused.set(what, reason);
    lastDate = stringAt(fieldsOf(written.item ?? {}), "System.ChangedDate");
    before = wanted;
  }
  return refused;
}

/** Milliseconds by which a date may have to be moved: the service keeps them less exactly than it shows them. */
const pushes = [1, 10, 1000];

interface Stamp {
  readonly revision: JsonObject;
  /** Date of the revision before. */
  readonly after: string | undefined;
}

async function writeStamped(
  changes: readonly PatchOperation[],
  { revision, after }: Stamp,
  { id, target }: { readonly id: number; readonly target: TargetProject },
): Promise<Written> {
  const send = (some: readonly PatchOperation[]): Promise<JsonObject> =>
    updateWorkItem(target.azureDevOps, { id, ...asImport }, some);
  for (const push of pushes.slice(0, -1)) {
    try {
      return await writeAccepted([...changes, ...stampOf(revision, target, { after, push })], { send, target });
    } catch (error) {
      if (!hasCode(error, "ADO_REQUEST") || !error.message.includes("VS402625")) throw error;
    }
  }
  return writeAccepted([...changes, ...stampOf(revision, target, { after, push: pushes.at(-1) ?? 0 })], {
    send,
    target,
  });
}

/** Discussion text of a revision: written with it, it keeps its author and date. */
function historyText(revision: JsonObject): readonly PatchOperation[] {
  const text = stringAt(fieldsOf(revision), "System.History");
  return text === undefined || text === "" ? [] : [{ op: "add", path: "/fields/System.History", value: text }];
}

function stampOf(
  revision: JsonObject,
  target: TargetProject,
  { after, push }: { readonly after: string | undefined; readonly push: number },
): readonly PatchOperation[] {
  const fields = fieldsOf(revision);
  const date = stringAt(fields, "System.ChangedDate");
  return [
    ...dated("System.ChangedDate", date === undefined ? undefined : laterOf(date, after, push)),
    ...named("System.ChangedBy", fields["System.ChangedBy"], target),
  ];
}

/** `date`, or so many milliseconds after `other` when it is not later. */
function laterOf(date: string, other: string | undefined, milliseconds: number): string {
  if (other === undefined || (milliseconds <= 1 && sortable(date) > sortable(other))) return date;
  return new Date(Math.max(Date.parse(date), Date.parse(other)) + milliseconds).toISOString();
}

/** Instants as the service writes them, with up to seven fractional digits, so that they sort as texts. */
function sortable(instant: string): string {
  const [, seconds = instant, fraction = ""] = /^([^.Z]+)(?:\.(\d+))?Z$/.exec(instant) ?? [];
  return `${seconds}.${fraction.padEnd(7, "0")}`;
}

function dated(name: string, value: JsonValue | undefined): readonly PatchOperation[] {
  return typeof value === "string" ? [{ op: "add", path: `/fields/${name}`, value }] : [];
}

function named(name: string, value: JsonValue | undefined, target: TargetProject): readonly PatchOperation[] {
  const identity = identityName(value, target);
  return identity === "" ? [] : [{ op: "add", path: `/fields/${name}`, value: identity }];
}

/** The revisions as a file beside the recreated item, unless they are all replayed. Same record, same bytes. */
export function historyFiles(record: WorkItemRecord, target: TargetProject): readonly HistoryFile[] {
  const isWhole = target.workItemHistory.mode !== "attach";
  const replayed = isWhole ? replayedRevisions(record, target).length : 1;
  if (replayed >= record.revisions.length) return [];
  const { id, revisions, comments = [] } = record;
  const content = utf8(`${canonicalJson({ id, revisions, comments })}\n`);
  return [{ name: `work-item-${id}-history.json`, size: content.length, content }];
}

/** For the plan: how much of the history is going to be written. */
export function historyLine(record: WorkItemRecord, target: TargetProject): string {
  const all = record.revisions.length;
  if (target.workItemHistory.mode === "attach") return `history of ${counted(all, "revision")} as an attached file`;
  return `${Math.min(all, replayedRevisions(record, target).length)} of ${counted(all, "revision")} replayed`;
}
