/** How a live work item differs from its stored record, in terms of the target: the base of plan and apply alike. */
import { comments as readLiveComments } from "../../../../azure-devops/boards/work-items.ts";
import { collect } from "../../../../foundation/concurrency.ts";
import { numberAt, type JsonObject } from "../../../../foundation/json.ts";
import {
  commentDifference,
  liveComments,
  type CommentDifference,
  type StoredComment,
  type WantedComment,
} from "../comments.ts";
import {
  describeDifference,
  fieldDifferences,
  formatOf,
  markdownFields,
  settableFields,
  type FieldDifference,
  type Fields,
} from "../fields.ts";
import type { TargetProject } from "../../../kind.ts";
import { fieldsOf, filesOf, type WorkItemRecord } from "../record.ts";
import {
  isFile,
  linkedWorkItem,
  relationDifference,
  relationsOf,
  type Relation,
  type RelationDifference,
  type WantedRelation,
} from "../relations.ts";
import { factsOf } from "./target-facts.ts";
import { equalFiles } from "./equal-files.ts";
import { laterOnes, strangersOf } from "./later-links.ts";
import { repositoriesFor } from "./artifacts.ts";
import { wantedRelations, type Takeover, type Whereabouts } from "./links.ts";
import { projectOf, typeOf } from "./counterparts.ts";
import { liveTranslation, translationFor, wantedCommentText } from "./translation.ts";

/** Everything but comments. */
export interface State {
  /** The live item is of another type now. */
  readonly typeWas: string | undefined;
  /** The item lives in another project now. */
  readonly movesFrom: string | undefined;
  readonly fields: readonly FieldDifference[];
  /** All that is wanted, to tell what the service made of it. */
  readonly wanted: WantedFields;
  /** Images of the original that texts of a copy still show although the snapshot holds them. */
  readonly foreign: ReadonlySet<string>;
  /** Long texts that have to become Markdown. */
  readonly markdown: readonly string[];
  readonly relations: RelationDifference;
  readonly takeovers: readonly Takeover[];
  /** What cannot be as it was. */
  readonly lost: readonly string[];
}

export interface Comparison extends State {
  readonly comments: CommentDifference;
}

export interface Pair {
  readonly record: WorkItemRecord;
  readonly live: JsonObject;
  /** The live item is not the very item that was stored, but made by a restore. */
  readonly isCopy: boolean;
  /** The original's revisions, to be attached to a copy. */
  readonly history: readonly HistoryFile[];
}

export interface HistoryFile {
  readonly name: string;
  readonly size: number;
  readonly content: Uint8Array;
}

/** Reads the live comments besides. */
export async function compare(pair: Pair, where: Whereabouts): Promise<Comparison> {
  const comments = pair.record.deleted === true ? noComments : await comparedComments(pair, where);
  return { ...(await compareState(pair, where)), comments };
}

/** Reads files of the target that only their content can tell apart. */
export async function compareState(pair: Pair, where: Whereabouts): Promise<State> {
  const { record, live, isCopy } = pair;
  const home = projectOf(live);
  const wanted = await wantedOf(record.item, pair, where);
  const foreign = isCopy ? await foreignImages(pair, where.target) : new Set<string>();
  const related = await comparedRelations(pair, where);
  return {
    typeWas: typeOf(live) === typeOf(record.item) ? undefined : typeOf(live),
    movesFrom: home.toLowerCase() === where.target.project.name.toLowerCase() ? undefined : home,
    fields: fieldsToSet(live, wanted, { isCopy, where, foreign }),
    wanted,
    foreign,
    markdown: markdownFields(record.item).filter(
      (name) => formatOf(live, name) !== "markdown" && wanted.fields.has(name),
    ),
    ...related,
    lost: [...lostFields(wanted, settableFields(live)), ...related.lost, ...stuckInMarkdown(pair)],
  };
}

const noComments: CommentDifference = { missing: [], edited: [], later: [] };

export interface WantedFields {
  readonly type: string;
  readonly fields: Fields;
  /** Fields that items of the type cannot have in the target; some have them from an earlier life under another type. */
  readonly unknown: Fields;
}

/** The fields of a stored item, or of one of its revisions, as the target shall have them. */
export async function wantedOf(
  state: JsonObject,
  pair: Pick<Pair, "record" | "isCopy">,
  where: Whereabouts,
): Promise<WantedFields> {
  const type = typeOf(pair.record.item);
  const isKnown = await factsOf(where.target).fieldsOf(type);
  const all = [...settableFields(state, translationFor(pair, where))];
  const fields = new Map(all.filter(([name]) => isKnown(name)));
  return { type, fields, unknown: new Map(all.filter(([name]) => !isKnown(name))) };
}

/** Fields in which the live item differs. */
export function fieldsToSet(
  live: JsonObject,
  { fields, unknown }: WantedFields,
  { isCopy, where, foreign }: { readonly isCopy: boolean; readonly where: Whereabouts } & Pick<State, "foreign">,
): readonly FieldDifference[] {
  const present = [...settableFields(live, liveTranslation(isCopy, where, foreign))];
  return fieldDifferences(fields, new Map(present.filter(([name]) => !unknown.has(name))));
}

async function foreignImages({ record, live }: Pair, target: TargetProject): Promise<ReadonlySet<string>> {
  const shown = [...filesOf([fieldsOf(live)]).keys()].filter((id) => record.files?.[id] !== undefined);
  const stored = shown.length === 0 ? undefined : await target.snapshot.stream("work-items/files");
  const foreign = new Set<string>();
  for (const id of shown) if ((await stored?.file(id)) !== undefined) foreign.add(id);
  return foreign;
}

export function lostFields({ unknown, type }: WantedFields, present: Fields): readonly string[] {
  return [...unknown.keys()]
    .filter((name) => present.get(name)?.likeness !== unknown.get(name)?.likeness)
    .map((name) => `${name}: the target's type ${type} has no such field`);
}

async function comparedRelations(
  pair: Pair,
  where: Whereabouts,
): Promise<Pick<State, "relations" | "takeovers" | "lost">> {
  const { record, live, isCopy } = pair;
  const present = relationsOf(live);
  const strangers = await strangersOf(record, present, { isCopy, target: where.target });
  const repositories = await repositoriesFor(record, where.target);
  const side = { record, id: numberAt(live, "id"), isCopy, strangers, repositories };
  const { relations: stored, takeovers, lost } = wantedRelations(side, where);
  const wanted = [...stored, ...pair.history.map(historyRelation)];
  const isSameFile = isCopy
    ? () => true
    : await equalFiles(wanted.filter(isFile), present.filter(isFile), where.target);
  const relations = relationDifference(wanted, present, isSameFile);
  // What was linked to it while it lay in the recycle bin nobody knows.
  if (record.deleted === true) return { relations: { ...relations, edited: [], surplus: [] }, takeovers: [], lost };
  const children = new Set(relations.missing.map(linkedWorkItem));
  return {
    relations: { ...relations, surplus: await laterOnes(relations.surplus, side, where) },
    takeovers: takeovers.filter(({ child }) => children.has(child)),
    lost,
  };
}

function historyRelation({ name, size }: HistoryFile): WantedRelation {
  const attributes = { name, resourceSize: size, comment: "History of the original work item" };
  return { rel: "AttachedFile", url: `history:${name}`, attributes, label: `file ${name}` };
}

/** The file that a relation of `historyRelation` stands for. */
export function historyFileOf({ url }: Relation, history: readonly HistoryFile[]): HistoryFile | undefined {
  return history.find(({ name }) => url === `history:${name}`);
}

/** The service lets no text go back to HTML. */
function stuckInMarkdown({ record, live }: Pair): readonly string[] {
  const wanted = fieldsOf(record.item);
  return markdownFields(live)
    .filter((name) => formatOf(record.item, name) === "html" && typeof wanted[name] === "string")
    .map((name) => `${name}: stays in Markdown, which cannot be taken back`);
}

async function comparedComments({ record, live, isCopy }: Pair, where: Whereabouts): Promise<CommentDifference> {
  const { target } = where;
  const wanted = liveComments(record.comments ?? []);
  const liveCount = numberAt(fieldsOf(live), "System.CommentCount") ?? 0;
  const id = numberAt(live, "id") ?? 0;
  const found: readonly StoredComment[] =
    liveCount === 0 ? [] : liveComments(await collect(readLiveComments(target.azureDevOps, target.project.id, id)));
  const textOf = (comment: WantedComment): string => wantedCommentText(comment, { isCopy, where });
  return commentDifference(wanted, found, { sameIds: !isCopy, textOf });
}

export function isSame({ typeWas, movesFrom, fields, markdown, relations, comments }: Comparison): boolean {
  const { missing, edited, surplus } = relations;
  const said = [comments.missing, comments.edited, comments.later];
  const parts: readonly (readonly unknown[])[] = [fields, markdown, missing, edited, surplus, ...said];
  return typeWas === undefined && movesFrom === undefined && parts.every((part) => part.length === 0);
}

/** One line for everything that would be changed, removed, or cannot be kept. */
export function describeComparison(comparison: Comparison, type: string): readonly string[] {
  const { typeWas, movesFrom, fields, markdown, relations, takeovers, comments, lost } = comparison;
  return [
    ...(movesFrom === undefined ? [] : [`move back from project ${movesFrom}`]),
    ...(typeWas === undefined ? [] : [`type: ${typeWas} → ${type}`]),
    ...fields.map(describeDifference),
    ...markdown.map((name) => `${name}: becomes Markdown`),
    ...takeovers.map(({ child, from }) => `take work item ${child} away from work item ${from}`),
    ...relations.missing.map(({ label }) => `add ${label}`),
    ...relations.edited.map(({ wanted }) => `comment of ${wanted.label} becomes what it was`),
    ...relations.surplus.map(({ relation }) => `remove ${relation.rel} ${relation.url}, which came after the snapshot`),
    ...comments.missing.map(({ author, createdAt }) => `write the comment of ${author} of ${createdAt} again, quoted`),
    ...comments.edited.map(({ liveId }) => `give comment ${liveId} its earlier text`),
    ...comments.later.map(({ id, author }) => `delete comment ${id} of ${author}, which came after the snapshot`),
    ...lost,
  ];
}
