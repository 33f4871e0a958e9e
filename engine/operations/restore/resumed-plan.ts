/**
 * The plan of a restore that was broken off, out of its journal. It is used only when it is the very plan that would be
 * carried out: everything but its steps is worked out anew, each step has to belong to snapshot and selection, and the
 * hash is that of what comes out of this. Otherwise a new plan is made.
 */
import { isObject, objectAt, stringAt, type JsonObject } from "../../foundation/json.ts";
import { phases, type ResourceKind, type Selection, type Step, type TargetProject } from "../../kinds/kind.ts";
import { kindOfStream } from "../../kinds/registry.ts";
import { unpackedList, type PackedList } from "../../native/packed-list.ts";
import type { JournalHeader } from "../../vault/journal/restore-journal.ts";
import { hashOf, planFacts, selectionsFor, type PlannedRestore, type PlanRequest } from "./plan-restore.ts";
import type { Selections } from "./select-items.ts";

/** For the journal. */
export function storedPlan({ steps, hash, target }: PlannedRestore["plan"]): JsonObject {
  return { hash, createsProject: target.createsProject, steps: steps.toJson() };
}

/** Undefined when it is not to be used. */
export async function resumedPlan(
  { plan: stored }: JournalHeader,
  request: PlanRequest,
): Promise<PlannedRestore | undefined> {
  const steps = unpackedList(stored.steps, isStep);
  const hash = stringAt(stored, "hash");
  if (steps === undefined || hash === undefined) return undefined;
  const createsProject = stored.createsProject === true;
  const begun = createsProject ? asIfNew(request) : request;
  const selections = await selectionsFor(begun);
  if (!(await allBelong(steps, selections, request))) return undefined;
  const facts = planFacts(selections, begun);
  if (hashOf(facts, steps, request.cryptography) !== hash) return undefined;
  return { plan: { ...facts, steps, hash }, selections };
}

/** As it was planned: the project may have been made since. */
function asIfNew(request: PlanRequest): PlanRequest {
  const { target } = request;
  return { ...request, target: { ...target, isNew: true, project: { id: "", name: target.project.name } } };
}

async function allBelong(
  steps: PackedList<Step>,
  selections: Selections,
  { kinds, target }: PlanRequest,
): Promise<boolean> {
  const covers = new Map<string, (key: string) => boolean>();
  for (const [id, selection] of selections) {
    const kind = kindOfStream(id, kinds);
    if (kind !== undefined) covers.set(id, await coverageOf(kind, selection, target));
  }
  for (const step of steps) {
    if (kindOfStream(step.stream, kinds)?.name !== step.kind) return false;
    // Of a stream with damage the plan only says that nothing of it can be restored.
    if (step.action !== "cannot" && covers.get(step.stream)?.(step.key) !== true) return false;
  }
  return true;
}

/** Tells the keys that steps of the selection may have. */
export async function coverageOf(
  kind: ResourceKind,
  selection: Selection,
  target: TargetProject,
): Promise<(key: string) => boolean> {
  if (kind.covers !== undefined) return kind.covers(selection, target);
  const { keys } = selection;
  const [, id] = selection.stream.line.s.split("/");
  if (id !== undefined) return (key) => key === id;
  return (key) => keys === "all" || keys.has(key);
}

const actions: readonly Step["action"][] = ["create", "update", "undelete", "skip", "cannot"];

function isStep(value: unknown): value is Step {
  if (!isObject(value)) return false;
  const { changes, detail } = value;
  const hasTexts = ["kind", "stream", "key", "name"].every((member) => stringAt(value, member) !== undefined);
  const isKnown = phases.some((phase) => phase === value.phase) && actions.some((action) => action === value.action);
  const hasDetail = detail === undefined || objectAt(value, "detail") !== undefined;
  return (
    hasTexts && isKnown && hasDetail && Array.isArray(changes) && changes.every((line) => typeof line === "string")
  );
}
