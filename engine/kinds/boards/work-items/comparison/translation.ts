/** The values of a stored work item in terms of the target: paths, people, mentions, addresses of images. */
import { movedPath } from "../../../restore/moved-path.ts";
import { quotedText, type WantedComment } from "../comments.ts";
import { formatOf, identityName, isBoardField, type FieldTranslation } from "../fields.ts";
import { mayMentionFile } from "../record-json.ts";
import { fieldsOf, type WorkItemRecord } from "../record.ts";
import { mentionedIn, rewriteText, withoutAttachmentAddresses, type TextRewriting } from "../record-text.ts";
import type { Whereabouts } from "./links.ts";
import { mappedId } from "./counterparts.ts";

/** New address of an uploaded file by its GUID; undefined for one that keeps its old address. */
export type Addresses = (guid: string) => string | undefined;

const oldAddresses: Addresses = () => undefined;

/** Where the map of ids has the paths of fields. */
const pathSpaces: Readonly<Record<string, string>> = {
  "System.AreaPath": "areas.path",
  "System.IterationPath": "iterations.path",
};

interface Stored {
  readonly record: WorkItemRecord;
  readonly isCopy: boolean;
}

export function translationFor(
  { record, isCopy }: Stored,
  where: Whereabouts,
  addresses: Addresses = oldAddresses,
): FieldTranslation {
  const { target } = where;
  const rewriting = rewritingFor(isCopy, where, addresses);
  return {
    ...liveTranslation(isCopy, where),
    path: (name, path) => target.ids.get(pathSpaces[name] ?? name, path) ?? movedPath(path, target.project.name),
    identity: (identity) => identityName(identity, target),
    text: (name, text) => (isRewritable(text) ? rewriteText(text, formatOf(record.item, name), rewriting) : text),
  };
}

/**
 * Values of the target stay as they are; those it is not asked to have are left out. A text of a copy is as it should be
 * wherever its images lie, but for `foreign` ones: the original's, of which the copy is to have its own.
 */
export function liveTranslation(
  isCopy: boolean,
  { target }: Whereabouts,
  foreign: ReadonlySet<string> = new Set(),
): FieldTranslation {
  return {
    keeps: (name) => target.isSource || !isBoardField(name),
    path: (_, path) => path,
    identity: (identity) => identityName(identity, { mapping: {} }),
    text: (_, text) => text,
    likeness: isCopy ? (text) => withoutAttachmentAddresses(text, foreign) : (text) => text,
  };
}

/** Only texts that may hold addresses or mentions. */
function isRewritable(text: string): boolean {
  return text.includes("/_") || text.includes("#") || mayMentionFile(text);
}

function rewritingFor(isCopy: boolean, where: Whereabouts, attachment: Addresses): TextRewriting {
  const { target } = where;
  return {
    attachment,
    workItem: (id) => mentionOf(id, isCopy, where),
    source: target.source,
    target: { organizationUrl: target.azureDevOps.organization.url, projectName: target.project.name },
  };
}

/** A mention of an item that is still there under its own id stays, unless a copy of it belongs to this copy. */
function mentionOf(id: number, isCopy: boolean, { target, live, isComing }: Whereabouts): string | undefined {
  if (!isCopy && live.has(id)) return undefined;
  const mapped = mappedId(id, target);
  if (mapped !== undefined) return mapped === id ? undefined : String(mapped);
  return isComing(id) ? `new-${id}` : undefined;
}

/** Mentioned work items of which has to be known whether they are there under their own id. */
export function* doubtfulMentions({ item, comments }: WorkItemRecord, where: Whereabouts): Generator<number> {
  const texts = Object.entries(fieldsOf(item)).map(([name, text]) => ({ text, format: formatOf(item, name) }));
  const said = (comments ?? []).map(({ text, format }) => ({ text, format: format === "markdown" ? format : "html" }));
  for (const { text, format } of [...texts, ...said]) {
    if (typeof text !== "string" || !isRewritable(text)) continue;
    for (const id of mentionedIn(text, format === "markdown" ? "markdown" : "html", where.target.source)) {
      const mapped = mappedId(id, where.target);
      if (where.isComing(id) || (mapped !== undefined && mapped !== id)) yield id;
    }
  }
}

/** A comment's text as it is to stand in the target. */
export function wantedCommentText(
  { comment, form }: WantedComment,
  { isCopy, where }: { readonly isCopy: boolean; readonly where: Whereabouts },
  addresses: Addresses = oldAddresses,
): string {
  const text = rewriteText(comment.text, comment.format, rewritingFor(isCopy, where, addresses));
  return form === "plain" ? text : quotedText(comment, text);
}
