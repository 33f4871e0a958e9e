/** Which fields of a work item a restore writes, in the form Azure DevOps takes, and how two states are compared. */
import type { PatchOperation } from "../azure-devops/work-items.ts";
import { isObject, objectAt, stringAt, type JsonObject, type JsonValue } from "../foundation/json.ts";
import { movedPath } from "./classification.ts";
import type { TargetProject } from "./kind.ts";
import { fieldsOf } from "./work-item-record.ts";

/** Computed by the service, or given by the address or a relation (rest-reference §8.8). */
const computed = new Set([
  "System.Id",
  "System.Rev",
  "System.Watermark",
  "System.AuthorizedAs",
  "System.AuthorizedDate",
  "System.RevisedDate",
  "System.PersonId",
  "System.AreaId",
  "System.IterationId",
  "System.NodeName",
  "System.NodeType",
  "System.TeamProject",
  "System.WorkItemType",
  "System.CommentCount",
  "System.BoardColumn",
  "System.BoardColumnDone",
  "System.BoardLane",
  "System.Parent",
  "System.History",
  "System.IsDeleted",
  "System.ChangedDate",
  "System.ChangedBy",
  "System.CreatedDate",
  "System.CreatedBy",
  "System.AttachedFileCount",
  "System.ExternalLinkCount",
  "System.HyperLinkCount",
  "System.RelatedLinkCount",
  "System.RemoteLinkCount",
  "System.RelatedLinks",
]);
const computedPattern = /^System\.(?:Area|Iteration)Level\d+$/;
const boardPattern = /^WEF_[0-9A-F]{32}_/i;

/** Field values to write, by reference name. Paths get the target project's root, identities the mapped name. */
export function writableFields(item: JsonObject, target: TargetProject): Map<string, JsonValue> {
  const written = new Map<string, JsonValue>();
  for (const [name, value] of Object.entries(fieldsOf(item))) {
    if (computed.has(name) || computedPattern.test(name) || value === null) continue;
    // Columns and lanes of a board belong to that board; another project has its own.
    if (boardPattern.test(name) && !target.isSource) continue;
    written.set(name, writableValue(name, value, target));
  }
  return written;
}

export function writableValue(name: string, value: JsonValue, target: TargetProject): JsonValue {
  if ((name === "System.AreaPath" || name === "System.IterationPath") && typeof value === "string") {
    return movedPath(value, target.project.name);
  }
  return isIdentity(value) ? identityName(value, target) : value;
}

function isIdentity(value: JsonValue): value is JsonObject {
  return isObject(value) && (typeof value["uniqueName"] === "string" || typeof value["displayName"] === "string");
}

/** `Name <unique name>`, after the mapping file; what the service accepts for an identity field. */
export function identityName(identity: JsonValue | undefined, target: Pick<TargetProject, "mapping">): string {
  if (typeof identity === "string") return mapped(identity, target);
  if (!isObject(identity)) return "";
  const unique = stringAt(identity, "uniqueName");
  const display = stringAt(identity, "displayName") ?? unique ?? "";
  if (unique === undefined || unique === display) return mapped(display, target);
  const other = mapped(unique, target);
  return other === unique ? `${display} <${unique}>` : other;
}

function mapped(name: string, { mapping }: Pick<TargetProject, "mapping">): string {
  return stringAt(objectAt(mapping, "identities") ?? {}, name) ?? name;
}

export interface FieldDifference {
  readonly name: string;
  /** What it should be; undefined: it should not be set. */
  readonly wanted: JsonValue | undefined;
  readonly live: JsonValue | undefined;
}

/** Fields in which a live item differs from what the snapshot wants. */
export function fieldDifferences(
  wanted: ReadonlyMap<string, JsonValue>,
  live: ReadonlyMap<string, JsonValue>,
): readonly FieldDifference[] {
  const differences: FieldDifference[] = [];
  for (const name of new Set([...wanted.keys(), ...live.keys()])) {
    if (comparable(name, wanted.get(name)) === comparable(name, live.get(name))) continue;
    differences.push({ name, wanted: wanted.get(name), live: live.get(name) });
  }
  return differences;
}

/** One text for values that mean the same: tag order and an identity's display name do not count. */
function comparable(name: string, value: JsonValue | undefined): string {
  if (value === undefined || value === "") return "";
  if (typeof value !== "string") return JSON.stringify(value);
  if (name === "System.Tags")
    return tagsOf(value)
      .map((tag) => tag.toLowerCase())
      .sort()
      .join("; ");
  const unique = /<([^<>]+)>$/.exec(value)?.[1];
  if (unique !== undefined && unique.includes("@")) return unique.toLowerCase();
  return /^\S+@\S+$/.test(value) ? value.toLowerCase() : value;
}

export function tagsOf(tags: JsonValue | undefined): readonly string[] {
  return typeof tags === "string"
    ? tags
        .split(";")
        .map((tag) => tag.trim())
        .filter((tag) => tag !== "")
    : [];
}

export function fieldOperations(differences: readonly FieldDifference[]): readonly PatchOperation[] {
  return differences.map(({ name, wanted }) =>
    wanted === undefined
      ? { op: "remove", path: `/fields/${name}` }
      : { op: "add", path: `/fields/${name}`, value: wanted },
  );
}

/** Markdown or HTML per long text, where the item says so. */
export function formatOperations(item: JsonObject): readonly PatchOperation[] {
  const formats = objectAt(item, "multilineFieldsFormat") ?? {};
  return Object.entries(formats).map(([name, format]) => ({
    op: "add",
    path: `/multilineFieldsFormat/${name}`,
    value: format,
  }));
}

/** One line for people: `System.State: Closed → Active`. */
export function describeDifference({ name, wanted, live }: FieldDifference): string {
  return `${name}: ${shown(live)} → ${shown(wanted)}`;
}

function shown(value: JsonValue | undefined): string {
  if (value === undefined) return "(empty)";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}… (${text.length} characters)` : text;
}
