/**
 * Making many live work items as they stand in the snapshot: one look at all, files uploaded beside each other, one
 * request for 200 changes, comments beside each other again. An item with which the others cannot wait, or whose change was
 * refused or lost, is made equal by itself, which looks before it writes.
 */
import { collect, mapConcurrent, settled } from "../../../../foundation/concurrency.ts";
import type { PatchOperation } from "../../../../azure-devops/boards/work-items.ts";
import { isObject, stringAt } from "../../../../foundation/json.ts";
import type { ManyContext, StepResult } from "../../../kind.ts";
import { findLive, type LiveItems } from "../comparison/counterparts.ts";
import { factsOf } from "../comparison/target-facts.ts";
import type { Comparison } from "../comparison/comparison.ts";
import type { WorkItemRecord } from "../record.ts";
import { linkedWorkItem, oppositeRel } from "../relations.ts";
import { idsToSee, movesPlaces, seenAmong, settleAlone, Settling, type Seen } from "./make-equal.ts";
import { writeMany, type Sent } from "./write-many.ts";
import { asImport, type Update, type Written } from "./writing.ts";

export interface Fillable {
  readonly record: WorkItemRecord;
  /** Its id in the target. */
  readonly id: number;
}

type Tools = Pick<ManyContext, "target" | "mustHold">;

/** What came of each, in their order. Throws what concerns the whole run. */
export async function makeManyAsStored(
  items: readonly Fillable[],
  tools: Tools,
): Promise<readonly PromiseSettledResult<StepResult>[]> {
  const { target } = tools;
  const lanes = Math.max(1, target.parallelism);
  const live = await findLive(
    items.flatMap(({ record, id }) => idsToSee(record, id, target)),
    target,
  );
  const drafts = await collect(mapConcurrent(items, lanes, (item) => draftOf(item, live, tools)));
  await factsOf(target).links.shared(() => writeDrafts(drafts, tools));
  return collect(mapConcurrent(drafts, lanes, (draft) => settled(() => finish(draft))));
}

interface Work {
  readonly seen: Seen;
  readonly comparison: Comparison;
  readonly update: Update | undefined;
}

/** One item on its way. */
interface Draft {
  readonly id: number;
  readonly settling: Settling;
  /** Undefined when there is nothing to do, or when it goes by itself. */
  readonly work?: Work;
  /** It has to go by itself. */
  isAlone: boolean;
  readonly failure?: { readonly error: unknown };
}

async function draftOf({ record, id }: Fillable, live: LiveItems, { target, mustHold }: Tools): Promise<Draft> {
  const settling = new Settling({ record, id, target });
  try {
    mustHold();
    target.signal.throwIfAborted();
    const seen = seenAmong(live, { record, id, target });
    const comparison = await settling.prepare(seen);
    if (comparison === undefined) return { id, settling, isAlone: false };
    if (movesPlaces(comparison)) return { id, settling, isAlone: true };
    return {
      id,
      settling,
      isAlone: false,
      work: { seen, comparison, update: await settling.update(seen, comparison) },
    };
  } catch (error) {
    return { id, settling, isAlone: false, failure: { error } };
  }
}

async function writeDrafts(drafts: readonly Draft[], tools: Tools): Promise<void> {
  const { sendables, makers } = withoutDoubledLinks(drafts);
  const again: Sendable[] = [];
  for (const { draft, work, sent } of await sentTogether(sendables, tools)) {
    const update = sent === undefined ? undefined : draft.settling.accept(sent, work.seen, work.comparison);
    if (sent === undefined) draft.isAlone = true;
    if (update !== undefined) again.push({ draft, work, update });
  }
  for (const { draft, work, sent } of await sentTogether(again, tools)) {
    if (sent === undefined) draft.isAlone = true;
    else draft.settling.acceptAgain(sent, work.seen, work.comparison);
  }
  // A link that the other end was to make may be missing still.
  for (const [draft, others] of makers) if (others.some(({ isAlone }) => isAlone)) draft.isAlone = true;
}

interface Sendable {
  readonly draft: Draft;
  readonly work: Work;
  readonly update: Update;
}

interface Answered extends Omit<Sendable, "update"> {
  /** Undefined when it was refused or lost. */
  readonly sent: Written | undefined;
}

async function sentTogether(sendables: readonly Sendable[], tools: Tools): Promise<readonly Answered[]> {
  const writes = sendables.map(({ update: { id, operations, additions } }) => ({
    of: { id },
    operations: [...operations, ...additions],
    ...asImport,
  }));
  const sent = await writeMany(writes, tools);
  return sendables.map(({ draft, work }, index) => ({ draft, work, sent: writtenOf(sent[index]) }));
}

function writtenOf(sent: Sent | undefined): Written | undefined {
  return sent !== undefined && "item" in sent ? { item: sent.item, refused: new Map() } : undefined;
}

/**
 * Both ends of a link want it, and the one who comes second would be refused with everything else it wants. So each link
 * is made by the first of its ends; `makers` are those on whom the second one relies.
 */
function withoutDoubledLinks(drafts: readonly Draft[]): {
  readonly sendables: readonly Sendable[];
  readonly makers: ReadonlyMap<Draft, readonly Draft[]>;
} {
  const made = new Map<string, Draft>();
  const makers = new Map<Draft, Draft[]>();
  const sendables = drafts.flatMap((draft): readonly Sendable[] => {
    const { work } = draft;
    if (work?.update === undefined) return [];
    const { id } = draft;
    const additions = work.update.additions.filter((addition) => {
      const link = linkOf(addition);
      const other = link === undefined ? undefined : made.get(`${link.end} ${oppositeRel(link.rel)} ${id}`);
      if (other !== undefined) makers.set(draft, [...(makers.get(draft) ?? []), other]);
      else if (link !== undefined) made.set(`${id} ${link.rel} ${link.end}`, draft);
      return other === undefined;
    });
    const update = { ...work.update, additions };
    return update.operations.length + additions.length === 0 ? [] : [{ draft, work, update }];
  });
  return { sendables, makers };
}

function linkOf({ value }: PatchOperation): { readonly rel: string; readonly end: number } | undefined {
  if (!isObject(value)) return undefined;
  const [rel, url] = [stringAt(value, "rel"), stringAt(value, "url")];
  if (rel === undefined || url === undefined) return undefined;
  const end = linkedWorkItem({ rel, url, attributes: {} });
  return end === undefined ? undefined : { rel, end };
}

async function finish({ settling, work, isAlone, failure }: Draft): Promise<StepResult> {
  if (failure !== undefined) throw failure.error;
  if (isAlone) return settleAlone(settling);
  if (work !== undefined) await settling.writeComments(work.seen, work.comparison.comments);
  return settling.result();
}
