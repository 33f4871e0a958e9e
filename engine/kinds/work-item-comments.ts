/**
 * Comments of work items in a restore. Azure DevOps writes comments under the caller's name and the current time; so
 * a recreated comment begins with a line that says who wrote it and when.
 */
import { isObject, numberAt, stringAt, type JsonObject } from "../foundation/json.ts";

export interface StoredComment {
  readonly id: number;
  readonly text: string;
  readonly format: "html" | "markdown";
  readonly author: string;
  /** ISO 8601, as the service wrote it. */
  readonly createdAt: string;
  readonly isDeleted: boolean;
}

export function commentOf(raw: JsonObject): StoredComment | undefined {
  const id = numberAt(raw, "id") ?? numberAt(raw, "commentId");
  const text = stringAt(raw, "text");
  if (id === undefined || text === undefined) return undefined;
  const author = raw["createdBy"];
  return {
    id,
    text,
    format: stringAt(raw, "format") === "markdown" ? "markdown" : "html",
    author: isObject(author)
      ? (stringAt(author, "displayName") ?? stringAt(author, "uniqueName") ?? "somebody")
      : "somebody",
    createdAt: stringAt(raw, "createdDate") ?? "",
    isDeleted: raw["isDeleted"] === true,
  };
}

export function liveComments(raws: readonly JsonObject[]): readonly StoredComment[] {
  return raws.flatMap((raw) => {
    const comment = commentOf(raw);
    return comment === undefined || comment.isDeleted ? [] : [comment];
  });
}

/** The comment's text with its author and date in front, in the comment's own format. */
export function quotedText(comment: StoredComment, text: string): string {
  const when = `${comment.createdAt.slice(0, 10)} ${comment.createdAt.slice(11, 16)} UTC`;
  if (comment.format === "markdown") return `*${escapedMarkdown(comment.author)} wrote on ${when}:*\n\n${text}`;
  return `<div><i>${escapedHtml(comment.author)} wrote on ${when}:</i></div>${text}`;
}

function escapedHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function escapedMarkdown(text: string): string {
  return text.replace(/[\\`*_[\]<>#]/g, "\\$&");
}

/** Texts are compared as people see them: the service rewrites markup a little. */
export function isSameText(left: string, right: string): boolean {
  return visibleText(left) === visibleText(right);
}

function visibleText(text: string): string {
  return text
    .replace(/<[^>]*>/g, " ")
    .replaceAll("&nbsp;", " ")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&")
    .replace(/\s+/g, " ")
    .trim();
}

export interface CommentDifference {
  /** Wanted but not there: to be written anew, oldest first. */
  readonly missing: readonly StoredComment[];
  /** There with another text. */
  readonly edited: readonly { readonly liveId: number; readonly wanted: StoredComment }[];
  /** There but not in the snapshot. */
  readonly later: readonly StoredComment[];
}

/**
 * Compares by id where both sides have it (in place), else by text; `recreated` says what a comment's text becomes
 * when it is written anew, so that a repeated restore finds it.
 */
export function commentDifference(
  wanted: readonly StoredComment[],
  live: readonly StoredComment[],
  options: { readonly sameIds: boolean; readonly recreated: (comment: StoredComment) => string },
): CommentDifference {
  const left = new Set(live);
  const missing: StoredComment[] = [];
  const edited: { liveId: number; wanted: StoredComment }[] = [];
  for (const comment of wanted) {
    const sameId = options.sameIds ? live.find(({ id }) => id === comment.id) : undefined;
    const found = sameId ?? [...left].find(({ text }) => isSameText(text, options.recreated(comment)));
    if (found === undefined) missing.push(comment);
    else {
      left.delete(found);
      if (found === sameId && !isSameText(found.text, comment.text)) edited.push({ liveId: found.id, wanted: comment });
    }
  }
  return { missing, edited, later: [...left] };
}
