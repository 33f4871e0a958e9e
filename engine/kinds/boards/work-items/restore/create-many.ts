/**
 * Creating many work items in few requests. What was refused is created by a request of its own, which finds out what of
 * it can be had. When nobody says what came of a request, it is looked up by the links to the origins, and what is not
 * found is left to the next run: the service may still be at it.
 */
import { collect, mapConcurrent, settled } from "../../../../foundation/concurrency.ts";
import { BackupError } from "../../../../foundation/errors.ts";
import { numberAt, type JsonObject } from "../../../../foundation/json.ts";
import { memoized } from "../../../../foundation/memoized.ts";
import type { ManyContext, Step, StepResult, TargetProject } from "../../../kind.ts";
import { originOf, readCopies, type Copies } from "../comparison/origins.ts";
import { factsOf } from "../comparison/target-facts.ts";
import { typeOf } from "../comparison/counterparts.ts";
import type { WorkItemRecord } from "../record.ts";
import { workItemOf } from "../selection.ts";
import { adopt, blindly, create, finishCreation, madeBeside, madeSince } from "./apply.ts";
import { creationOf, type Creation } from "./history.ts";
import { writeMany, type Sent } from "./write-many.ts";
import { asImport } from "./writing.ts";

type Context = Pick<ManyContext, "selection" | "target" | "mustHold">;

/** What came of each, in their order. Throws what concerns the whole run. */
export async function createMany(
  steps: readonly Step[],
  context: Context,
): Promise<readonly PromiseSettledResult<StepResult>[]> {
  const { target } = context;
  const lanes = Math.max(1, target.parallelism);
  const drafts = await collect(mapConcurrent(steps, lanes, (step) => draftOf(step, context)));
  const facts = factsOf(target);
  const before = facts.highestMade;
  const lookUp = memoized(() => readCopies(target, before));
  const answers = await sentTogether(drafts, context);
  for (const sent of answers.values())
    if ("item" in sent) facts.highestMade = Math.max(facts.highestMade, numberAt(sent.item, "id") ?? 0);
  return collect(
    mapConcurrent(drafts, lanes, (draft) =>
      settled(async () => {
        context.mustHold();
        return finished(draft, { target, lookUp, sent: answers.get(draft) });
      }),
    ),
  );
}

interface Draft {
  readonly step: Step;
  readonly record?: WorkItemRecord;
  /** Undefined for what was made before. */
  readonly creation?: Creation;
  readonly earlier?: number;
  readonly failure?: { readonly error: unknown };
}

async function draftOf(step: Step, { selection, target }: Context): Promise<Draft> {
  try {
    const record = await workItemOf(selection, Number(step.key));
    const earlier = await madeSince(record, step, target);
    if (earlier !== undefined) return { step, record, earlier };
    return { step, record, creation: await creationOf(record, blindly(target)) };
  } catch (error) {
    return { step, failure: { error } };
  }
}

async function sentTogether(drafts: readonly Draft[], context: Context): Promise<ReadonlyMap<Draft, Sent>> {
  const { project } = context.target;
  const ready = drafts.flatMap((draft) => {
    const { record, creation } = draft;
    if (record === undefined || creation === undefined) return [];
    const of = { project: project.id, type: typeOf(record.item) };
    return [{ draft, write: { of, operations: creation.operations, ...asImport } }];
  });
  const sent = await writeMany(
    ready.map(({ write }) => write),
    context,
  );
  return new Map(
    ready.flatMap(({ draft }, index) => {
      const answer = sent[index];
      return answer === undefined ? [] : [[draft, answer] as const];
    }),
  );
}

interface Answered {
  readonly target: TargetProject;
  /** Reads what has been made since the batch was begun. */
  readonly lookUp: () => Promise<Copies>;
  readonly sent: Sent | undefined;
}

async function finished(draft: Draft, answered: Answered): Promise<StepResult> {
  const { step, record, earlier, failure } = draft;
  const { target, sent } = answered;
  if (failure !== undefined || record === undefined) throw failure?.error;
  if (earlier !== undefined) return adopt(record, earlier, target);
  if (sent === undefined || "refusal" in sent) return create(record, step, target);
  const lost = draft.creation?.lost ?? [];
  if ("item" in sent && isCopyOf(record, sent.item, target))
    return finishCreation({ record, item: sent.item, lost, refused: new Map() }, target);
  return adoptLost({ step, record, cause: "lost" in sent ? sent.lost : undefined }, answered);
}

interface Lost {
  readonly step: Step;
  readonly record: WorkItemRecord;
  readonly cause: BackupError | undefined;
}

async function adoptLost({ step, record, cause }: Lost, { target, lookUp }: Answered): Promise<StepResult> {
  const made = madeBeside(step, (await lookUp()).get(record.id) ?? []);
  if (made === undefined) throw lostError(record, cause);
  return adopt(record, made, target);
}

/** Answers come in the order of what was asked; an item that names another origin shows that these did not. */
function isCopyOf(record: WorkItemRecord, item: JsonObject, target: TargetProject): boolean {
  return (originOf(item, target) ?? record.id) === record.id;
}

function lostError(record: WorkItemRecord, cause: BackupError | undefined): BackupError {
  return new BackupError({
    code: "RESTORE_LOST",
    message: `Nobody answered whether work item ${record.id} was created, and it was not found: ${cause?.message ?? "the answer was for others"}`,
    hint: "Run the restore again: it looks the work item up first, and creates it if it is not there.",
    cause,
  });
}
