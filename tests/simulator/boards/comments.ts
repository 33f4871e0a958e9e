/** Comments on work items. Adding and deleting one makes a revision; editing one or reacting to it does not. */
import type { SimIdentity } from "../service.ts";
import type { Comment, CommentVersion, FieldValue, WorkItem } from "./model.ts";
import type { WorkItemTracking } from "./tracking.ts";

export const REACTIONS = ["like", "dislike", "heart", "hooray", "smile", "confused"];

export interface NewComment {
  readonly tracking: WorkItemTracking;
  readonly text: string;
  readonly format: "html" | "markdown";
  readonly at: string;
  readonly by: FieldValue;
  /** The revision that brings it. */
  readonly rev: number;
}

/** Puts the comment on the item; the caller makes the revision. `count` is the item's number of comments with it. */
export function addComment(item: WorkItem, from: NewComment): { comment: Comment; count: number } {
  const { tracking, text, format, at, by, rev } = from;
  const version: CommentVersion = { version: 1, text, format, at, by, isDeleted: false, revision: rev };
  const comment: Comment = { id: tracking.newCommentId(), item, versions: [version], reactions: new Map() };
  item.comments.push(comment);
  tracking.discussions.push(comment);
  return { comment, count: countOf(item) };
}

export function latestOf(comment: Comment): CommentVersion {
  const version = comment.versions.at(-1);
  if (!version) throw new Error(`comment ${comment.id} has no version`);
  return version;
}

export function countOf(item: WorkItem): number {
  return item.comments.filter((comment) => !latestOf(comment).isDeleted).length;
}

/** A new comment with its revision. */
export function say(
  item: WorkItem,
  from: Omit<NewComment, "rev" | "at" | "by"> & { by: SimIdentity; at?: string },
): Comment {
  const authorizedAt = from.tracking.host.timestamp();
  const { at = authorizedAt } = from;
  const rev = item.revisions.length + 1;
  const { comment, count } = addComment(item, { ...from, at, rev });
  from.tracking.revise(item, {
    changed: { "System.History": from.text, "System.CommentCount": count },
    ...{ at, by: from.by, authorizedBy: from.by, authorizedAt },
    comment: { comment, version: 1 },
  });
  return comment;
}

export interface CommentEdit {
  readonly tracking: WorkItemTracking;
  readonly text: string;
  readonly format: "html" | "markdown";
  readonly by: SimIdentity;
}

export function rewrite(comment: Comment, { tracking, text, format, by }: CommentEdit): void {
  const { version } = latestOf(comment);
  const revision = comment.item.revisions.length;
  comment.versions.push({
    version: version + 1,
    text,
    format,
    at: tracking.host.timestamp(),
    by,
    isDeleted: false,
    revision,
  });
}

export function unsay(comment: Comment, tracking: WorkItemTracking, by: SimIdentity): void {
  const latest = latestOf(comment);
  const at = tracking.host.timestamp();
  const revision = comment.item.revisions.length + 1;
  comment.versions.push({ ...latest, version: latest.version + 1, at, by, isDeleted: true, revision });
  tracking.revise(comment.item, {
    changed: { "System.CommentCount": countOf(comment.item) },
    ...{ at, by, authorizedBy: by, authorizedAt: at },
    comment: { comment, version: latest.version + 1 },
  });
}

export function react(comment: Comment, type: string, by: SimIdentity): void {
  const people = comment.reactions.get(type) ?? [];
  if (!people.some(({ id }) => id === by.id)) comment.reactions.set(type, [...people, by]);
}

export function unreact(comment: Comment, type: string, by: SimIdentity): void {
  const people = (comment.reactions.get(type) ?? []).filter(({ id }) => id !== by.id);
  if (people.length > 0) comment.reactions.set(type, people);
  else comment.reactions.delete(type);
}
