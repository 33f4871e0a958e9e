/**
 * Making a live work item as it stands in the snapshot: look, compare, write what differs, see what the service made
 * of it. Others change items at the same time, people as well as steps for the other ends of links: then once more.
 */
import { addComment, updateWorkItem, type PatchOperation } from "../../../../azure-devops/boards/work-items.ts";
import { deleteComment, updateComment } from "../../../../azure-devops/boards/work-item-comments.ts";
import { BackupError } from "../../../../foundation/errors.ts";
import type { JsonObject } from "../../../../foundation/json.ts";
import { counted } from "../../../../foundation/text.ts";
import type { StepResult, TargetProject } from "../../../kind.ts";
import type { CommentDifference, StoredComment, WantedComment } from "../comments.ts";
import {
  describeDifference,
  fieldOperations,
  markdownOperations,
  settableFields,
  unknownIdentities,
  type FieldDifference,
} from "../fields.ts";
import type { WorkItemRecord } from "../record.ts";
import {
  additionOperation,
  isFile,
  linkedWorkItem,
  relationOperations,
  relationsOf,
  removalOperations,
} from "../relations.ts";
import {
  compare,
  compareState,
  fieldsToSet,
  isSame,
  type Comparison,
  type Pair,
  type State,
} from "../comparison/comparison.ts";
import { factsOf } from "../comparison/target-facts.ts";
import { historyFiles } from "./history.ts";
import { otherEndsOf, type Takeover, type Whereabouts } from "../comparison/links.ts";
import { findLive, revOf, typeOf, type LiveItems } from "../comparison/counterparts.ts";
import { doubtfulMentions, translationFor, wantedCommentText } from "../comparison/translation.ts";
import { Uploads } from "./uploads.ts";
import { asImport, isRace, refusedLines, writeUpdate, type Refused, type Update, type Written } from "./writing.ts";

/** Tries against people who change the item; a race for a link counts only when it made no headway. */
const maxTries = 6;

/** A live item beside its record, and what else was seen of the target at that time. */
export interface Seen {
  readonly pair: Pair;
  readonly where: Whereabouts;
}

async function look(record: WorkItemRecord, id: number, target: TargetProject): Promise<Seen> {
  return seenAmong(await findLive(idsToSee(record, id, target), target), { record, id, target });
}

/** Of the item itself, and of everything its record refers to. */
export function idsToSee(record: WorkItemRecord, id: number, target: TargetProject): readonly number[] {
  const isCopy = id !== record.id || !target.isSource;
  const blind: Whereabouts = { target, live: new Map(), isComing: () => false };
  return [id, ...otherEndsOf(record, isCopy, target), ...doubtfulMentions(record, blind)];
}

export interface ToSettle {
  readonly record: WorkItemRecord;
  readonly id: number;
  readonly target: TargetProject;
}

/** Throws RESTORE_CONFLICT when the item itself is not among them. */
export function seenAmong(live: LiveItems, { record, id, target }: ToSettle): Seen {
  const isCopy = id !== record.id || !target.isSource;
  const own = live.get(id);
  if (own?.place !== "live") throw disappeared(id);
  const history = isCopy ? historyFiles(record, target) : [];
  return { pair: { record, live: own.item, isCopy, history }, where: { target, live, isComing: () => false } };
}

function disappeared(id: number): BackupError {
  return new BackupError({
    code: "RESTORE_CONFLICT",
    message: `Work item ${id} disappeared during the restore`,
    hint: "Run the restore again.",
  });
}

/** Links to work items that came after the snapshot go first, so that no new one meets a second parent or a circle. */
export async function takeOffLaterLinks(
  record: WorkItemRecord,
  id: number,
  target: TargetProject,
): Promise<StepResult> {
  const { links } = factsOf(target);
  return untilNoRace(() =>
    links.alone(async () => {
      const { pair, where } = await look(record, id, target);
      const { relations } = await compareState(pair, where);
      const later = relations.surplus.filter(({ relation }) => linkedWorkItem(relation) !== undefined);
      if (later.length === 0) return { outcome: "skipped", newId: String(id), message: "has no later links" };
      await updateWorkItem(target.azureDevOps, { id, ...asImport }, withTest(pair.live, removalOperations(later)));
      return { outcome: "updated", newId: String(id) };
    }),
  );
}

/** Fields, links and files at once, then comments. */
export async function makeAsStored(record: WorkItemRecord, id: number, target: TargetProject): Promise<StepResult> {
  return settleAlone(new Settling({ record, id, target }));
}

/** By requests of its own, as often as others get in the way. */
export async function settleAlone(settling: Settling): Promise<StepResult> {
  await untilNoRace(
    () => settling.once(),
    () => settling.openLinks,
  );
  return settling.result();
}

/** Repeats what others got in the way of; as long as less is open each time, for as long as it takes. */
async function untilNoRace<Result>(work: () => Promise<Result>, open = (): number => 0): Promise<Result> {
  let before = Number.POSITIVE_INFINITY;
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (open() < before) tries = 1;
      before = open();
      if (tries >= maxTries || !isRace(error)) throw error;
    }
  }
}

/** How one item becomes what it shall be: `once` does all of it; the parts are for those who write many together. */
export class Settling {
  /** Links still to be made when it last looked. */
  openLinks = 0;
  readonly #record: WorkItemRecord;
  readonly #id: number;
  readonly #target: TargetProject;
  readonly #refused = new Map<string, string>();
  #uploads: Uploads | undefined;
  /** For the report: what cannot be as it was, what the service made of fields and comments. */
  #lost: readonly string[] = [];
  #lines: readonly string[] = [];
  #said: readonly string[] = [];
  #hasWritten = false;

  constructor({ record, id, target }: ToSettle) {
    this.#record = record;
    this.#id = id;
    this.#target = target;
  }

  async once(): Promise<void> {
    this.#target.signal.throwIfAborted();
    const seen = await look(this.#record, this.#id, this.#target);
    const comparison = await this.prepare(seen);
    if (comparison === undefined) return;
    await this.#writeState(seen, comparison);
    await this.writeComments(seen, comparison.comments);
  }

  /** What there is to do, with its files already uploaded; undefined when the item is as it should be. */
  async prepare(seen: Seen): Promise<Comparison | undefined> {
    const comparison = await compare(seen.pair, seen.where);
    this.openLinks = comparison.relations.missing.length;
    this.#lost = comparison.lost;
    this.#lines = unknownIdentities(seen.pair.live, comparison.wanted.fields);
    if (isSame(comparison)) return undefined;
    this.#uploads ??= new Uploads(this.#record, this.#target, seen.pair.history);
    await this.#upload(seen, comparison);
    return comparison;
  }

  result(): StepResult {
    const newId = String(this.#id);
    const lost = [...this.#lost, ...(this.#uploads?.lost ?? []), ...refusedLines(this.#refused)];
    const lines = [...lost, ...this.#lines, ...this.#said];
    const fidelity = lines.length === 0 ? {} : { fidelity: lines };
    if (this.#hasWritten) return { outcome: "updated", newId, ...fidelity };
    return { outcome: "skipped", newId, message: "is already as in the snapshot", ...fidelity };
  }

  /** Everything that takes long, before anybody has to wait. */
  async #upload({ pair }: Seen, { fields, relations, comments }: Comparison): Promise<void> {
    const texts = fields.flatMap(({ wanted }) => wanted ?? []);
    const said = [...comments.missing, ...comments.edited.map(({ comment }) => comment)].map(({ text }) => text);
    if (pair.isCopy) await this.#uploads?.inline([...texts, ...said]);
    for (const relation of relations.missing.filter(isFile)) await this.#uploads?.attach(relation);
  }

  async #writeState(seen: Seen, state: State): Promise<void> {
    const { links } = factsOf(this.#target);
    if (!movesPlaces(state)) return links.shared(() => this.#write(seen, state));
    return links.alone(async () => {
      const now = await look(this.#record, this.#id, this.#target);
      await this.#write(now, await compareState(now.pair, now.where));
    });
  }

  async #write(seen: Seen, state: State): Promise<void> {
    for (const takeover of state.takeovers) await this.#take(takeover, seen.where);
    const update = await this.update(seen, state);
    if (update === undefined) return;
    const again = this.accept(await writeUpdate(update, this.#target), seen, state);
    if (again !== undefined) this.acceptAgain(await writeUpdate(again, this.#target), seen, state);
  }

  /** What is to be written at once; undefined for nothing. */
  async update(seen: Seen, state: State): Promise<Update | undefined> {
    const operations = this.#operations(seen, state);
    const additions = await this.#additions(state);
    if (operations.length + additions.length === 0) return undefined;
    return { id: this.#id, operations: withTest(seen.pair.live, operations), additions };
  }

  /** Notes what came of the update. The service derives some fields from others: those are to be written once more. */
  accept({ item, refused }: Written, { pair, where }: Seen, state: State): Update | undefined {
    this.#hasWritten = true;
    this.#note(refused);
    if (item === undefined) return undefined;
    const left = this.#withImages(this.#differences(item, { pair, where }, state), { pair, where });
    this.#lines = unknownIdentities(item, state.wanted.fields);
    return left.length === 0 ? undefined : { id: this.#id, operations: fieldOperations(left), additions: [] };
  }

  /** Notes what came of writing once more: what is still different the service insists on. */
  acceptAgain({ item = {}, refused }: Written, seen: Seen, state: State): void {
    this.#note(refused);
    const left = this.#differences(item, seen, state);
    const stubborn = left.map((difference) => `${describeDifference(difference)}: the service insists`);
    this.#lines = [...unknownIdentities(item, state.wanted.fields), ...stubborn];
  }

  #differences(now: JsonObject, { pair, where }: Seen, { wanted, foreign }: State): readonly FieldDifference[] {
    const differences = fieldsToSet(now, wanted, { isCopy: pair.isCopy, where, foreign });
    return differences.filter(({ name }) => !this.#refused.has(name));
  }

  #note(refused: Refused): void {
    for (const [what, reason] of refused) this.#refused.set(what, reason);
  }

  /** Takes a child away from the parent it has got since. */
  async #take({ child, parentRel }: Takeover, { live }: Whereabouts): Promise<void> {
    const found = live.get(child);
    if (found?.place !== "live") return;
    const links = [...relationsOf(found.item).entries()].map(([index, relation]) => ({ index, relation }));
    const operations = removalOperations(links.filter(({ relation }) => relation.rel === parentRel));
    await updateWorkItem(this.#target.azureDevOps, { id: child, ...asImport }, withTest(found.item, operations));
  }

  #operations({ pair, where }: Seen, state: State): readonly PatchOperation[] {
    const project = { op: "add", path: "/fields/System.TeamProject", value: this.#target.project.name } as const;
    const type = { op: "add", path: "/fields/System.WorkItemType", value: typeOf(pair.record.item) } as const;
    return [
      ...(state.movesFrom === undefined ? [] : [project]),
      ...(state.typeWas === undefined ? [] : [type]),
      ...markdownOperations(state.markdown),
      ...fieldOperations(this.#withImages(state.fields, { pair, where })),
      ...relationOperations(state.relations),
    ];
  }

  /** Values with the addresses that uploaded images have got. */
  #withImages(fields: readonly FieldDifference[], { pair, where }: Seen): readonly FieldDifference[] {
    const final = settableFields(pair.record.item, translationFor(pair, where, this.#uploads?.address));
    return fields.map((field) =>
      field.wanted === undefined ? field : { ...field, wanted: final.get(field.name)?.written },
    );
  }

  async #additions({ relations }: State): Promise<readonly PatchOperation[]> {
    const additions: PatchOperation[] = [];
    for (const relation of relations.missing) {
      const ready = isFile(relation) ? await this.#uploads?.attach(relation) : relation;
      if (ready !== undefined) additions.push(additionOperation(ready));
    }
    return additions;
  }

  async writeComments({ pair, where }: Seen, { missing, edited, later }: CommentDifference): Promise<void> {
    const { azureDevOps, project } = this.#target;
    const workItemId = this.#id;
    const textOf = (wanted: WantedComment): string =>
      wantedCommentText(wanted, { isCopy: pair.isCopy, where }, this.#uploads?.address);
    this.#hasWritten ||= missing.length + edited.length + later.length > 0;
    for (const comment of missing) {
      const text = textOf({ comment, form: "quoted" });
      await addComment(azureDevOps, project.id, { workItemId, text, format: comment.format });
    }
    for (const { liveId, ...wanted } of edited) {
      const { format } = wanted.comment;
      await updateComment(azureDevOps, project.id, { workItemId, commentId: liveId, text: textOf(wanted), format });
    }
    for (const comment of later) await deleteComment(azureDevOps, project.id, { workItemId, commentId: comment.id });
    this.#said = describeRewritten(missing);
  }
}

/** Removes links, or edits them by their places, so that nobody else may move these meanwhile. */
export function movesPlaces({ relations, takeovers }: State): boolean {
  return relations.edited.length + relations.surplus.length + takeovers.length > 0;
}

function describeRewritten(comments: readonly StoredComment[]): readonly string[] {
  if (comments.length === 0) return [];
  const reactions = comments.some(({ hasReactions }) => hasReactions) ? "; reactions are not restored" : "";
  return [`${counted(comments.length, "comment")} written anew, with author and date in the text${reactions}`];
}

function withTest(live: JsonObject, operations: readonly PatchOperation[]): readonly PatchOperation[] {
  return operations.length === 0 ? [] : [{ op: "test", path: "/rev", value: revOf(live) }, ...operations];
}
