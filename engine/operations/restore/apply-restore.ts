/**
 * Carrying out a plan. Before a batch of steps is begun its intent is journalled, afterwards its results; a run that
 * was killed is continued from there: steps with a result are done, steps with an intent are looked up before they
 * are made, so that nothing comes out twice (docs/format.md 3.10). One failing step does not stop the others.
 */
import { forEachConcurrent } from "../../foundation/concurrency.ts";
import { BackupError, describeError } from "../../foundation/errors.ts";
import type { ResourceKind, Restoring, Selection, Step, StepResult, TargetProject } from "../../kinds/kind.ts";
import { kindOfStream } from "../../kinds/registry.ts";
import { PackedList } from "../../native/packed-list.ts";
import type { JournalResult } from "../../vault/journal/restore-journal.ts";
import { isSignInRefused } from "../sign-in-refused.ts";
import type { DoneStep, RestorePlan, RestoreResult } from "../results.ts";
import type { RestoreTarget } from "./target.ts";
import type { Turn } from "./turn.ts";
import type { Selected } from "./dependencies.ts";
import { idsFoundBy, isToBeMade } from "./plan-restore.ts";

/**
 * What a restore remembers of itself; kept sealed in the vault (vault/journal/restore-journal.ts). Steps by their place
 * in the plan.
 */
export interface StepJournal {
  readonly results: ReadonlyMap<number, StepResult>;
  readonly intents: ReadonlySet<number>;
  intend(steps: readonly number[]): Promise<void>;
  record(results: readonly (readonly [step: number, result: JournalResult])[]): Promise<void>;
}

export interface ApplyRequest {
  readonly plan: RestorePlan;
  readonly selected: Selected;
  readonly target: RestoreTarget;
  readonly kinds: readonly ResourceKind[];
  readonly journal: StepJournal;
  readonly turn: Pick<Turn, "mustHold">;
  readonly resumed: boolean;
}

/** Steps whose intent is written at once: a killed run looks up at most so many. */
const batchSteps = 64;
/** The same of kinds that do many together, and look many up together. */
const togetherSteps = 800;

interface Numbered {
  readonly number: number;
  readonly step: Step;
}

export async function applyRestore(request: ApplyRequest): Promise<RestoreResult> {
  const { plan, target } = request;
  const { clock, reporter } = target.asAsked;
  const startedMs = clock.monotonicMs();
  prepare(request);
  const done = new PackedList<DoneStep>();
  for (const batch of batchesOf(request)) {
    for (const entry of await carriedOut(batch, request)) done.push(entry);
    reporter.progress({ activity: "Restoring", done: done.length, total: plan.steps.length });
  }
  return resultOf(request, done, clock.monotonicMs() - startedMs);
}

/** Tells the id map what the plan found, what is going to be made, and what an interrupted run has made already. */
function prepare({ plan, target, journal }: ApplyRequest): void {
  for (const id of plan.found ?? []) target.ids.found(...id);
  let number = 0;
  for (const step of plan.steps) {
    if (isToBeMade(step)) target.ids.expect(step.kind, step.key);
    for (const id of idsFoundBy(step)) target.ids.found(...id);
    remember(step, journal.results.get(number), target);
    number += 1;
  }
}

/** The steps with what came of them, in their order. */
async function carriedOut(batch: Batch, request: ApplyRequest): Promise<readonly DoneStep[]> {
  const { target, journal } = request;
  if ("result" in batch) return [{ ...batch.step, result: batch.result }];
  target.asAsked.signal.throwIfAborted();
  const numbers = batch.entries.map(({ number }) => number);
  await journal.intend(numbers.filter((number) => !journal.intents.has(number)));
  const { done, failure } = await applyBatch(batch.entries, request);
  const record = journal.record(
    done.map(({ number, step, result }) => [number, { ...result, item: [step.kind, step.key] }]),
  );
  if (failure !== undefined) {
    await record.catch(() => undefined); // the failure is what the run ends with
    throw failure.error;
  }
  await record;
  stopWithoutProject(done);
  return done.map(({ step, result }) => ({ ...step, result }));
}

/** Neighbouring steps of one kind and phase, or a step that an interrupted run has done. */
type Batch = { readonly entries: readonly Numbered[] } | { readonly step: Step; readonly result: StepResult };

function* batchesOf({ plan, journal, kinds }: ApplyRequest): Generator<Batch> {
  const together = new Set(kinds.flatMap((kind) => (kind.restore?.applyMany === undefined ? [] : [kind.name])));
  let entries: Numbered[] = [];
  let number = 0;
  for (const step of plan.steps) {
    const earlier = journal.results.get(number);
    const isDone = earlier !== undefined && earlier.outcome !== "failed";
    if (entries.length > 0 && (isDone || !mayJoin(step, entries, together))) {
      yield { entries };
      entries = [];
    }
    if (isDone) yield { step, result: earlier };
    else entries.push({ number, step });
    number += 1;
  }
  if (entries.length > 0) yield { entries };
}

/** Steps that are done together are of one stream. */
function mayJoin(step: Step, entries: readonly Numbered[], together: ReadonlySet<string>): boolean {
  const first = entries[0]?.step;
  if (first === undefined) return true;
  const areAlike = first.kind === step.kind && first.phase === step.phase;
  const areAlikeAsked = (first.neededBy === undefined) === (step.neededBy === undefined);
  if (!areAlike || !areAlikeAsked) return false;
  if (!together.has(step.kind)) return entries.length < batchSteps;
  return entries.length < togetherSteps && first.stream === step.stream;
}

type Done = Numbered & { readonly result: StepResult };

interface DoneBatch {
  readonly done: readonly Done[];
  /** What ends the run. All that was done beside it counts all the same: later restores have to know of it. */
  readonly failure: { readonly error: unknown } | undefined;
}

async function applyBatch(batch: readonly Numbered[], request: ApplyRequest): Promise<DoneBatch> {
  const kind = request.kinds.find(({ name }) => name === batch[0]?.step.kind);
  const able = batch.filter(({ step }) => step.action !== "cannot");
  if (kind?.restore?.applyMany !== undefined && able.length > 1) return applyTogether(batch, kind.restore, request);
  const lanes = kind?.restore?.applying === "ordered" ? 1 : Math.max(1, request.target.asAsked.parallelism);
  const results = new Map<Numbered, StepResult>();
  let failure: DoneBatch["failure"];
  try {
    await forEachConcurrent(batch, lanes, async (entry) => {
      results.set(entry, await applyOne(entry, kind, request));
    });
  } catch (error) {
    failure = { error };
  }
  const done = batch.flatMap((entry) => {
    const result = results.get(entry);
    return result === undefined ? [] : [{ ...entry, result }];
  });
  return { done, failure };
}

async function applyTogether(
  batch: readonly Numbered[],
  restore: Restoring,
  request: ApplyRequest,
): Promise<DoneBatch> {
  const able = batch.filter(({ step }) => step.action !== "cannot");
  const done: Done[] = batch.filter(({ step }) => step.action === "cannot").map(refused);
  let failure: DoneBatch["failure"];
  try {
    const ended = await endedTogether(able, restore, request);
    for (const [index, entry] of able.entries())
      try {
        done.push({ ...entry, result: await resultOfOne(entry.step, ended[index], request.target) });
      } catch (error) {
        failure ??= { error };
      }
  } catch (error) {
    failure = { error };
  }
  return { done: done.sort((one, other) => one.number - other.number), failure };
}

async function endedTogether(
  able: readonly Numbered[],
  restore: Restoring,
  request: ApplyRequest,
): Promise<readonly PromiseSettledResult<StepResult>[]> {
  const { journal, turn } = request;
  const steps = able.map(({ step }) => step);
  turn.mustHold();
  const ended = await restore.applyMany?.(steps, {
    selection: selectionOf(steps, request),
    target: targetOf(steps, request),
    attempted: new Set(able.filter(({ number }) => journal.intents.has(number)).map(({ step }) => step)),
    mustHold: () => turn.mustHold(),
  });
  return ended ?? [];
}

function refused(entry: Numbered): Done {
  return { ...entry, result: cannot(entry.step) };
}

async function resultOfOne(
  step: Step,
  ended: PromiseSettledResult<StepResult> | undefined,
  target: RestoreTarget,
): Promise<StepResult> {
  if (ended === undefined) throw new Error(`${step.kind} did not say what came of ${step.key}`);
  if (ended.status === "rejected") return failed(ended.reason, step, target);
  remember(step, ended.value, target);
  return ended.value;
}

async function applyOne(
  { step, number }: Numbered,
  kind: ResourceKind | undefined,
  request: ApplyRequest,
): Promise<StepResult> {
  const { journal } = request;
  if (step.action === "cannot") return cannot(step);
  try {
    if (kind?.restore === undefined) throw unknownKind(step);
    request.turn.mustHold();
    const [selection, target] = [selectionOf([step], request), targetOf([step], request)];
    const result = await kind.restore.apply(step, { selection, target, attempted: journal.intents.has(number) });
    remember(step, result, request.target);
    return result;
  } catch (error) {
    return await failed(error, step, request.target);
  }
}

function cannot(step: Step): StepResult {
  return { outcome: "failed", message: step.reason ?? "cannot be restored" };
}

/** The step's own failure; what concerns the run is thrown. */
async function failed(error: unknown, step: Step, target: RestoreTarget): Promise<StepResult> {
  if (!(error instanceof BackupError) || target.asAsked.signal.aborted) throw error;
  if (await concernsTheRun(error, target)) throw error;
  target.asAsked.reporter.warn(`${step.kind} ${step.name}: ${describeError(error)}`);
  return { outcome: "failed", message: describeError(error) };
}

/** A refused token or storage that is closed lets no other step succeed either: better stop, and go on later. */
async function concernsTheRun(error: BackupError, { asAsked }: RestoreTarget): Promise<boolean> {
  return /^(?:STORE|JOURNAL)_/.test(error.code) || isSignInRefused(error, asAsked.azureDevOps);
}

/** What is only needed is never changed: it has a target of its own. */
function targetOf([first]: readonly Step[], { target }: ApplyRequest): TargetProject {
  return first?.neededBy === undefined ? target.asAsked : target.asNeeded;
}

/** What the steps are about, out of what was selected: nothing else is ever restored. They are of one stream. */
function selectionOf(steps: readonly Step[], { selected: { asked, needed }, kinds }: ApplyRequest): Selection {
  const [first] = steps;
  if (first === undefined) throw new Error("a selection is of at least one step");
  const selection = (first.neededBy === undefined ? asked : needed).get(first.stream);
  for (const step of steps) {
    const isKnown = kindOfStream(step.stream, kinds)?.name === step.kind && step.stream === first.stream;
    if (selection === undefined || !isKnown) throw unknownKind(step);
  }
  if (selection === undefined) throw unknownKind(first);
  return { stream: selection.stream, keys: new Set(steps.map(({ key }) => key)), parts: selection.parts };
}

function unknownKind(step: Step): BackupError {
  return new BackupError({
    code: "RESTORE_KIND",
    message: `The plan names ${step.stream}, which this snapshot, its selection or this version does not have`,
    hint: "Update the extension, or restore from a snapshot that has it.",
  });
}

function remember(step: Step, result: StepResult | undefined, target: RestoreTarget): void {
  if (result === undefined || result.outcome === "failed") return;
  const { newId, ids = [] } = result;
  for (const id of ids) target.ids.made(...id);
  if (newId === undefined) return;
  target.ids.made(step.kind, step.key, newId);
  const { isNew, project } = target.asAsked;
  if (step.kind === "project" && isNew) target.enter({ id: newId, name: project.name });
}

/** Without the project nothing else has a place to go. */
function stopWithoutProject(done: readonly { readonly step: Step; readonly result: StepResult }[]): void {
  for (const { step, result } of done) {
    if (step.kind !== "project" || step.action !== "create" || result.outcome !== "failed") continue;
    throw new BackupError({
      code: "RESTORE_PROJECT",
      message: `Project ${step.name} could not be created: ${result.message ?? "no reason was given"}`,
      hint: "Give the identity Create new projects, or create the project by hand and run the restore again.",
    });
  }
}

function resultOf(
  { plan, resumed, target }: ApplyRequest,
  steps: PackedList<DoneStep>,
  durationMs: number,
): RestoreResult {
  return {
    plan,
    restoreId: target.asAsked.restoreId,
    resumed,
    applied: true,
    steps,
    ...itemOutcomes(steps),
    worksheet: secretsToEnter(plan.steps),
    durationMs,
  };
}

/** One line each. */
export function secretsToEnter(steps: Iterable<Step>): readonly string[] {
  const lines: string[] = [];
  for (const { kind, name, secrets = [] } of steps)
    for (const secret of secrets) lines.push(`${kind} ${name}: ${secret}`);
  return lines;
}

const ranks = ["failed", "created", "updated", "skipped"] as const;

/** Each item counts once: as the first of failed, created (undeleted, adopted), updated, skipped that any step had. */
function itemOutcomes(steps: Iterable<DoneStep>): Readonly<Record<(typeof ranks)[number], number>> {
  const best = new Map<string, number>();
  for (const { kind, key, result } of steps) {
    const outcome = result.outcome === "undeleted" || result.outcome === "adopted" ? "created" : result.outcome;
    const item = `${kind}/${key}`;
    best.set(item, Math.min(best.get(item) ?? ranks.length, ranks.indexOf(outcome)));
  }
  const counts = { failed: 0, created: 0, updated: 0, skipped: 0 };
  for (const rank of best.values()) counts[ranks[rank] ?? "failed"] += 1;
  return counts;
}
