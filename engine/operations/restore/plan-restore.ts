/**
 * Planning a restore: reads the snapshot and the target, writes nothing. What other things the selection needs is
 * added by itself (dependency closure); of those only what is really to be done stands in the plan.
 */
import type { Cryptography } from "../../crypto/cryptography.ts";
import { toHex, utf8 } from "../../foundation/bytes.ts";
import { collect } from "../../foundation/concurrency.ts";
import { describeError } from "../../foundation/errors.ts";
import { canonicalJson } from "../../foundation/json.ts";
import {
  phases,
  type ItemReference,
  type Phase,
  type ResourceKind,
  type Selection,
  type Step,
  type TargetProject,
} from "../../kinds/kind.ts";
import { kindOfStream } from "../../kinds/registry.ts";
import { PackedList } from "../../native/packed-list.ts";
import type { SnapshotReader } from "../../vault/streams/stream-reader.ts";
import type { RestorePlan } from "../results.ts";
import { neverStored, neverStoredLine, selectItems, type Selections } from "./select-items.ts";
import { isStoredDamage } from "../../vault/format/stored-damage.ts";
import { kindOf } from "../../vault/format/stream-ids.ts";

export interface PlanRequest {
  readonly selectors: readonly string[];
  readonly snapshot: SnapshotReader;
  readonly target: TargetProject;
  readonly kinds: readonly ResourceKind[];
  readonly cryptography: Cryptography;
}

export interface PlannedRestore {
  readonly plan: RestorePlan & { readonly steps: PackedList<Step> };
  /** Selections by stream, dependencies included; what `apply` works on. */
  readonly selections: Selections;
}

/** Kinds so that each comes after those it names in `restoreAfter`; otherwise in registry order. */
export function restoreOrder(kinds: readonly ResourceKind[]): readonly ResourceKind[] {
  const ordered: ResourceKind[] = [];
  const visit = (kind: ResourceKind, path: readonly string[]): void => {
    if (ordered.includes(kind)) return;
    if (path.includes(kind.name))
      throw new Error(`restoreAfter goes round in a circle: ${[...path, kind.name].join(" → ")}`);
    for (const name of kind.restoreAfter) {
      const before = kinds.find((other) => other.name === name);
      if (before !== undefined) visit(before, [...path, kind.name]);
    }
    ordered.push(kind);
  };
  for (const kind of kinds) visit(kind, []);
  return ordered;
}

export async function planRestore(request: PlanRequest): Promise<PlannedRestore> {
  const { snapshot, target, kinds } = request;
  const asked = await selectItems(request.selectors, snapshot, kinds);
  const lacking = (await neverStored(request.selectors, snapshot)).map(neverStoredLine);
  for (const line of lacking) target.reporter.warn(line);
  const { selections, neededBy } = await withDependencies(asked, request);
  const steps = noSteps();
  for (const kind of restoreOrder(kinds)) {
    const own = [...selections].filter(([id]) => kindOf(id) === kind.name);
    for (const [id, selection] of own) {
      const planned = await stepsOf(kind, selection, { target, asked: asked.has(id), neededBy });
      for (const phase of phases) steps[phase].append(planned[phase]);
    }
  }
  const inOrder = new PackedList<Step>();
  for (const phase of phases) inOrder.append(steps[phase]);
  const facts = planFacts(selections, request);
  const plan = { ...facts, steps: inOrder, hash: hashOf(facts, inOrder, request.cryptography) };
  return { plan: lacking.length === 0 ? plan : { ...plan, neverStored: lacking }, selections };
}

type StepsByPhase = Readonly<Record<Phase, PackedList<Step>>>;

function noSteps(): StepsByPhase {
  const none = (): PackedList<Step> => new PackedList();
  return { create: none(), fill: none(), connect: none(), finish: none() };
}

/** All steps of what was asked for; of dependencies only those that do something. */
async function stepsOf(
  kind: ResourceKind,
  selection: Selection,
  {
    target,
    asked,
    neededBy,
  }: { readonly target: TargetProject; readonly asked: boolean; readonly neededBy: Closure["neededBy"] },
): Promise<StepsByPhase> {
  const needs = ({ key, name }: Step): string =>
    `needed by ${neededBy.get(`${kind.name}/${key}`) ?? neededBy.get(`${kind.name}/${name}`) ?? "what is restored"}`;
  const steps = noSteps();
  const add = (step: Step): void => {
    if (asked) steps[step.phase].push(step);
    else if (step.action !== "skip") steps[step.phase].push({ ...step, reason: step.reason ?? needs(step) });
  };
  try {
    for await (const step of kind.plan(selection, target)) add(step);
    return steps;
  } catch (error) {
    if (!isDamage(error)) throw error;
    return { ...noSteps(), create: onlyStep(damageStep(selection, error)) };
  }
}

/** A stream with damage is one step that cannot be done: nothing of it is used, everything else goes on. */
function damageStep({ stream: { line } }: Selection, error: unknown): Step {
  const [kind = "", id = kind] = line.s.split("/");
  const name = line.name ?? line.s;
  const reason = describeError(error);
  return { kind, stream: line.s, key: id, name, phase: "create", action: "cannot", changes: [], reason };
}

function onlyStep(step: Step): PackedList<Step> {
  const steps = new PackedList<Step>();
  steps.push(step);
  return steps;
}

function isDamage(error: unknown): boolean {
  return isStoredDamage(error);
}

interface Closure {
  readonly selections: Selections;
  /** `<kind>/<key>` → what needs it. */
  readonly neededBy: ReadonlyMap<string, string>;
}

async function withDependencies(asked: Selections, { snapshot, target, kinds }: PlanRequest): Promise<Closure> {
  const selections = new Map<string, Selection>(asked);
  const neededBy = new Map<string, string>();
  if (target.isNew) await addWhole("project", snapshot, selections);
  const queue = [...asked.values()];
  for (let selection = queue.shift(); selection !== undefined; selection = queue.shift()) {
    const kind = kindOfStream(selection.stream.line.s, kinds);
    if (kind === undefined) continue;
    for (const reference of await referencesOf(kind, selection)) {
      const place = `${reference.kind}/${reference.id}`;
      if (neededBy.has(place) || asked.has(reference.kind) || asked.has(place)) continue;
      neededBy.set(place, reference.neededBy);
      const added = await addItem(reference.kind, reference.id, { snapshot, selections });
      if (added !== undefined) queue.push(added);
    }
  }
  return { selections, neededBy };
}

/** None of a stream with damage: its plan says what is wrong with it. */
async function referencesOf(kind: ResourceKind, selection: Selection): Promise<readonly ItemReference[]> {
  try {
    return await collect(kind.references(selection));
  } catch (error) {
    if (isDamage(error)) return [];
    throw error;
  }
}

async function addWhole(id: string, snapshot: SnapshotReader, selections: Map<string, Selection>): Promise<void> {
  const stream = selections.has(id) ? undefined : await snapshot.stream(id);
  if (stream !== undefined) selections.set(id, { stream, keys: "all", parts: [] });
}

/** Adds one item; returns a selection of just that item, so that its own references are followed too. */
async function addItem(
  kind: string,
  id: string,
  { snapshot, selections }: { readonly snapshot: SnapshotReader; readonly selections: Map<string, Selection> },
): Promise<Selection | undefined> {
  const own = await snapshot.stream(`${kind}/${id}`);
  if (own !== undefined) {
    const selection: Selection = { stream: own, keys: "all", parts: [] };
    selections.set(`${kind}/${id}`, selection);
    return selection;
  }
  const shared = await snapshot.stream(kind);
  if (shared === undefined) return undefined;
  const earlier = selections.get(kind);
  const keys = new Set(earlier === undefined || earlier.keys === "all" ? [] : earlier.keys).add(id);
  if (earlier?.keys !== "all") selections.set(kind, { stream: shared, keys, parts: [] });
  return { stream: shared, keys: new Set([id]), parts: [] };
}

/** All that the request selects and what this needs, as `planRestore` goes by it. */
export async function selectionsFor(request: PlanRequest): Promise<Selections> {
  const asked = await selectItems(request.selectors, request.snapshot, request.kinds);
  return (await withDependencies(asked, request)).selections;
}

export type PlanFacts = Omit<RestorePlan, "hash" | "steps" | "notes">;

/** Everything of a plan but its steps; the same snapshot, target and request give the same. */
export function planFacts(selections: Selections, { snapshot, target }: PlanRequest): PlanFacts {
  const stale = [...selections.values()].flatMap(({ stream: { line } }) =>
    line.st === "ok" || line.asOf === undefined ? [] : [{ stream: line.s, asOf: line.asOf }],
  );
  return {
    source: target.source,
    target: {
      organizationUrl: target.azureDevOps.organization.url,
      project: target.project,
      createsProject: target.isNew,
    },
    snapshot: snapshot.id,
    takenAt: snapshot.takenAt,
    conflictPolicy: target.conflictPolicy,
    stale,
  };
}

/** The hash by which a plan is approved: of exactly what is going to be carried out. */
export function hashOf(facts: PlanFacts, steps: Iterable<Step>, cryptography: Cryptography): string {
  const digest = cryptography.newSha256();
  const add = (value: unknown): void => digest.update(utf8(`${canonicalJson(value)}\n`));
  add(facts);
  for (const step of steps) add(step);
  return toHex(digest.digest());
}
