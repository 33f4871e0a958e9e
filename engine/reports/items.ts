/** Steps of a plan put together by item: a person restores things, not steps. */
import type { DoneStep } from "../operations/results.ts";
import type { Step } from "../kinds/kind.ts";

export const actions = ["cannot", "create", "undelete", "update", "skip"] as const;
export type Action = (typeof actions)[number];

export interface PlannedItem {
  readonly kind: string;
  readonly key: string;
  readonly name: string;
  readonly changes: readonly string[];
  readonly reasons: readonly string[];
}

export const outcomes = ["failed", "created", "undeleted", "adopted", "updated", "skipped"] as const;
export type Outcome = (typeof outcomes)[number];

export interface DoneItem extends PlannedItem {
  readonly outcome: Outcome;
  readonly newId: string | undefined;
  readonly messages: readonly string[];
  readonly fidelity: readonly string[];
}

/** Items of a kind that fare alike. */
export interface ItemGroup<Word extends string, Item> {
  readonly kind: string;
  /** What happens to each as a whole: the first of its steps' words in the order of `actions` or `outcomes`. */
  readonly word: Word;
  readonly count: number;
  /** In the order in which the plan first names them; of very many only the first `maxListed`. */
  readonly items: readonly Item[];
}

export type PlannedGroup = ItemGroup<Action, PlannedItem>;
export type DoneGroup = ItemGroup<Outcome, DoneItem>;

/** A report with more of them in one group would be read by nobody, and held in memory all the same. */
export const maxListed = 5000;

/** By kind, in the order of first appearance; within a kind worst first. */
export function plannedGroups(steps: Iterable<Step>): readonly PlannedGroup[] {
  return grouped(steps, actions, ({ action }) => action).map((group) => ({
    ...group,
    items: group.members.map(plannedItem),
  }));
}

export function doneGroups(steps: Iterable<DoneStep>): readonly DoneGroup[] {
  return grouped(steps, outcomes, ({ result }) => result.outcome).map((group) => ({
    ...group,
    items: group.members.map((members) => doneItem(members, group.word)),
  }));
}

/** Of each word, how many items there are in all. */
export function countsOf<Word extends string>(
  groups: readonly ItemGroup<Word, unknown>[],
  words: readonly Word[],
): Readonly<Record<Word, number>> {
  const counts = words.map((word) => [word, countOf(groups.filter((group) => group.word === word))] as const);
  return Object.fromEntries(counts) as Readonly<Record<Word, number>>;
}

export function countOf(groups: readonly { readonly count: number }[]): number {
  return groups.reduce((sum, { count }) => sum + count, 0);
}

/** Items that are left alone although they differ from the snapshot: another conflict policy would change them. */
export function differingCount(steps: Iterable<Step>): number {
  const acted = new Set<string>();
  const differing = new Set<string>();
  for (const step of steps) {
    if (step.action !== "skip") acted.add(itemOf(step));
    else if (step.changes.length > 0) differing.add(itemOf(step));
  }
  return [...differing].filter((item) => !acted.has(item)).length;
}

/** Kinds in the order of first appearance, each with its groups. */
export function byKind<Group extends { readonly kind: string }>(
  groups: readonly Group[],
): ReadonlyMap<string, readonly Group[]> {
  const kinds = new Map<string, Group[]>();
  for (const group of groups) {
    const own = kinds.get(group.kind);
    if (own === undefined) kinds.set(group.kind, [group]);
    else own.push(group);
  }
  return kinds;
}

type Members<Member> = readonly [Member, ...Member[]];

interface Gathering<Word, Member> {
  readonly kind: string;
  readonly word: Word;
  count: number;
  /** Steps of the items that are listed. */
  readonly members: [Member, ...Member[]][];
}

/** Goes through the steps twice, so that only what is listed is held: steps of an item lie far from each other. */
function grouped<Word extends string, Member extends Step>(
  steps: Iterable<Member>,
  ranking: readonly Word[],
  wordOf: (step: Member) => Word,
): readonly Gathering<Word, Member>[] {
  const ranks = new Map<string, number>();
  for (const step of steps) {
    const item = itemOf(step);
    ranks.set(item, Math.min(ranks.get(item) ?? ranking.length, ranking.indexOf(wordOf(step))));
  }
  const groups = new Map<string, Gathering<Word, Member>>();
  const listed = new Map<string, [Member, ...Member[]]>();
  for (const step of steps) {
    const item = itemOf(step);
    const rank = ranks.get(item);
    listed.get(item)?.push(step);
    const word = rank === undefined ? undefined : ranking[rank];
    if (word === undefined) continue; // a later step of an item that has been counted
    ranks.delete(item);
    const name = `${step.kind}/${word}`;
    const group = groups.get(name) ?? { kind: step.kind, word, count: 0, members: [] };
    groups.set(name, group);
    group.count += 1;
    if (group.count > maxListed) continue;
    const members: [Member, ...Member[]] = [step];
    listed.set(item, members);
    group.members.push(members);
  }
  const worstFirst = (a: Gathering<Word, Member>, b: Gathering<Word, Member>): number =>
    ranking.indexOf(a.word) - ranking.indexOf(b.word);
  return [...byKind([...groups.values()]).values()].flatMap((own) => [...own].sort(worstFirst));
}

function itemOf({ kind, key }: Step): string {
  return `${kind}/${key}`;
}

function plannedItem(steps: Members<Step>): PlannedItem {
  const [{ kind, key, name }] = steps;
  return {
    kind,
    key,
    name,
    changes: distinct(steps.flatMap(({ changes }) => changes)),
    reasons: distinct(steps.flatMap(({ reason }) => reason ?? [])),
  };
}

function doneItem(steps: Members<DoneStep>, outcome: Outcome): DoneItem {
  const results = steps.map(({ result }) => result);
  return {
    ...plannedItem(steps),
    outcome,
    newId: results.find(({ newId }) => newId !== undefined)?.newId,
    messages: distinct(results.flatMap(({ message }) => message ?? [])),
    fidelity: distinct(results.flatMap(({ fidelity }) => fidelity ?? [])),
  };
}

function distinct(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}
