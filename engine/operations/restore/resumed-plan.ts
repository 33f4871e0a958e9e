/**
 * The plan of a restore that was broken off, out of its journal. It is used only when it is the very plan that would be
 * carried out: everything but its steps is worked out anew, each step has to belong to snapshot and selection, and the
 * hash is that of what comes out of this. Otherwise a new plan is made.
 */
import { arrayAt, isObject, objectAt, stringAt, type JsonObject } from "../../foundation/json.ts";
import { phases, type ResourceKind, type Step, type TargetProject } from "../../kinds/kind.ts";
import { kindOfStream } from "../../kinds/registry.ts";
import { unpackedList, type PackedList } from "../../native/packed-list.ts";
import { jsonOf, restoredNames, type JournalHeader } from "../../vault/journal/restore-journal.ts";
import { withDependencies, writtenBack, type Selected } from "./dependencies.ts";
import { hashOf, planFacts, type PlannedRestore, type PlanRequest } from "./plan-restore.ts";
import { coverageOf, isRestorable } from "./restorable.ts";
import type { Selections } from "./select-items.ts";

/** For the journal. */
export function storedPlan({ steps, hash, target, found }: PlannedRestore["plan"]): JsonObject {
  const known = found === undefined ? {} : { found: jsonOf(found) };
  return { hash, createsProject: target.createsProject, steps: steps.toJson(), ...known };
}

/** Undefined when it is not to be used. */
export async function resumedPlan(
  { plan: stored }: JournalHeader,
  request: PlanRequest,
): Promise<PlannedRestore | undefined> {
  const steps = unpackedList(stored.steps, isStep);
  const hash = stringAt(stored, "hash");
  if (steps === undefined || hash === undefined) return undefined;
  const begun = stored.createsProject === true ? asIfNew(request) : request;
  const { asked, notes } = await writtenBack(begun);
  const selected = await withDependencies(asked, begun);
  if (!(await allBelong(steps, selected, request))) return undefined;
  const found = restoredNames(arrayAt(stored, "found")) ?? [];
  const facts = planFacts(selected, found, begun);
  if (hashOf(facts, steps, request.cryptography) !== hash) return undefined;
  return { plan: { ...facts, steps, hash }, selected, notes };
}

/** As it was planned: the project may have been made since. */
function asIfNew(request: PlanRequest): PlanRequest {
  const { target } = request;
  const { name } = target.asAsked.project;
  return { ...request, target: { ...target, asAsked: { ...target.asAsked, isNew: true, project: { id: "", name } } } };
}

async function allBelong(
  steps: PackedList<Step>,
  selected: Selected,
  { kinds, target }: PlanRequest,
): Promise<boolean> {
  const asked = await coverage(selected.asked, kinds, target.asAsked);
  const needed = await coverage(selected.needed, kinds, target.asNeeded);
  for (const { stream, kind, key, action, neededBy } of steps) {
    if (kindOfStream(stream, kinds)?.name !== kind) return false;
    // Of a stream with damage the plan only says that nothing of it can be restored.
    if (action === "cannot") continue;
    const covers = neededBy === undefined ? asked : needed;
    if (covers.get(stream)?.(key) !== true) return false;
  }
  return true;
}

async function coverage(
  selections: Selections,
  kinds: readonly ResourceKind[],
  target: TargetProject,
): Promise<ReadonlyMap<string, (key: string) => boolean>> {
  const covers = new Map<string, (key: string) => boolean>();
  for (const [id, selection] of selections) {
    const kind = kindOfStream(id, kinds);
    if (kind !== undefined && isRestorable(kind)) covers.set(id, await coverageOf(kind, selection, target));
  }
  return covers;
}

const actions: readonly Step["action"][] = ["create", "update", "undelete", "skip", "cannot"];

function isStep(value: unknown): value is Step {
  if (!isObject(value)) return false;
  const { changes, detail, ids } = value;
  const hasTexts = ["kind", "stream", "key", "name"].every((member) => stringAt(value, member) !== undefined);
  const isText = (member: string): boolean => value[member] === undefined || stringAt(value, member) !== undefined;
  const hasIds = isText("targetId") && isText("neededBy") && (ids === undefined || areNames(arrayAt(value, "ids")));
  const isKnown = phases.some((phase) => phase === value.phase) && actions.some((action) => action === value.action);
  const hasDetail = detail === undefined || objectAt(value, "detail") !== undefined;
  return (
    hasTexts &&
    hasIds &&
    isKnown &&
    hasDetail &&
    Array.isArray(changes) &&
    changes.every((line) => typeof line === "string")
  );
}

function areNames(value: ReturnType<typeof arrayAt>): boolean {
  return value !== undefined && restoredNames(value) !== undefined;
}
