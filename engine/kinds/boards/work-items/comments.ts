/**
 * Comments of work items in a restore. Azure DevOps writes comments under the caller's name and the current time; so
 * a recreated comment begins with a line that says who wrote it and when. Only a replayed history keeps both.
 */
import { arrayAt, isObject, numberAt, stringAt, type JsonObject } from "../../../foundation/json.ts";
import type { TextFormat } from "./fields.ts";
import { filesOf } from "./record.ts";
import { withoutAttachmentAddresses } from "./record-text.ts";

export interface StoredComment {
  readonly id: number;
  readonly text: string;
  readonly format: TextFormat;
  readonly author: string;
  /** ISO 8601, as the service wrote it. */
  readonly createdAt: string;
  readonly isDeleted: boolean;
  readonly hasReactions: boolean;
}

function commentOf(raw: JsonObject): StoredComment | undefined {
  const id = numberAt(raw, "id") ?? numberAt(raw, "commentId");
  const text = stringAt(raw, "text");
  if (id === undefined || text === undefined) return undefined;
  const author = raw.createdBy;
  return {
    id,
    text,
    format: stringAt(raw, "format") === "markdown" ? "markdown" : "html",
    author: isObject(author)
      ? (stringAt(author, "displayName") ?? stringAt(author, "uniqueName") ?? "somebody")
      : "somebody",
    createdAt: stringAt(raw, "createdDate") ?? "",
    isDeleted: raw.isDeleted === true,
    hasReactions: (arrayAt(raw, "reactions")?.length ?? 0) > 0,
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

/** A comment as it is to stand in the target: as its author wrote it, or quoted in the restoring account's name. */
export interface WantedComment {
  readonly comment: StoredComment;
  readonly form: "plain" | "quoted";
}

export interface CommentDifference {
  /** Wanted but not there: to be written anew, oldest first. */
  readonly missing: readonly StoredComment[];
  /** There with another text or format. */
  readonly edited: readonly (WantedComment & { readonly liveId: number })[];
  /** There but not in the snapshot. */
  readonly later: readonly StoredComment[];
}

export interface CommentMatching {
  /** The live item is the very one that was stored, so comments keep their ids. */
  readonly sameIds: boolean;
  /** What a wanted comment's text is in the target. */
  readonly textOf: (wanted: WantedComment) => string;
}

/** Finds for each wanted comment its live one: by id, as replayed by author and date, or as an earlier restore wrote it. */
export function commentDifference(
  wanted: readonly StoredComment[],
  live: readonly StoredComment[],
  matching: CommentMatching,
): CommentDifference {
  const left = new Map(live.map((comment) => [comment.id, comment]));
  const edited: (WantedComment & { readonly liveId: number })[] = [];
  const open: StoredComment[] = [];
  const likeness = matching.sameIds ? visibleText : visibleElsewhere;
  const settle = (found: StoredComment, pair: WantedComment, seen: (text: string) => string): void => {
    left.delete(found.id);
    const isRight = found.format === pair.comment.format && seen(found.text) === seen(matching.textOf(pair));
    if (!isRight) edited.push({ ...pair, liveId: found.id });
  };
  for (const comment of wanted) {
    const found = matching.sameIds ? left.get(comment.id) : undefined;
    if (found === undefined) open.push(comment);
    else settle(found, { comment, form: "plain" }, (text) => text);
  }
  const missing = open.filter((comment) => {
    const found = recreated(comment, [...left.values()], { ...matching, likeness });
    if (found !== undefined) settle(found.live, { comment, form: found.form }, likeness);
    return found === undefined;
  });
  return { missing, edited, later: [...left.values()] };
}

function recreated(
  comment: StoredComment,
  left: readonly StoredComment[],
  { sameIds, textOf, likeness }: CommentMatching & { readonly likeness: (text: string) => string },
): { readonly live: StoredComment; readonly form: WantedComment["form"] } | undefined {
  // More of the work items it mentions may have been restored since: their numbers do not count.
  const outline = (text: string): string => likeness(text).replace(/#\d+/g, "#");
  const quoted = outline(textOf({ comment, form: "quoted" }));
  const written = left.find(({ text }) => outline(text) === quoted);
  if (written !== undefined) return { live: written, form: "quoted" };
  if (sameIds) return undefined;
  const replayed = left.filter((live) => isReplayOf(comment, live));
  const plain = outline(textOf({ comment, form: "plain" }));
  const live = replayed.find(({ text }) => outline(text) === plain) ?? replayed[0];
  return live === undefined ? undefined : { live, form: "plain" };
}

/** Nothing else is written with a date of the past. Replayed dates may have been moved apart by milliseconds. */
function isReplayOf(comment: StoredComment, live: StoredComment): boolean {
  return Math.abs(Date.parse(comment.createdAt) - Date.parse(live.createdAt)) < 1000;
}

/** What people see of a text, for the service rewrites markup a little; images by their ids. */
function visibleText(text: string): string {
  return `${visibleElsewhere(text)} ${[...filesOf([text]).keys()].join(" ")}`;
}

/** The same for a copy, whose images have new ids. */
function visibleElsewhere(text: string): string {
  return withoutAttachmentAddresses(text)
    .replace(/<[^>]*>/g, " ")
    .replaceAll("&nbsp;", " ")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&")
    .replace(/\s+/g, " ")
    .trim();
}
