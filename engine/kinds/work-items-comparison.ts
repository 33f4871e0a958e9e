/** How a live work item differs from its stored record, in terms of the target: the base of plan and apply alike. */
import { comments as readLiveComments } from "../azure-devops/work-items.ts";
import { collect } from "../foundation/concurrency.ts";
import { numberAt, objectAt, stringAt, type JsonObject, type JsonValue } from "../foundation/json.ts";
import type { TargetProject } from "./kind.ts";
import {
  commentDifference,
  liveComments,
  quotedText,
  type CommentDifference,
  type StoredComment,
} from "./work-item-comments.ts";
import { describeDifference, fieldDifferences, writableFields, type FieldDifference } from "./work-item-fields.ts";
import { fieldsOf, type WorkItemRecord } from "./work-item-record.ts";
import { relationDifference, relationsOf, type RelationDifference } from "./work-item-relations.ts";
import { rewriteText } from "./work-item-text.ts";
import type { Hanging } from "./work-item-trees.ts";
import { projectOf, wantedRelations } from "./work-items-target.ts";

export interface Comparison {
  readonly fields: readonly FieldDifference[];
  readonly relations: RelationDifference;
  readonly comments: CommentDifference;
  /** The item lives in another project now. */
  readonly movesFrom: string | undefined;
  /** Links that cannot be made. */
  readonly lost: readonly string[];
  /** Children that have to be taken from another parent first. */
  readonly released: readonly Hanging[];
}

export interface Pair {
  readonly record: WorkItemRecord;
  readonly live: JsonObject;
  /** The live item is a copy with another id, made by a restore. */
  readonly isCopy: boolean;
}

export async function compare(
  pair: Pair,
  target: TargetProject,
  history: readonly HistoryFile[] = [],
): Promise<Comparison> {
  const { record, live } = pair;
  const { relations, lost, released } = await wantedRelations(record, target, pair);
  const wantedFiles = history.map(({ name, size }) => ({
    rel: "AttachedFile",
    url: `history:${name}`,
    attributes: { name, resourceSize: size, comment: "History of the original work item" },
    label: `file ${name}`,
  }));
  const home = projectOf(live);
  return {
    fields: comparedFields(pair, target),
    relations: relationDifference([...relations, ...wantedFiles], relationsOf(live)),
    comments: await comparedComments(pair, target),
    movesFrom: home.toLowerCase() === target.project.name.toLowerCase() ? undefined : home,
    lost,
    released,
  };
}

/** The original's revisions, attached to a copy. */
export interface HistoryFile {
  readonly name: string;
  readonly size: number;
  readonly content: Uint8Array;
}

function comparedFields({ record, live, isCopy }: Pair, target: TargetProject): readonly FieldDifference[] {
  const wanted = writableFields(record.item, target);
  const found = writableFields(live, target);
  const differences = fieldDifferences(rewrittenFields(record, wanted, target), found);
  if (!isCopy) return differences;
  // A copy's images have new addresses: texts that differ in nothing else are the same.
  return differences.filter(
    ({ wanted: text, live: other }) =>
      typeof text !== "string" || typeof other !== "string" || withoutAddresses(text) !== withoutAddresses(other),
  );
}

function withoutAddresses(text: string): string {
  return text
    .replace(/https?:\/\/[^\s"'<>()]*\/_apis\/wit\/attachments\/[0-9a-f-]{36}/gi, "attachment")
    .replaceAll("&amp;", "&");
}

/** Long texts with mentions and addresses of restored items; `attachment` is filled in when files are uploaded. */
export function rewrittenFields(
  record: WorkItemRecord,
  fields: ReadonlyMap<string, JsonValue>,
  target: TargetProject,
  attachment: (id: string) => string | undefined = () => undefined,
): ReadonlyMap<string, JsonValue> {
  const formats = objectAt(record.item, "multilineFieldsFormat") ?? {};
  const rewritten = new Map<string, JsonValue>();
  for (const [name, value] of fields) {
    const format = stringAt(formats, name)?.toLowerCase() === "markdown" ? "markdown" : "html";
    rewritten.set(
      name,
      typeof value === "string" && isLongText(value)
        ? rewriteText(value, rewriting(target, { format, attachment }))
        : value,
    );
  }
  return rewritten;
}

/** Only texts that may hold addresses or mentions. */
function isLongText(value: string): boolean {
  return value.includes("://") || value.includes("#");
}

function rewriting(
  target: TargetProject,
  {
    format,
    attachment,
  }: { readonly format: "html" | "markdown"; readonly attachment: (id: string) => string | undefined },
): Parameters<typeof rewriteText>[1] {
  return {
    attachment,
    workItem: (id) => target.ids.get("work-items", id),
    source: target.source,
    target: { organizationUrl: target.azureDevOps.organization.url, projectName: target.project.name },
    format,
  };
}

/** A comment's text as it is written anew in the target. */
export function recreatedText(
  comment: StoredComment,
  target: TargetProject,
  attachment: (id: string) => string | undefined = () => undefined,
): string {
  return quotedText(comment, rewriteText(comment.text, rewriting(target, { format: comment.format, attachment })));
}

async function comparedComments({ record, live, isCopy }: Pair, target: TargetProject): Promise<CommentDifference> {
  const wanted = liveComments(record.comments ?? []);
  const liveCount = numberAt(fieldsOf(live), "System.CommentCount") ?? 0;
  const id = numberAt(live, "id") ?? 0;
  const found =
    liveCount === 0 ? [] : liveComments(await collect(readLiveComments(target.azureDevOps, target.project.id, id)));
  return commentDifference(wanted, found, { sameIds: !isCopy, recreated: (comment) => recreatedText(comment, target) });
}

export function isSame({ fields, relations, comments, movesFrom }: Comparison): boolean {
  const parts = [fields, relations.missing, relations.surplus, comments.missing, comments.edited, comments.later];
  return movesFrom === undefined && parts.every((part) => part.length === 0);
}

/** One line for everything that would be changed, removed, or cannot be kept. */
export function describeComparison({ fields, relations, comments, movesFrom, lost }: Comparison): readonly string[] {
  return [
    ...(movesFrom === undefined ? [] : [`move back from project ${movesFrom}`]),
    ...fields.map(describeDifference),
    ...relations.missing.map(({ label }) => `add ${label}`),
    ...relations.surplus.map(({ relation }) => `remove ${relation.rel} ${relation.url}, which came after the snapshot`),
    ...comments.missing.map(({ author, createdAt }) => `write the comment of ${author} of ${createdAt} again, quoted`),
    ...comments.edited.map(({ liveId }) => `give comment ${liveId} its earlier text`),
    ...comments.later.map(({ id, author }) => `delete comment ${id} of ${author}, which came after the snapshot`),
    ...lost,
  ];
}
