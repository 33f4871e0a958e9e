/** Fields of work items: which a restore writes, in the form Azure DevOps takes, and when two values mean the same. */
import type { PatchOperation } from "../../../azure-devops/boards/work-items.ts";
import { isObject, objectAt, stringAt, type JsonObject, type JsonValue } from "../../../foundation/json.ts";
import { inert } from "../../../foundation/text.ts";
import type { TargetProject } from "../../kind.ts";
import { fieldsOf } from "./record.ts";

/** Computed by the service, or given by the address, a relation or a step of its own (rest-reference §8.8). */
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

export interface FieldValue {
  /** In the form the service takes. */
  readonly written: JsonValue;
  /** Equal for values that mean the same. */
  readonly likeness: string;
}

/** By reference name; empty fields are left out. */
export type Fields = ReadonlyMap<string, FieldValue>;

/** How a stored value becomes the target's. */
export interface FieldTranslation {
  /** False for fields that the target cannot have. */
  keeps(name: string): boolean;
  /** Area and iteration paths; `name` is the field. */
  path(name: string, path: string): string;
  identity(identity: JsonValue): string;
  text(name: string, text: string): string;
  /** Texts of equal likeness mean the same. */
  likeness(text: string): string;
}

const untranslated: FieldTranslation = {
  keeps: () => true,
  path: (_, path) => path,
  identity: (identity) => identityName(identity, { mapping: {} }),
  text: (_, text) => text,
  likeness: (text) => text,
};

/** The fields a restore cares about: of a live item as they are, of a stored one as the target shall have them. */
export function settableFields(item: JsonObject, translation: FieldTranslation = untranslated): Fields {
  const found = new Map<string, FieldValue>();
  for (const [name, value] of Object.entries(fieldsOf(item))) {
    if (isComputed(name) || value === null || value === "" || !translation.keeps(name)) continue;
    found.set(name, fieldValue(name, value, translation));
  }
  return found;
}

function isComputed(name: string): boolean {
  return computed.has(name) || computedPattern.test(name);
}

/** Columns and lanes of a board belong to that board; another project has its own. */
export function isBoardField(name: string): boolean {
  return boardPattern.test(name);
}

function fieldValue(name: string, value: JsonValue, translation: FieldTranslation): FieldValue {
  if (name === "System.Tags") return tagsValue(tagsOf(value));
  if (isIdentity(value)) {
    const written = translation.identity(value);
    return { written, likeness: identityLikeness(written) };
  }
  if (typeof value !== "string") return { written: value, likeness: JSON.stringify(value) };
  if (name === "System.AreaPath" || name === "System.IterationPath") {
    const written = translation.path(name, value);
    return { written, likeness: written.toLowerCase() };
  }
  const written = translation.text(name, value);
  return { written, likeness: translation.likeness(written) };
}

/** Order and letter case of tags do not count. */
function tagsValue(tags: readonly string[]): FieldValue {
  const likeness = tags
    .map((tag) => tag.toLowerCase())
    .sort()
    .join("; ");
  return { written: tags.join("; "), likeness };
}

/** From `a; b`, or from the objects that the feed of revisions has. */
export function tagsOf(tags: JsonValue | undefined): readonly string[] {
  const names = Array.isArray(tags)
    ? (tags as readonly JsonValue[]).map((tag) => (isObject(tag) ? (stringAt(tag, "name") ?? "") : ""))
    : typeof tags === "string"
      ? tags.split(";")
      : [];
  return names.map((name) => name.trim()).filter((name) => name !== "");
}

function isIdentity(value: JsonValue): value is JsonObject {
  return isObject(value) && (typeof value.uniqueName === "string" || typeof value.displayName === "string");
}

/** Who it is counts, not what they are called. */
function identityLikeness(text: string): string {
  return (/<([^<>]+)>\s*$/.exec(text)?.[1] ?? text).toLowerCase();
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

/** Identity fields that hold a mere text: the organisation does not know who that is. */
export function unknownIdentities(item: JsonObject, wanted: Fields): readonly string[] {
  return Object.entries(fieldsOf(item)).flatMap(([name, value]) => {
    const isText = isIdentity(value) && value.id === undefined && value.descriptor === undefined;
    return isText && wanted.has(name) ? [`${name}: ${shown(value.displayName)} is unknown there; kept as text`] : [];
  });
}

export interface FieldDifference {
  readonly name: string;
  /** What it should be; undefined: it should not be set. */
  readonly wanted: JsonValue | undefined;
  readonly live: JsonValue | undefined;
}

/** Fields in which an item differs from what is wanted. */
export function fieldDifferences(wanted: Fields, live: Fields): readonly FieldDifference[] {
  return [...new Set([...wanted.keys(), ...live.keys()])]
    .filter((name) => wanted.get(name)?.likeness !== live.get(name)?.likeness)
    .map((name) => ({ name, wanted: wanted.get(name)?.written, live: live.get(name)?.written }));
}

export function fieldOperations(differences: readonly FieldDifference[]): readonly PatchOperation[] {
  return differences.map(({ name, wanted }) =>
    wanted === undefined
      ? { op: "remove", path: `/fields/${name}` }
      : { op: "add", path: `/fields/${name}`, value: wanted },
  );
}

/** Markdown or HTML, of a long text. */
export type TextFormat = "html" | "markdown";

export function formatOf(item: JsonObject, field: string): TextFormat {
  const formats = objectAt(item, "multilineFieldsFormat") ?? {};
  return stringAt(formats, field)?.toLowerCase() === "markdown" ? "markdown" : "html";
}

/** Long texts in Markdown; in all others it is HTML. */
export function markdownFields(item: JsonObject): readonly string[] {
  const formats = objectAt(item, "multilineFieldsFormat") ?? {};
  return Object.keys(formats).filter((name) => formatOf(item, name) === "markdown");
}

export function markdownOperations(names: readonly string[]): readonly PatchOperation[] {
  return names.map((name) => ({ op: "add", path: `/multilineFieldsFormat/${name}`, value: "Markdown" }));
}

/** One line, which reports show with the field's own name (foundation/field-names.ts): `System.State: Closed → Active`. */
export function describeDifference({ name, wanted, live }: FieldDifference): string {
  return `${name}: ${shown(live)} → ${shown(wanted)}`;
}

function shown(value: JsonValue | undefined): string {
  if (value === undefined) return "(empty)";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 80 ? `${inert(text.slice(0, 80))}… (${text.length} characters)` : inert(text);
}
