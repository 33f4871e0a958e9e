/** Steps of a plan put together by item: a person restores things, not steps. */
import type { RestorePlan, RestoreResult } from "../operations/results.ts";

type Step = RestorePlan["steps"][number];
type DoneStep = RestoreResult["steps"][number];

const actions = ["cannot", "create", "undelete", "update", "skip"] as const;
export type Action = (typeof actions)[number];

export interface PlannedItem {
  readonly kind: string;
  readonly key: string;
  readonly name: string;
  /** What happens to the item as a whole: the first of cannot, create, undelete, update, skip among its steps. */
  readonly action: Action;
  readonly changes: readonly string[];
  readonly reasons: readonly string[];
}

const outcomes = ["failed", "created", "undeleted", "adopted", "updated", "skipped"] as const;
export type Outcome = (typeof outcomes)[number];

export interface DoneItem extends PlannedItem {
  readonly outcome: Outcome;
  readonly newId: string | undefined;
  readonly messages: readonly string[];
  readonly fidelity: readonly string[];
}

/** In the order in which the plan first names them. */
export function plannedItems(steps: readonly Step[]): readonly PlannedItem[] {
  return grouped(steps).map(plannedItem);
}

export function doneItems(steps: readonly DoneStep[]): readonly DoneItem[] {
  return grouped(steps).map((own) => {
    const results = own.map(({ result }) => result);
    return {
      ...plannedItem(own),
      outcome: first(
        outcomes,
        results.map(({ outcome }) => outcome),
      ),
      newId: results.find(({ newId }) => newId !== undefined)?.newId,
      messages: distinct(results.flatMap(({ message }) => message ?? [])),
      fidelity: distinct(results.flatMap(({ fidelity }) => fidelity ?? [])),
    };
  });
}

/** Kinds in the order of first appearance, each with its items. */
export function byKind<Item extends PlannedItem>(items: readonly Item[]): ReadonlyMap<string, readonly Item[]> {
  const kinds = new Map<string, Item[]>();
  for (const item of items) {
    const own = kinds.get(item.kind);
    if (own === undefined) kinds.set(item.kind, [item]);
    else own.push(item);
  }
  return kinds;
}

type Group<Member> = readonly [Member, ...Member[]];

function grouped<Member extends Step>(steps: readonly Member[]): readonly Group<Member>[] {
  const groups = new Map<string, [Member, ...Member[]]>();
  for (const step of steps) {
    const item = `${step.kind}/${step.key}`;
    const own = groups.get(item);
    if (own === undefined) groups.set(item, [step]);
    else own.push(step);
  }
  return [...groups.values()];
}

function plannedItem(steps: Group<Step>): PlannedItem {
  const [{ kind, key, name }] = steps;
  return {
    kind,
    key,
    name,
    action: first(
      actions,
      steps.map(({ action }) => action),
    ),
    changes: distinct(steps.flatMap(({ changes }) => changes)),
    reasons: distinct(steps.flatMap(({ reason }) => reason ?? [])),
  };
}

function first<Word extends string>(ranking: readonly [Word, ...Word[]], words: readonly Word[]): Word {
  return ranking.find((word) => words.includes(word)) ?? ranking[0];
}

function distinct(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}
