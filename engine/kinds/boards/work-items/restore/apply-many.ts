/** Carrying out many steps of work items at once: what can be written together is, the rest goes step by step. */
import { collect, mapConcurrent, settled } from "../../../../foundation/concurrency.ts";
import type { ManyContext, Step, StepResult } from "../../../kind.ts";
import { workItemOf } from "../selection.ts";
import { applyWorkItemStep, filledId } from "./apply.ts";
import { createMany } from "./create-many.ts";
import { makeManyAsStored, type Fillable } from "./make-many.ts";

type Settled = PromiseSettledResult<StepResult>;

/** What came of each step, in their order. Throws what concerns the whole run. */
export async function applyWorkItemSteps(steps: readonly Step[], context: ManyContext): Promise<readonly Settled[]> {
  const results = new Map<Step, Settled>();
  const created = steps.filter(({ action }) => action === "create");
  const filled = steps.filter(({ action, phase }) => action === "update" && phase === "connect");
  const note = (some: readonly Step[], ended: readonly Settled[]): void => {
    for (const [index, result] of ended.entries()) {
      const step = some[index];
      if (step !== undefined) results.set(step, result);
    }
  };
  note(created, await createMany(created, context));
  note(filled, await fillMany(filled, context));
  const others = steps.filter((step) => !results.has(step));
  note(others, await oneByOne(others, context));
  return steps.flatMap((step) => results.get(step) ?? []);
}

async function fillMany(steps: readonly Step[], context: ManyContext): Promise<readonly Settled[]> {
  const { selection, target } = context;
  const found = async (step: Step): Promise<Fillable> => {
    const record = await workItemOf(selection, Number(step.key));
    return { record, id: await filledId(step, record, target) };
  };
  const ready = await collect(mapConcurrent(steps, lanesOf(context), (step) => settled(() => found(step))));
  const fillable = ready.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const filled = await makeManyAsStored(fillable, context);
  let next = 0;
  return ready.flatMap((one): readonly Settled[] => {
    if (one.status === "rejected") return [one];
    next += 1;
    return filled.slice(next - 1, next);
  });
}

function oneByOne(steps: readonly Step[], context: ManyContext): Promise<readonly Settled[]> {
  const { selection, target, attempted } = context;
  const apply = async (step: Step): Promise<StepResult> => {
    context.mustHold();
    return applyWorkItemStep(step, { selection, target, attempted: attempted.has(step) });
  };
  return collect(mapConcurrent(steps, lanesOf(context), (step) => settled(() => apply(step))));
}

function lanesOf({ target }: ManyContext): number {
  return Math.max(1, target.parallelism);
}
