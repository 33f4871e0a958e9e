/**
 * Carrying out a plan. Before a batch of steps is begun its intent is journalled, afterwards its results; a run that
 * was killed is continued from there: steps with a result are done, steps with an intent are looked up before they
 * are made, so that nothing comes out twice (format.md §3.10). One failing step does not stop the others.
 */
import { mapConcurrent } from "../foundation/concurrency.ts";
import { BackupError, describeError } from "../foundation/errors.ts";
import type { ResourceKind, Selection, Step, StepResult } from "../kinds/kind.ts";
import { isSignInRefused } from "./back-up-stream.ts";
import type { RestorePlan, RestoreResult } from "./results.ts";
import type { RestoreTarget } from "./restore-target.ts";
import type { Selections } from "./select-items.ts";

/** What a restore remembers of itself; kept sealed in the vault (vault/restore-journal.ts). Steps by their place in the plan. */
export interface StepJournal {
  readonly results: ReadonlyMap<number, StepResult>;
  readonly intents: ReadonlySet<number>;
  intend(steps: readonly number[]): Promise<void>;
  record(results: readonly (readonly [step: number, result: StepResult])[]): Promise<void>;
}

export interface ApplyRequest {
  readonly plan: RestorePlan;
  readonly selections: Selections;
  readonly target: RestoreTarget;
  readonly kinds: readonly ResourceKind[];
  readonly journal: StepJournal;
  readonly resumed: boolean;
}

/** Steps whose intent is written at once: a killed run looks up at most so many. */
const batchSteps = 64;

interface Numbered {
  readonly number: number;
  readonly step: Step;
}

export async function applyRestore(request: ApplyRequest): Promise<RestoreResult> {
  const { plan, target, journal } = request;
  const startedMs = target.clock.monotonicMs();
  const results = new Map<number, StepResult>(journal.results);
  for (const { action, kind, key } of plan.steps) if (action === "create") target.ids.expect(kind, key);
  plan.steps.forEach((step, number) => remember(step, results.get(number), target));
  let done = results.size;
  for (const batch of batchesOf(plan.steps, results)) {
    target.signal.throwIfAborted();
    await journal.intend(batch.filter(({ number }) => !journal.intents.has(number)).map(({ number }) => number));
    const fresh = await applyBatch(batch, request);
    for (const [number, result] of fresh) results.set(number, result);
    await journal.record(fresh);
    done += batch.length;
    target.reporter.progress({ activity: "Restoring", done, total: plan.steps.length });
    stopWithoutProject(batch, results);
  }
  return resultOf(request, results, target.clock.monotonicMs() - startedMs);
}

/** Neighbouring steps of one kind and phase, without those that already have a result. */
function* batchesOf(steps: readonly Step[], results: ReadonlyMap<number, StepResult>): Generator<readonly Numbered[]> {
  let batch: Numbered[] = [];
  for (const [number, step] of steps.entries()) {
    if (results.has(number) && results.get(number)?.outcome !== "failed") continue;
    const first = batch[0]?.step;
    const isFull =
      batch.length === batchSteps || (first !== undefined && (first.kind !== step.kind || first.phase !== step.phase));
    if (isFull) {
      yield batch;
      batch = [];
    }
    batch.push({ number, step });
  }
  if (batch.length > 0) yield batch;
}

async function applyBatch(
  batch: readonly Numbered[],
  request: ApplyRequest,
): Promise<readonly (readonly [number, StepResult])[]> {
  const kind = request.kinds.find(({ name }) => name === batch[0]?.step.kind);
  const lanes = kind?.applying === "ordered" ? 1 : Math.max(1, request.target.parallelism);
  const results: (readonly [number, StepResult])[] = [];
  for await (const result of mapConcurrent(
    batch,
    lanes,
    async (entry) => [entry.number, await applyOne(entry, kind, request)] as const,
  )) {
    results.push(result);
  }
  return results;
}

async function applyOne(
  { step, number }: Numbered,
  kind: ResourceKind | undefined,
  request: ApplyRequest,
): Promise<StepResult> {
  const { target, journal } = request;
  if (step.action === "cannot") return { outcome: "failed", message: step.reason ?? "cannot be restored" };
  try {
    if (kind === undefined) throw unknownKind(step);
    const selection = await selectionOf(step, request);
    const result = await kind.apply(step, { selection, target, attempted: journal.intents.has(number) });
    remember(step, result, target);
    return result;
  } catch (error) {
    if (!(error instanceof BackupError) || concernsTheRun(error) || target.signal.aborted) throw error;
    target.reporter.warn(`${step.kind} ${step.name}: ${describeError(error)}`);
    return { outcome: "failed", message: describeError(error) };
  }
}

/** A refused token or storage that is closed lets no other step succeed either: better stop, and go on later. */
function concernsTheRun(error: BackupError): boolean {
  return error.code.startsWith("STORE_") || isSignInRefused(error);
}

async function selectionOf(step: Step, { selections, target }: ApplyRequest): Promise<Selection> {
  const stream = selections.get(step.stream)?.stream ?? (await target.snapshot.stream(step.stream));
  if (stream === undefined) throw unknownKind(step);
  return { stream, keys: new Set([step.key]), parts: selections.get(step.stream)?.parts ?? [] };
}

function unknownKind(step: Step): BackupError {
  return new BackupError({
    code: "RESTORE_KIND",
    message: `The plan names ${step.stream}, which this snapshot or this version does not have`,
    hint: "Update the extension, or restore from a snapshot that has it.",
  });
}

function remember(step: Step, result: StepResult | undefined, target: RestoreTarget): void {
  if (result?.newId === undefined || result.outcome === "failed") return;
  target.ids.set(step.kind, step.key, result.newId);
  if (step.kind === "project" && target.isNew) target.enter({ id: result.newId, name: target.project.name });
}

/** Without the project nothing else has a place to go. */
function stopWithoutProject(batch: readonly Numbered[], results: ReadonlyMap<number, StepResult>): void {
  for (const { number, step } of batch) {
    const result = results.get(number);
    if (step.kind !== "project" || step.action !== "create" || result?.outcome !== "failed") continue;
    throw new BackupError({
      code: "RESTORE_PROJECT",
      message: `Project ${step.name} could not be created: ${result.message ?? "no reason was given"}`,
      hint: "Give the identity Create new projects, or create the project by hand and run the restore again.",
    });
  }
}

function resultOf(
  { plan, resumed, target }: ApplyRequest,
  results: ReadonlyMap<number, StepResult>,
  durationMs: number,
): RestoreResult {
  const steps = plan.steps.map((step, number) => ({
    ...step,
    result: results.get(number) ?? { outcome: "failed" as const, message: "was not reached" },
  }));
  const items = itemOutcomes(steps);
  return {
    plan,
    restoreId: target.restoreId,
    resumed,
    applied: true,
    steps,
    created: items.filter((outcome) => outcome === "created").length,
    updated: items.filter((outcome) => outcome === "updated").length,
    skipped: items.filter((outcome) => outcome === "skipped").length,
    failed: items.filter((outcome) => outcome === "failed").length,
    worksheet: steps.flatMap((step) => (step.secrets ?? []).map((secret) => `${step.kind} ${step.name}: ${secret}`)),
    durationMs,
  };
}

/** One outcome for each item: the first of failed, created (undeleted, adopted), updated, skipped that any step had. */
function itemOutcomes(steps: RestoreResult["steps"]): readonly ("created" | "updated" | "skipped" | "failed")[] {
  const rank = ["failed", "created", "updated", "skipped"] as const;
  const best = new Map<string, number>();
  for (const { kind, key, result } of steps) {
    const outcome = result.outcome === "undeleted" || result.outcome === "adopted" ? "created" : result.outcome;
    const item = `${kind}/${key}`;
    best.set(item, Math.min(best.get(item) ?? rank.length, rank.indexOf(outcome)));
  }
  return [...best.values()].flatMap((place) => rank[place] ?? []);
}
