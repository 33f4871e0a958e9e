/**
 * What a restore remembers of itself (format.md §3.10, design.md §6.19): the plan, then in turns what it is about to
 * do and what came of it. A restore that was killed goes on from its journal; finished ones tell later restores into
 * the same target what was made of which item. The same restore may be done again after it was finished: that is a
 * new pass in the same journal.
 */
import { hasCode } from "../foundation/errors.ts";
import { arrayAt, isObject, objectAt, stringAt } from "../foundation/json.ts";
import type { JsonObject, JsonValue } from "../foundation/json.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { readJournalObjects, tampered, writeJournalObject } from "./journal-objects.ts";
import type { JournalEnd, JournalPlace } from "./journal-objects.ts";
import { parseJournalName, restoresPrefix } from "./layout.ts";

export type { JournalPlace } from "./journal-objects.ts";

export interface JournalTarget {
  readonly organizationUrl: string;
  /** Unknown while the project is still to be created. */
  readonly projectId?: string;
  readonly projectName: string;
}

export interface JournalHeader {
  readonly target: JournalTarget;
  /** What the snapshot is of. */
  readonly source: JournalTarget;
  /** Whatever the restore needs to go on with it. */
  readonly plan: JsonObject;
}

const outcomes = ["created", "updated", "undeleted", "skipped", "adopted", "failed"] as const;

export interface JournalResult {
  readonly outcome: (typeof outcomes)[number];
  /** Id in the target. */
  readonly newId?: string;
  readonly message?: string;
  readonly fidelity?: readonly string[];
  /** Of which item: kind, and id in the snapshot. */
  readonly item: readonly [kind: string, key: string];
}

export type NumberedResult = readonly [step: number, result: JournalResult];

export interface JournalFacts extends JournalPlace {
  readonly store: ObjectStore;
  readonly restoreId: string;
  readonly recipients: readonly string[];
}

export interface RestoreJournal {
  /** As it was found: `new` has no plan yet; `done` may be begun again. */
  readonly state: "new" | "unfinished" | "done";
  readonly header: JournalHeader | undefined;
  /** What earlier runs of this pass did, by step number in the plan; the newest result of each step. */
  readonly results: ReadonlyMap<number, JournalResult>;
  /** Steps that earlier runs of this pass may have begun. */
  readonly intents: ReadonlySet<number>;
  /** Starts a pass; the first thing that is written. */
  begin(header: JournalHeader): Promise<void>;
  /** Before steps are done: a killed run looks up their effect. Nothing is written for none. */
  intend(steps: readonly number[]): Promise<void>;
  record(results: readonly NumberedResult[]): Promise<void>;
  /** Ends the pass; `target` when the project's id has become known. */
  finish(summary: JsonObject, target?: JournalTarget): Promise<void>;
}

/** Throws JOURNAL_TAMPERED and KEY_MISMATCH; writing throws JOURNAL_BUSY besides. */
export async function openJournal(facts: JournalFacts): Promise<RestoreJournal> {
  const found = await readJournalObjects(facts, facts.restoreId);
  const pass = passesOf(facts, facts.restoreId, found.bodies).at(-1);
  let end: JournalEnd | undefined = found.end;

  async function write(body: JsonObject): Promise<void> {
    end = await writeJournalObject(facts, end, body);
  }

  return {
    state: pass === undefined ? "new" : pass.finished ? "done" : "unfinished",
    header: pass?.header,
    results: pass?.results ?? new Map(),
    intents: pass?.intents ?? new Set(),
    begin: (header) => write({ header: jsonOf(header) }),
    intend: async (steps) => {
      if (steps.length > 0) await write({ intents: steps });
    },
    record: async (results) => {
      if (results.length > 0) await write({ results: jsonOf(results) });
    },
    finish: (summary, target) =>
      write({ finished: { summary, ...(target === undefined ? {} : { target: jsonOf(target) }) } }),
  };
}

/** What became of one item in an earlier restore. */
export interface RestoredId {
  readonly kind: string;
  readonly oldId: string;
  readonly newId: string;
}

export interface PastRestore {
  readonly restoreId: string;
  readonly source: JournalTarget;
  readonly ids: readonly RestoredId[];
}

export interface PastRestores {
  /** Finished passes into the target, oldest first. */
  readonly restores: readonly PastRestore[];
  /** Journals that could not be used, with the code of the reason. */
  readonly unreadable: readonly { readonly restoreId: string; readonly code: string }[];
}

/** Old and new ids of what finished restores have made in the same target. */
export async function finishedJournals(place: JournalPlace, target: JournalTarget): Promise<PastRestores> {
  const found: { readonly at: string; readonly restore: PastRestore }[] = [];
  const unreadable: { restoreId: string; code: string }[] = [];
  for (const [restoreId, at] of await journalsOf(place)) {
    try {
      const { bodies } = await readJournalObjects(place, restoreId);
      const passes = passesOf(place, restoreId, bodies);
      const into = passes.filter((pass) => pass.finished && isSameTarget(pass.target, target));
      for (const pass of into) found.push({ at, restore: { restoreId, source: pass.header.source, ids: idsOf(pass) } });
    } catch (error) {
      if (!hasCode(error, "JOURNAL_TAMPERED", "KEY_MISMATCH")) throw error;
      unreadable.push({ restoreId, code: error.code });
    }
  }
  const restores = found.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)).map(({ restore }) => restore);
  return { restores, unreadable };
}

/** Restore ids, with when the newest object of each was created. */
async function journalsOf({ store, vault }: JournalPlace): Promise<ReadonlyMap<string, string>> {
  const journals = new Map<string, string>();
  for await (const { name, createdAt } of store.list(restoresPrefix(vault))) {
    const parts = parseJournalName(vault, name);
    if (parts !== undefined) journals.set(parts.restoreId, createdAt);
  }
  return journals;
}

interface Pass {
  readonly header: JournalHeader;
  readonly results: Map<number, JournalResult>;
  readonly intents: Set<number>;
  target: JournalTarget;
  finished: boolean;
}

function passesOf(place: JournalPlace, restoreId: string, bodies: readonly JsonObject[]): readonly Pass[] {
  const passes: Pass[] = [];
  for (const body of bodies) {
    const header = headerOf(body);
    if (header !== undefined) {
      passes.push({ header, results: new Map(), intents: new Set(), target: header.target, finished: false });
      continue;
    }
    const pass = passes.at(-1);
    if (pass === undefined) throw tampered(place.vault, restoreId, "it does not begin with a plan");
    addTo(pass, body);
  }
  return passes;
}

function addTo(pass: Pass, body: JsonObject): void {
  for (const step of arrayAt(body, "intents") ?? []) if (typeof step === "number") pass.intents.add(step);
  for (const entry of arrayAt(body, "results") ?? []) {
    const [step, result] = Array.isArray(entry) ? (entry as readonly JsonValue[]) : [];
    const parsed = resultOf(result);
    if (typeof step === "number" && parsed !== undefined) pass.results.set(step, parsed);
  }
  const finished = objectAt(body, "finished");
  if (finished === undefined) return;
  pass.finished = true;
  pass.target = targetOf(objectAt(finished, "target")) ?? pass.target;
}

function headerOf(body: JsonObject): JournalHeader | undefined {
  const header = objectAt(body, "header");
  if (header === undefined) return undefined;
  const target = targetOf(objectAt(header, "target"));
  const source = targetOf(objectAt(header, "source"));
  const plan = objectAt(header, "plan");
  return target === undefined || source === undefined || plan === undefined ? undefined : { target, source, plan };
}

function targetOf(value: JsonObject | undefined): JournalTarget | undefined {
  const organizationUrl = value === undefined ? undefined : stringAt(value, "organizationUrl");
  const projectName = value === undefined ? undefined : stringAt(value, "projectName");
  const projectId = value === undefined ? undefined : stringAt(value, "projectId");
  if (organizationUrl === undefined || projectName === undefined) return undefined;
  return { organizationUrl, projectName, ...(projectId === undefined ? {} : { projectId }) };
}

function resultOf(value: JsonValue | undefined): JournalResult | undefined {
  if (!isObject(value)) return undefined;
  const outcome = outcomes.find((known) => known === value.outcome);
  if (outcome === undefined) return undefined;
  const newId = stringAt(value, "newId");
  const message = stringAt(value, "message");
  const fidelity = arrayAt(value, "fidelity")?.filter((line) => typeof line === "string");
  const [kind, key] = arrayAt(value, "item") ?? [];
  if (typeof kind !== "string" || typeof key !== "string") return undefined;
  return {
    outcome,
    item: [kind, key],
    ...(newId === undefined ? {} : { newId }),
    ...(message === undefined ? {} : { message }),
    ...(fidelity === undefined ? {} : { fidelity }),
  };
}

function idsOf({ results }: Pass): readonly RestoredId[] {
  return [...results.values()].flatMap(({ outcome, newId, item: [kind, oldId] }) =>
    newId === undefined || outcome === "failed" ? [] : [{ kind, oldId, newId }],
  );
}

/** By id where both are known; a project made by the restore may be known by its name only. */
function isSameTarget(left: JournalTarget, right: JournalTarget): boolean {
  if (left.organizationUrl !== right.organizationUrl) return false;
  if (left.projectId !== undefined && right.projectId !== undefined) return left.projectId === right.projectId;
  return left.projectName === right.projectName;
}

/** The value as it will be read again. */
function jsonOf(value: object): JsonValue {
  return JSON.parse(JSON.stringify(value)) as JsonValue;
}
