/** Comments, their versions and reactions. */
import { stringAt } from "../../../engine/foundation/json.ts";
import type { JsonObject, JsonValue } from "../../../engine/foundation/json.ts";
import { SimError } from "../service.ts";
import type { Route, SimAnswer, SimIdentity, SimRequest } from "../service.ts";
import { latestOf, react, REACTIONS, rewrite, say, unreact, unsay } from "./comments.ts";
import { shownInstant } from "./dates.ts";
import { badRequest, invalidArgument } from "./errors.ts";
import type { Comment, CommentVersion, WorkItem } from "./model.ts";
import { identityJson, itemUrl } from "./render.ts";
import type { View } from "./render.ts";
import * as requests from "./requests.ts";
import type { WorkItemTracking } from "./tracking.ts";

const PAGE = 200;
const COMMENTS = "7.1-preview.4";
const PARTS = "7.1-preview.1";

export function commentRoutes(tracking: WorkItemTracking): Route[] {
  const at = "{project}/_apis/wit/workitems/{workItemId}/comments";
  const one = `${at}/{commentId}`;
  const reads = (version: string, template: string, handle: requests.Handler): Route[] =>
    requests.routesAt("GET", template, { version, scope: requests.READ.scope, handle });
  const writes = (
    method: Route["method"],
    template: string,
    rest: { version: string; handle: requests.Handler },
  ): Route[] => requests.routesAt(method, template, { ...rest, scope: requests.WRITE.scope });
  return [
    ...reads(COMMENTS, at, (request) => listed(tracking, request)),
    ...writes("POST", at, { version: COMMENTS, handle: (request) => added(tracking, request) }),
    ...reads(COMMENTS, one, (request) => ({
      body: commentJson(contextOf(tracking, request), commentOf(tracking, request)),
    })),
    ...writes("PATCH", one, { version: COMMENTS, handle: (request) => rewritten(tracking, request) }),
    ...writes("DELETE", one, {
      version: COMMENTS,
      handle: (request) => {
        unsay(commentOf(tracking, request, "live"), tracking, request.identity);
        return { status: 204 };
      },
    }),
    ...reads(PARTS, `${one}/versions`, (request) => {
      const comment = commentOf(tracking, request);
      const context = contextOf(tracking, request);
      return requests.listOf(comment.versions.map((version) => versionJson(context, comment, version)));
    }),
    ...reads(PARTS, `${one}/versions/{version}`, (request) => {
      const comment = commentOf(tracking, request);
      const version = comment.versions[Number(requests.param(request, "version")) - 1];
      if (!version) throw notFound(requests.param(request, "commentId"));
      return { body: versionJson(contextOf(tracking, request), comment, version) };
    }),
    ...reactionRoutes(tracking, one),
  ];
}

function reactionRoutes(tracking: WorkItemTracking, one: string): Route[] {
  const at = `${one}/reactions`;
  const write = { version: PARTS, scope: requests.WRITE.scope };
  const read = { version: PARTS, scope: requests.READ.scope };
  const change = (apply: (comment: Comment, type: string, by: SimIdentity) => void): requests.Handler => {
    return (request) => {
      const comment = commentOf(tracking, request, "live");
      const type = reactionOf(request);
      apply(comment, type, request.identity);
      return { body: reactionJson(contextOf(tracking, request), comment, type) };
    };
  };
  return [
    ...requests.routesAt("GET", at, {
      ...read,
      handle: (request) => requests.listOf(reactionsJson(contextOf(tracking, request), commentOf(tracking, request))),
    }),
    ...requests.routesAt("PUT", `${at}/{reactionType}`, { ...write, handle: change(react) }),
    ...requests.routesAt("DELETE", `${at}/{reactionType}`, { ...write, handle: change(unreact) }),
    ...requests.routesAt("GET", `${at}/{reactionType}/users`, {
      ...read,
      handle: (request) => {
        const people = commentOf(tracking, request).reactions.get(reactionOf(request)) ?? [];
        const skip = requests.wholeNumber(request, "$skip") ?? 0;
        const page = people.slice(skip, skip + (requests.wholeNumber(request, "$top") ?? PAGE));
        return requests.listOf(page.map((person) => identityJson(person, request.organizationUrl)));
      },
    }),
  ];
}

interface Context {
  readonly view: View;
  readonly expand: ReadonlySet<string>;
  readonly caller: SimIdentity;
}

function contextOf(tracking: WorkItemTracking, request: SimRequest): Context {
  const expand = requests.namesIn(requests.queryValue(request, "$expand")?.toLowerCase());
  const known = ["none", "reactions", "renderedtext", "renderedtextonly", "mentions", "all"];
  const unknown = expand.find((name) => !known.includes(name));
  if (unknown !== undefined) throw invalidArgument("$expand", unknown);
  return { view: requests.viewOf(tracking, request), expand: new Set(expand), caller: request.identity };
}

function notFound(id: string): SimError {
  return new SimError(404, "CommentNotFoundException", `VS403602: Comment ${id} does not exist.`);
}

/** Deleted comments are found only where they were asked for. */
function commentOf(tracking: WorkItemTracking, request: SimRequest, which?: "live"): Comment {
  const item = requests.itemOf(tracking, request, "workItemId");
  const id = requests.param(request, "commentId");
  const comment = item.comments.find((one) => one.id === Number(id));
  if (!comment) throw notFound(id);
  const isSingleRead = request.method === "GET" && request.params.version === undefined;
  const refusesDeleted = which === "live" || (isSingleRead && !requests.flag(request, "includeDeleted"));
  if (refusesDeleted && latestOf(comment).isDeleted) throw notFound(id);
  return comment;
}

function reactionOf(request: SimRequest): string {
  const type = requests.param(request, "reactionType").toLowerCase();
  const name = /^\d$/.test(type) ? REACTIONS[Number(type)] : REACTIONS.find((one) => one === type);
  if (name === undefined) throw invalidArgument("reactionType", type);
  return name;
}

function textOf(request: SimRequest): string {
  const text = stringAt(requests.bodyObject(request), "text");
  if (text === undefined || text === "") throw badRequest("VssPropertyValidationException", "A comment needs a text.");
  return text;
}

function formatOf(request: SimRequest): CommentVersion["format"] | undefined {
  const format = requests.queryValue(request, "format")?.toLowerCase();
  if (format === undefined) return undefined;
  if (format === "markdown" || format === "0") return "markdown";
  if (format === "html" || format === "1") return "html";
  throw invalidArgument("format", format);
}

function added(tracking: WorkItemTracking, request: SimRequest): SimAnswer {
  const item = requests.itemOf(tracking, request, "workItemId");
  const text = textOf(request);
  const comment = say(item, { tracking, text, format: formatOf(request) ?? "html", by: request.identity });
  return { body: commentJson(contextOf(tracking, request), comment) };
}

function rewritten(tracking: WorkItemTracking, request: SimRequest): SimAnswer {
  const comment = commentOf(tracking, request, "live");
  const format = formatOf(request) ?? latestOf(comment).format;
  rewrite(comment, { tracking, text: textOf(request), format, by: request.identity });
  return { body: commentJson(contextOf(tracking, request), comment) };
}

function listed(tracking: WorkItemTracking, request: SimRequest): SimAnswer {
  const item = requests.itemOf(tracking, request, "workItemId");
  const context = contextOf(tracking, request);
  const includeDeleted = requests.flag(request, "includeDeleted");
  const all = item.comments.filter((comment) => includeDeleted || !latestOf(comment).isDeleted);
  const ids = requests.queryValue(request, "ids");
  if (ids !== undefined) {
    const wanted = new Set(requests.namesIn(ids).map(Number));
    const some = all.filter(({ id }) => wanted.has(id));
    return {
      body: { totalCount: all.length, count: some.length, comments: some.map((one) => commentJson(context, one)) },
    };
  }
  if (requests.queryValue(request, "order")?.toLowerCase() !== "asc") all.reverse();
  const from = startOf(request);
  const size = Math.min(requests.wholeNumber(request, "$top") ?? PAGE, PAGE);
  const page = all.slice(from, from + size);
  return {
    body: {
      totalCount: all.length,
      count: page.length,
      comments: page.map((comment) => commentJson(context, comment)),
      ...(from + size < all.length && nextPage(context, request, { item, next: from + size })),
    },
  };
}

/** The token is opaque on purpose. */
function startOf(request: SimRequest): number {
  const token = requests.queryValue(request, "continuationToken");
  if (token === undefined) return 0;
  const next = /^next=(\d+)$/.exec(Buffer.from(token, "base64").toString())?.[1];
  if (next === undefined) throw invalidArgument("continuationToken", token);
  return Number(next);
}

function nextPage(context: Context, request: SimRequest, { item, next }: { item: WorkItem; next: number }): JsonObject {
  const continuationToken = Buffer.from(`next=${next}`).toString("base64");
  const query = new URLSearchParams(request.query);
  query.set("continuationToken", continuationToken);
  return { nextPage: `${itemUrl(context.view, item)}/comments?${query.toString()}`, continuationToken };
}

function expands({ expand }: Context, part: string): boolean {
  return expand.has(part) || expand.has("all");
}

function commentJson(context: Context, comment: Comment): JsonObject {
  const version = latestOf(comment);
  const withText = !context.expand.has("renderedtextonly");
  const rendered = expands(context, "renderedtext") || !withText;
  const mentions = expands(context, "mentions") ? mentionsJson(context, comment, version.text) : undefined;
  return {
    ...(mentions && { mentions }),
    workItemId: comment.item.id,
    ...personsJson(context, comment, version),
    ...(withText && { text: version.text }),
    ...(rendered && { renderedText: renderedOf(version) }),
    format: version.format,
    ...(expands(context, "reactions") && { reactions: reactionsJson(context, comment) }),
    url: `${itemUrl(context.view, comment.item)}/comments/${comment.id}`,
  };
}

function personsJson({ view }: Context, comment: Comment, version: CommentVersion): JsonObject {
  const [first = version] = comment.versions;
  return {
    id: comment.id,
    version: version.version,
    createdBy: identityJson(first.by, view.base),
    createdDate: shownInstant(first.at),
    modifiedBy: identityJson(version.by, view.base),
    modifiedDate: shownInstant(version.at),
    ...(version.isDeleted && { isDeleted: true }),
  };
}

function versionJson(context: Context, comment: Comment, version: CommentVersion): JsonObject {
  return {
    ...personsJson(context, comment, version),
    text: version.text,
    renderedText: renderedOf(version),
    url: `${itemUrl(context.view, comment.item)}/comments/${comment.id}/versions/${version.version}`,
  };
}

function renderedOf({ text, format }: CommentVersion): string {
  if (format === "html") return text;
  const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return escaped
    .split(/\n{2,}/)
    .map((paragraph) => `<p>${paragraph.replace(/\*\*(.+?)\*\*/g, "<strong>$1</strong>")}</p>`)
    .join("\n");
}

function mentionsJson({ view }: Context, comment: Comment, text: string): JsonValue[] {
  const found = [...text.matchAll(/data-vss-mention="version:2\.0,([0-9a-f-]{36})"|@<([0-9a-f-]{36})>/gi)];
  return found.map((match) => {
    const id = match[1] ?? match[2] ?? "";
    const url = `${itemUrl(view, comment.item)}/comments/${comment.id}`;
    return { artifactId: id, artifactType: "Person", commentId: comment.id, targetId: id, url };
  });
}

function reactionsJson(context: Context, comment: Comment): JsonObject[] {
  return [...comment.reactions.keys()].map((type) => reactionJson(context, comment, type));
}

function reactionJson({ view, caller }: Context, comment: Comment, type: string): JsonObject {
  const people = comment.reactions.get(type) ?? [];
  return {
    commentId: comment.id,
    type,
    count: people.length,
    isCurrentUserEngaged: people.some(({ id }) => id === caller.id),
    url: `${itemUrl(view, comment.item)}/comments/${comment.id}/reactions/${type}`,
  };
}
