/**
 * Planning a restore: reads the snapshot and the target, writes nothing. What other things the selection needs is
 * added by itself (dependency closure); of those only what is really to be done stands in the plan.
 */
import type { Cryptography } from "../../crypto/cryptography.ts";
import { toHex, utf8 } from "../../foundation/bytes.ts";
import { describeError } from "../../foundation/errors.ts";
import { canonicalJson } from "../../foundation/json.ts";
import {
  phases,
  type Phase,
  type ResourceKind,
  type Selection,
  type Step,
  type TargetProject,
  type TranslatedId,
} from "../../kinds/kind.ts";
import { kindOfStream } from "../../kinds/registry.ts";
import { PackedList } from "../../native/packed-list.ts";
import type { SnapshotReader } from "../../vault/streams/stream-reader.ts";
import type { RestorePlan } from "../results.ts";
import { isDamage, withDependencies, writtenBack, type Selected } from "./dependencies.ts";
import { coverageOf, restoreOrder, type RestorableKind } from "./restorable.ts";
import { neverStored, neverStoredLine } from "./select-items.ts";
import type { RestoreTarget } from "./target.ts";

export interface PlanRequest {
  readonly selectors: readonly string[];
  readonly snapshot: SnapshotReader;
  readonly target: RestoreTarget;
  readonly kinds: readonly ResourceKind[];
  readonly cryptography: Cryptography;
}

export interface PlannedRestore {
  readonly plan: RestorePlan & { readonly steps: PackedList<Step> };
  /** What `apply` works on. */
  readonly selected: Selected;
  /** What people should know besides, in one line each. */
  readonly notes: readonly string[];
}

/** Reads snapshot and target; what it finds in the target goes into the target's id map. */
export async function planRestore(request: PlanRequest): Promise<PlannedRestore> {
  const { snapshot, target, kinds } = request;
  const { asked, notes } = await writtenBack(request);
  const lacking = (await neverStored(request.selectors, snapshot)).map(neverStoredLine);
  for (const line of lacking) target.asAsked.reporter.warn(line);
  const selected = await withDependencies(asked, request);
  const steps = noSteps();
  const found: TranslatedId[] = [];
  for (const kind of restoreOrder(kinds)) {
    for (const { planned, ids } of await planKind(kind, selected, target)) {
      for (const phase of phases) steps[phase].append(planned[phase]);
      found.push(...ids);
    }
  }
  const inOrder = new PackedList<Step>();
  for (const phase of phases) inOrder.append(steps[phase]);
  const facts = planFacts(selected, found, request);
  const plan = { ...facts, steps: inOrder, hash: hashOf(facts, inOrder, request.cryptography) };
  return { plan: lacking.length === 0 ? plan : { ...plan, neverStored: lacking }, selected, notes };
}

type StepsByPhase = Readonly<Record<Phase, PackedList<Step>>>;

function noSteps(): StepsByPhase {
  const none = (): PackedList<Step> => new PackedList();
  return { create: none(), fill: none(), connect: none(), finish: none() };
}

interface PlannedStream {
  readonly planned: StepsByPhase;
  /** Of what is only needed and is there. */
  readonly ids: readonly TranslatedId[];
}

/** Stream by stream: first what was asked for, then what is only needed of the same kind. */
async function planKind(
  kind: RestorableKind,
  selected: Selected,
  target: RestoreTarget,
): Promise<readonly PlannedStream[]> {
  const planned: PlannedStream[] = [];
  const isOwn = ([stream]: readonly [string, Selection]): boolean => kindOfStream(stream, [kind]) !== undefined;
  for (const [, selection] of [...selected.asked].filter(isOwn))
    planned.push({ planned: await askedSteps(kind, selection, target), ids: [] });
  for (const [stream, selection] of [...selected.needed].filter(isOwn)) {
    const asked = selected.asked.get(stream);
    const isAsked = asked === undefined ? () => false : await coverageOf(kind, asked, target.asAsked);
    planned.push(await neededSteps(kind, selection, { target, isAsked, neededBy: selected.neededBy }));
  }
  return planned;
}

async function askedSteps(kind: RestorableKind, selection: Selection, target: RestoreTarget): Promise<StepsByPhase> {
  const found: TranslatedId[] = [];
  const taken = (step: Step): Step => {
    found.push(...idsFoundBy(step));
    return step;
  };
  const steps = await stepsOf(kind, { selection, target: target.asAsked, taken });
  for (const id of found) target.ids.found(...id);
  expectMade(steps, target);
  return steps;
}

/** Of dependencies only what makes something: what is there is left as it is, and known by its id from here on. */
async function neededSteps(
  kind: RestorableKind,
  selection: Selection,
  {
    target,
    isAsked,
    neededBy,
  }: {
    readonly target: RestoreTarget;
    readonly isAsked: (key: string) => boolean;
    readonly neededBy: Selected["neededBy"];
  },
): Promise<PlannedStream> {
  const ids: TranslatedId[] = [];
  const taken = (step: Step): Step | undefined => {
    if (isAsked(step.key)) return undefined;
    const { key, name, action, targetId } = step;
    ids.push(...idsFoundBy(step));
    if (action === "skip" || (action === "cannot" && targetId !== undefined)) return undefined;
    const whose = neededBy.get(`${kind.name}/${key}`) ?? neededBy.get(`${kind.name}/${name}`) ?? "what is restored";
    return { ...step, neededBy: whose, reason: step.reason ?? `needed by ${whose}` };
  };
  const planned = await stepsOf(kind, { selection, target: target.asNeeded, taken });
  for (const id of ids) target.ids.found(...id);
  expectMade(planned, target);
  return { planned, ids };
}

/** What refers to it is planned after it, and waits for it. */
function expectMade(planned: StepsByPhase, { ids }: RestoreTarget): void {
  for (const phase of phases) for (const step of planned[phase]) if (isToBeMade(step)) ids.expect(step.kind, step.key);
}

/** Its id is known once the step is done. */
export function isToBeMade({ action, targetId }: Step): boolean {
  return action === "create" && targetId === undefined;
}

/** What a plan has found in the target, for the id map. */
export function idsFoundBy({ kind, key, targetId, ids = [] }: Step): readonly TranslatedId[] {
  return targetId === undefined ? ids : [[kind, key, targetId], ...ids];
}

interface Planning {
  readonly selection: Selection;
  readonly target: TargetProject;
  /** As it stands in the plan; undefined leaves it out. */
  readonly taken: (step: Step) => Step | undefined;
}

async function stepsOf({ restore }: RestorableKind, { selection, target, taken }: Planning): Promise<StepsByPhase> {
  const steps = noSteps();
  try {
    for await (const planned of restore.plan(selection, target)) {
      const step = taken(planned);
      if (step !== undefined) steps[step.phase].push(step);
    }
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

/** The hash by which a plan is approved: of exactly what is going to be carried out. */
export function hashOf(facts: PlanFacts, steps: Iterable<Step>, cryptography: Cryptography): string {
  const digest = cryptography.newSha256();
  const add = (value: unknown): void => digest.update(utf8(`${canonicalJson(value)}\n`));
  add(facts);
  for (const step of steps) add(step);
  return toHex(digest.digest());
}

export type PlanFacts = Omit<RestorePlan, "hash" | "steps" | "notes">;

/** Everything of a plan but its steps; the same snapshot, target and request give the same. */
export function planFacts(
  { asked, needed }: Selected,
  found: readonly TranslatedId[],
  { snapshot, target: { asAsked: target } }: PlanRequest,
): PlanFacts {
  const lines = new Map([...needed, ...asked].map(([id, { stream }]) => [id, stream.line]));
  const stale = [...lines.values()].flatMap(({ s, st, asOf }) =>
    st === "ok" || asOf === undefined ? [] : [{ stream: s, asOf }],
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
    ...(found.length === 0 ? {} : { found }),
  };
}
