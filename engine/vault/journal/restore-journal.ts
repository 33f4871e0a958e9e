/**
 * What a restore remembers of itself (format.md §3.10): the plan, then in turns what it is about to do and what came of
 * it. A restore that was killed goes on from its journal; what it made is known to later restores into the same target.
 * The same restore may be done again after it was finished: that is a new pass in the same journal.
 */
import { arrayAt, canonicalJson, isObject, numberAt, objectAt, parseObject, stringAt } from "../../foundation/json.ts";
import type { JsonObject, JsonValue } from "../../foundation/json.ts";
import { counted } from "../../foundation/text.ts";
import { journalChain, type JournalChain, type JournalPlace } from "./journal-objects.ts";

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
  /** Whatever the restore needs to go on with it; of any size. */
  readonly plan: JsonObject;
}

const outcomes = ["created", "updated", "undeleted", "skipped", "adopted", "failed"] as const;

export interface JournalResult {
  readonly outcome: (typeof outcomes)[number];
  /** Id in the target. */
  readonly newId?: string;
  /** The same in other spaces than the kind's own, such as paths. */
  readonly ids?: readonly RestoredName[];
  readonly message?: string;
  readonly fidelity?: readonly string[];
  /** Of which item: kind, and id in the snapshot. */
  readonly item: readonly [kind: string, key: string];
}

/** What `old` is in the target. */
export type RestoredName = readonly [space: string, old: string, now: string];

export type NumberedResult = readonly [step: number, result: JournalResult];

export interface JournalFacts extends JournalPlace {
  readonly restoreId: string;
}

export interface RestoreJournal {
  readonly restoreId: string;
  /** As it was found: `new` has no plan yet; `done` may be begun again. */
  readonly state: "new" | "unfinished" | "done";
  readonly header: JournalHeader | undefined;
  /** What earlier runs of this pass did, by step number in the plan; the newest result of each step. */
  readonly results: ReadonlyMap<number, JournalResult>;
  /** Steps that earlier runs of this pass may have begun. */
  readonly intents: ReadonlySet<number>;
  /** Names of its objects, and of what stood in their places without being one. */
  readonly chain: Pick<JournalChain, "names" | "strangers">;
  /** Starts a pass. */
  begin(header: JournalHeader): Promise<void>;
  /** Before steps are done: a killed run looks up their effect. Nothing is written for none. */
  intend(steps: readonly number[]): Promise<void>;
  record(results: readonly NumberedResult[]): Promise<void>;
  /** Says that somebody is at it, or (`fence`) stops whoever was: their next writing finds the journal busy. */
  sign(word: "alive" | "fence"): Promise<void>;
  /** Ends the pass; `target` when the project's id has become known. */
  finish(summary: JsonObject, target?: JournalTarget): Promise<void>;
}

/** UTF-16 units of a plan in one object: even if each is written as six bytes there is room for the rest. */
const planPartChars = 512 * 1024;
/** The same for results, which may have to tell much of each item. */
const resultsChars = 256 * 1024;

/** What does not authenticate is not seen. Writing throws JOURNAL_BUSY; all of it throws errors of the store. */
export async function openJournal(facts: JournalFacts): Promise<RestoreJournal> {
  const chain = journalChain(facts, facts.restoreId);
  const pass = (await passesOf(chain)).at(-1);
  let last: Promise<void> = Promise.resolve();

  /** One after the other, whoever asks. */
  function write(...bodies: readonly JsonObject[]): Promise<void> {
    const written = last.then(async () => {
      for (const body of bodies) await chain.append(body);
    });
    last = written.catch(() => undefined); // whoever waits for it is told
    return written;
  }

  return {
    restoreId: facts.restoreId,
    state: pass === undefined ? "new" : pass.finished ? "done" : "unfinished",
    header: pass?.header,
    results: pass?.results ?? new Map(),
    intents: pass?.intents ?? new Set(),
    chain,
    begin: (header) => write(...headerBodies(header)),
    intend: async (steps) => {
      if (steps.length > 0) await write({ intents: steps });
    },
    record: (results) => write(...resultBodies(results)),
    sign: (word) => write({ sign: word }),
    finish: (summary, target) =>
      write({ finished: { summary, ...(target === undefined ? {} : { target: jsonOf(target) }) } }),
  };
}


export interface PastRestore {
  readonly source: JournalTarget;
  /** In the spaces of the kinds, and in others. */
  readonly ids: readonly RestoredName[];
}

export interface PastRestores {
  /** Passes into the target, finished or not, oldest first. */
  readonly passes: readonly PastRestore[];
  readonly chain: Pick<JournalChain, "names" | "strangers">;
}

/** Old and new ids of what one journal says to have been made in the target. */
export async function pastRestores(facts: JournalFacts, target: JournalTarget): Promise<PastRestores> {
  const chain = journalChain(facts, facts.restoreId);
  const into = (await passesOf(chain)).filter((pass) => isSameTarget(pass.target, target));
  return { passes: into.map((pass) => ({ source: pass.header.source, ids: idsOf(pass) })), chain };
}

/** By id where both are known; a project made by the restore may be known by its name only. */
export function isSameTarget(left: JournalTarget, right: JournalTarget): boolean {
  if (left.organizationUrl.toLowerCase() !== right.organizationUrl.toLowerCase()) return false;
  if (left.projectId !== undefined && right.projectId !== undefined)
    return left.projectId.toLowerCase() === right.projectId.toLowerCase();
  return left.projectName.toLowerCase() === right.projectName.toLowerCase();
}

/** Undefined for what has not the form. */
export function journalTargetOf(value: JsonObject | undefined): JournalTarget | undefined {
  const organizationUrl = value === undefined ? undefined : stringAt(value, "organizationUrl");
  const projectName = value === undefined ? undefined : stringAt(value, "projectName");
  const projectId = value === undefined ? undefined : stringAt(value, "projectId");
  if (organizationUrl === undefined || projectName === undefined) return undefined;
  return { organizationUrl, projectName, ...(projectId === undefined ? {} : { projectId }) };
}

/** The value as it will be read again. */
export function jsonOf(value: object): JsonValue {
  return JSON.parse(JSON.stringify(value)) as JsonValue;
}

function headerBodies({ target, source, plan }: JournalHeader): readonly JsonObject[] {
  const text = canonicalJson(plan);
  const parts: string[] = [];
  for (let at = 0; at < text.length; at += planPartChars) parts.push(text.slice(at, at + planPartChars));
  const [first = "", ...others] = parts;
  const header = { target: jsonOf(target), source: jsonOf(source), parts: parts.length };
  return [{ header, plan: first }, ...others.map((part) => ({ plan: part }))];
}

function resultBodies(results: readonly NumberedResult[]): readonly JsonObject[] {
  const bodies: JsonObject[] = [];
  let some: JsonValue[] = [];
  let chars = 0;
  for (const [step, result] of results) {
    const entry = jsonOf([step, shortened(result)]);
    const length = canonicalJson(entry).length;
    if (some.length > 0 && chars + length > resultsChars) {
      bodies.push({ results: some });
      [some, chars] = [[], 0];
    }
    some.push(entry);
    chars += length;
  }
  return some.length === 0 ? bodies : [...bodies, { results: some }];
}

/** A journal has to remember what was made; all that an item lost need not stand in it. */
function shortened({ message, fidelity, ...rest }: JournalResult): JournalResult {
  const kept: string[] = [];
  let room = resultsChars / 2;
  for (const line of fidelity ?? []) {
    room -= line.length;
    if (room > 0) kept.push(line);
  }
  const left = (fidelity?.length ?? 0) - kept.length;
  return {
    ...rest,
    ...(message === undefined ? {} : { message: message.slice(0, 10_000) }),
    ...(fidelity === undefined ? {} : { fidelity: left === 0 ? kept : [...kept, `and ${counted(left, "more line")}`] }),
  };
}

interface Pass {
  header: JournalHeader;
  readonly results: Map<number, JournalResult>;
  readonly intents: Set<number>;
  target: JournalTarget;
  finished: boolean;
}

/** A header whose plan has not come whole: nothing was done by it. */
interface Beginning {
  readonly header: Omit<JournalHeader, "plan">;
  readonly parts: number;
  readonly texts: string[];
}

async function passesOf(chain: JournalChain): Promise<readonly Pass[]> {
  const passes: Pass[] = [];
  let beginning: Beginning | undefined;
  for await (const body of chain.readOn()) {
    beginning = beginningOf(body) ?? beginning;
    const part = stringAt(body, "plan");
    if (beginning !== undefined && part !== undefined) {
      beginning.texts.push(part);
      const pass = passOf(beginning);
      if (pass === undefined) continue;
      const before = passes.at(-1);
      if (before !== undefined) before.header = { ...before.header, plan: {} }; // nobody goes on with that one
      passes.push(pass);
      beginning = undefined;
      continue;
    }
    const pass = passes.at(-1);
    if (pass !== undefined && beginning === undefined) addTo(pass, body);
  }
  return passes;
}

function beginningOf(body: JsonObject): Beginning | undefined {
  const header = objectAt(body, "header");
  const target = journalTargetOf(header === undefined ? undefined : objectAt(header, "target"));
  const source = journalTargetOf(header === undefined ? undefined : objectAt(header, "source"));
  const parts = header === undefined ? undefined : numberAt(header, "parts");
  if (target === undefined || source === undefined || parts === undefined) return undefined;
  return { header: { target, source }, parts, texts: [] };
}

function passOf({ header, parts, texts }: Beginning): Pass | undefined {
  if (texts.length < parts) return undefined;
  const plan = parseObject(texts.join("")) ?? {};
  return {
    header: { ...header, plan },
    results: new Map(),
    intents: new Set(),
    target: header.target,
    finished: false,
  };
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
  pass.target = journalTargetOf(objectAt(finished, "target")) ?? pass.target;
}

function resultOf(value: JsonValue | undefined): JournalResult | undefined {
  if (!isObject(value)) return undefined;
  const outcome = outcomes.find((known) => known === value.outcome);
  if (outcome === undefined) return undefined;
  const newId = stringAt(value, "newId");
  const message = stringAt(value, "message");
  const fidelity = arrayAt(value, "fidelity")?.filter((line) => typeof line === "string");
  const [kind, key] = arrayAt(value, "item") ?? [];
  const ids = restoredNames(arrayAt(value, "ids"));
  if (typeof kind !== "string" || typeof key !== "string") return undefined;
  return {
    outcome,
    item: [kind, key],
    ...(newId === undefined ? {} : { newId }),
    ...(ids === undefined ? {} : { ids }),
    ...(message === undefined ? {} : { message }),
    ...(fidelity === undefined ? {} : { fidelity }),
  };
}

/** Undefined for what has not the form. */
export function restoredNames(value: readonly JsonValue[] | undefined): readonly RestoredName[] | undefined {
  const names: RestoredName[] = [];
  for (const entry of value ?? []) {
    const [space, old, now, ...rest] = Array.isArray(entry) ? (entry as readonly JsonValue[]) : [];
    if (typeof space !== "string" || typeof old !== "string" || typeof now !== "string" || rest.length > 0)
      return undefined;
    names.push([space, old, now]);
  }
  return value === undefined ? undefined : names;
}

function idsOf({ results }: Pass): readonly RestoredName[] {
  return [...results.values()].flatMap(({ outcome, newId, ids = [], item: [kind, old] }) => {
    if (outcome === "failed") return [];
    return newId === undefined ? ids : [[kind, old, newId] as const, ...ids];
  });
}
