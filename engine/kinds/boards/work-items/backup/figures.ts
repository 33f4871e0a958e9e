/**
 * What insight judges of changed work items: states that went back to where their type begins, and text that has come
 * to look like noise. An item's record holds its whole history and would hide that: only what has changed is looked at.
 */
import { deflateSync } from "node:zlib";
import { workItemTypes } from "../../../../azure-devops/boards/work-item-settings.ts";
import { BackupError } from "../../../../foundation/errors.ts";
import { arrayAt, isObject, stringAt, type JsonObject } from "../../../../foundation/json.ts";
import type { SourceProject } from "../../../kind.ts";
import { parsedRevision, type ReadRecord } from "../record-json.ts";
import { fieldsOf } from "../record.ts";
import type { Key } from "./keys.ts";

const countedFromBytes = 2048;
const denseRatio = 0.6;
/** More of a text says no more about it. */
const lookedAtBytes = 64 * 1024;

export class ChangeFigures {
  back = 0;
  dense = 0;
  readonly #source: SourceProject;
  #firstStates: Promise<ReadonlyMap<string, string>> | undefined;

  constructor(source: SourceProject) {
    this.#source = source;
  }

  /** `before`: its key in the parent snapshot. Only items that were there and have changed count. */
  async see(record: ReadRecord, before: Key | undefined): Promise<void> {
    if (before === undefined || record.deleted === true || before.deleted) return;
    const old = revisionAt(record, before.rev);
    if (before.rev !== record.rev && (await this.#wentBack(record, old))) this.back += 1;
    if (isDense(changedText(record, old))) this.dense += 1;
  }

  async #wentBack(record: ReadRecord, old: JsonObject | undefined): Promise<boolean> {
    const fields = fieldsOf(record.item);
    const state = stringAt(fields, "System.State");
    const stateBefore = old === undefined ? undefined : stringAt(old, "System.State");
    if (state === undefined || stateBefore === undefined || state === stateBefore) return false;
    this.#firstStates ??= firstStates(this.#source);
    const first = (await this.#firstStates).get(stringAt(fields, "System.WorkItemType") ?? "") ?? stateAtFirst(record);
    return state === first;
  }
}

/** Fields of the item as they were; undefined where that revision is not among those read. */
function revisionAt({ revisions }: ReadRecord, rev: number): JsonObject | undefined {
  const found = revisions.find((revision) => revision.rev === rev);
  return found === undefined ? undefined : fieldsOf(parsedRevision(found));
}

function stateAtFirst({ revisions: [first] }: ReadRecord): string | undefined {
  return first?.rev === 1 ? stringAt(fieldsOf(parsedRevision(first)), "System.State") : undefined;
}

/** By type; of types that are not shown the first revision of an item tells. One request a run, and only when needed. */
async function firstStates({ azureDevOps, project, signal }: SourceProject): Promise<ReadonlyMap<string, string>> {
  try {
    const types = await workItemTypes(azureDevOps, project.id);
    return new Map(
      types.flatMap((type) => {
        const [first] = (arrayAt(type, "states") ?? []).filter(isObject);
        const [name, state] = [stringAt(type, "name"), first === undefined ? undefined : stringAt(first, "name")];
        return name === undefined || state === undefined ? [] : [[name, state] as const];
      }),
    );
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof BackupError)) throw error;
    return new Map();
  }
}

/** Texts of fields that differ from the revision before, and of comments made or changed since. */
function changedText(record: ReadRecord, old: JsonObject | undefined): string {
  const fields = Object.entries(fieldsOf(record.item)).flatMap(([name, value]) =>
    typeof value === "string" && value !== old?.[name] ? [value] : [],
  );
  const since = old === undefined ? undefined : stringAt(old, "System.ChangedDate");
  const comments = (record.comments ?? []).flatMap((comment) => {
    const at = stringAt(comment, "modifiedDate") ?? stringAt(comment, "createdDate");
    const isNew = since !== undefined && at !== undefined && Date.parse(at) > Date.parse(since);
    return isNew ? [stringAt(comment, "text") ?? ""] : [];
  });
  return [...fields, ...comments].join("\n");
}

function isDense(text: string): boolean {
  if (text.length * 3 < countedFromBytes) return false;
  const bytes = Buffer.from(text).subarray(0, lookedAtBytes);
  return bytes.length >= countedFromBytes && deflateSync(bytes).length > denseRatio * bytes.length;
}
