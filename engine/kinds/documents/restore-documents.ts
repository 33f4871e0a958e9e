/**
 * Restoring documents. The plan matches each stored one with the target (matching.ts), translates the ids in it
 * (translation.ts), and says what differs. What must not work yet is made paused, and its last step gives it its content
 * and switches it on.
 */
import { BackupError } from "../../foundation/errors.ts";
import { stringAt, type JsonObject } from "../../foundation/json.ts";
import type { ApplyContext, Restoring, Selection, Step, StepResult, TargetProject } from "../kind.ts";
import { referencesIn } from "./references.ts";
import { nameOf, type DocumentKind } from "./declaration.ts";
import { differences } from "./differences.ts";
import { liveDocuments, matchingIn, naturalKeyOf, type Match, type Matching } from "./matching.ts";
import { selectedRecords } from "./records.ts";
import { foreignOf, storedForm, type StoredForm } from "./stored.ts";
import { translation, type Translation } from "./translation.ts";

export function restoringDocuments(kind: DocumentKind): Restoring {
  const others = (kind.references ?? []).flatMap((reference) =>
    reference.kind === kind.name || foreignOf(kind, reference.kind) !== undefined ? [] : [reference.kind],
  );
  return {
    after: [...new Set(["project", ...others])],
    applying: "concurrent",
    references: (selection) => references(kind, selection),
    plan: (selection, target) => plan(kind, selection, target),
    apply: (step, context) => apply(kind, step, context),
  };
}

async function* references(kind: DocumentKind, selection: Selection): ReturnType<Restoring["references"]> {
  for await (const { key, value } of selectedRecords(selection)) {
    const stored = storedForm(value);
    if (stored === undefined) continue;
    const neededBy = `${kind.one} ${nameOf(kind, kind.content(stored.document)) || key}`;
    for (const { reference, id } of referencesIn(kind.content(stored.document), kind.references ?? []))
      if (foreignOf(kind, reference.kind) === undefined) yield { kind: reference.kind, id, neededBy };
  }
}

interface Planning {
  readonly kind: DocumentKind;
  readonly target: TargetProject;
  readonly matching: Matching;
  /** Ids in the target of selected documents that are there. */
  readonly found: ReadonlyMap<string, string>;
  readonly deleted: ReadonlySet<string>;
  readonly selection: Selection;
}

interface Candidate {
  readonly key: string;
  readonly match: Match;
}

async function* plan(kind: DocumentKind, selection: Selection, target: TargetProject): AsyncGenerator<Step> {
  const live = target.isNew ? [] : await liveDocuments(kind, target);
  const matching = await matchingIn(kind, { selection, live, target });
  const candidates: Candidate[] = [];
  const found = new Map<string, string>();
  for await (const { key, value } of selectedRecords(selection)) {
    const content = kind.content(storedForm(value)?.document ?? {});
    const match = matching.of(String(key), content);
    if (isFound(match)) found.set(String(key), match.id);
    candidates.push({ key: String(key), match });
  }
  const gone = candidates.flatMap(({ key, match }) => (match === undefined && target.isSource ? [key] : []));
  const deleted = new Set(gone.length === 0 ? [] : await kind.deleted?.(target, gone));
  for (const candidate of candidates) yield* stepsOf(candidate, { kind, target, matching, found, deleted, selection });
}

type Found = Exclude<Match, "taken" | undefined>;

function isFound(match: Match): match is Found {
  return match !== undefined && match !== "taken";
}

type StepBase = Pick<Step, "kind" | "stream" | "key" | "name" | "phase" | "secrets">;

/** A document on its way into the plan. */
interface Planned extends Planning {
  readonly base: StepBase;
  readonly stored: StoredForm;
  readonly translated: Translation;
}

async function* stepsOf({ key, match }: Candidate, planning: Planning): AsyncGenerator<Step> {
  const { kind, target, found, deleted, selection } = planning;
  const stored = storedForm((await selection.stream.record(key)) ?? {});
  if (stored === undefined) return;
  const name = nameOf(kind, kind.content(stored.document)) || key;
  const stream = selection.stream.line.s;
  const base: StepBase = { kind: kind.name, stream, key, name, phase: kind.phase ?? "create" };
  const own = (id: string): string | undefined => found.get(id) ?? target.ids.get(kind.name, id);
  const translated = await translation(kind, stored, { target, own });
  const planned: Planned = { ...planning, base, stored, translated };
  if (isFound(match)) yield* stepsForExisting(planned, match);
  else if (translated.obstacle !== undefined)
    yield { ...base, action: "cannot", changes: [], reason: translated.obstacle };
  else if (match === "taken") yield* stepsForTaken(planned);
  else if (deleted.has(key)) yield* undeleteSteps(planned);
  else yield* createSteps(planned, name);
}

async function* stepsForExisting(planned: Planned, live: Found): AsyncGenerator<Step> {
  const { kind, base, target, translated } = planned;
  const present = await live.content();
  const targetId = live.id;
  const changes = [...differences(translated.content, present), ...translated.leftOut];
  if (translated.obstacle === undefined && changes.length === 0)
    yield { ...base, action: "skip", changes, reason: "is already as in the snapshot", targetId };
  else if (target.conflictPolicy === "skip")
    yield { ...base, action: "skip", changes, reason: "exists and differs; conflictPolicy leaves it alone", targetId };
  else if (translated.obstacle !== undefined)
    yield { ...base, action: "cannot", changes: [], reason: translated.obstacle, targetId };
  else if (target.conflictPolicy === "rename" && kind.named !== undefined)
    yield* createSteps(planned, freeName(planned));
  else if (target.conflictPolicy === "rename")
    yield {
      ...base,
      action: "skip",
      changes,
      reason: "exists and differs, and there cannot be a second one",
      targetId,
    };
  else {
    const known = new Set(kind.secrets?.(present));
    const secrets = (kind.secrets?.(translated.content) ?? []).filter((one) => !known.has(one));
    yield {
      ...withSecrets(base, secrets),
      phase: kind.paused === undefined ? base.phase : "finish",
      ...{ action: "update", changes, targetId },
    };
  }
}

/** Only beside what has its name now, or not at all. */
function* stepsForTaken(planned: Planned): Generator<Step> {
  const { kind, base, target } = planned;
  if (target.conflictPolicy === "rename" && kind.named !== undefined) {
    yield* createSteps(planned, freeName(planned));
    return;
  }
  const reason = `another ${kind.one} is called ${base.name} now; restore with conflictPolicy rename, or rename that one`;
  yield { ...base, action: "cannot", changes: [], reason };
}

/** `Payments-20261130T221503`, with a number where that is taken as well. */
function freeName({ kind, base, target, matching, translated: { content } }: Planned): string {
  const beside = `${base.name}-${target.snapshot.id.slice(0, 15)}`;
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? beside : `${beside}-${number}`;
    if (!matching.isTaken(kind.named?.(content, name) ?? content)) return name;
  }
}

function* createSteps(planned: Planned, name: string): Generator<Step> {
  const { kind, base, matching, translated } = planned;
  const { content, leftOut } = translated;
  const isRenamed = name !== base.name;
  matching.take(isRenamed ? (kind.named?.(content, name) ?? content) : content);
  const isPaused = kind.paused !== undefined;
  const detail: JsonObject = { name };
  const news = `new ${kind.one} ${name}${isPaused ? ", switched off until everything else is restored" : ""}`;
  yield {
    ...withSecrets(base, kind.secrets?.(content) ?? []),
    ...{ action: "create", changes: [news, ...leftOut], detail },
  };
  if (isPaused)
    yield {
      ...base,
      phase: "finish",
      action: "update",
      changes: ["gets its final form, and is switched on if it was"],
      detail,
    };
}

function* undeleteSteps({ base, translated: { leftOut } }: Planned): Generator<Step> {
  yield { ...base, action: "undelete", changes: ["comes out of the recycle bin, with its id"] };
  yield {
    ...{ ...base, phase: "finish", action: "update" },
    changes: ["what was changed after the snapshot is set back", ...leftOut],
    detail: { undeleted: true },
  };
}

function withSecrets(base: StepBase, secrets: readonly string[]): StepBase {
  return secrets.length === 0 ? base : { ...base, secrets };
}

async function apply(kind: DocumentKind, step: Step, context: ApplyContext): Promise<StepResult> {
  const { selection, target } = context;
  if (step.action === "skip") return { outcome: "skipped", ...known(step.targetId) };
  if (step.action === "undelete") return undelete(kind, step, context);
  const stored = storedForm((await selection.stream.record(step.key)) ?? {});
  if (stored === undefined) throw notStored(step);
  const content = await contentFor(kind, step, { stored, target });
  if (step.action === "create") return create(kind, content, context);
  const id = step.targetId ?? madeBefore(kind, step, target);
  await kind.update(target, id, content);
  return { outcome: "updated", newId: id };
}

function known(id: string | undefined): { readonly newId?: string } {
  return id === undefined ? {} : { newId: id };
}

/** Where an earlier run has taken it out, the bin does not have it any more. */
async function undelete(kind: DocumentKind, { key }: Step, { target, attempted }: ApplyContext): Promise<StepResult> {
  const isInBin = !attempted || (await kind.deleted?.(target, [key]))?.includes(key) === true;
  if (isInBin) await kind.undelete?.(target, key);
  return { outcome: isInBin ? "undeleted" : "adopted", newId: key };
}

/** The name was free when the plan was made: what has it after a crash is what the crashed run made. */
async function create(
  kind: DocumentKind,
  content: JsonObject,
  { target, attempted }: ApplyContext,
): Promise<StepResult> {
  const natural = naturalKeyOf(kind, content);
  const live = attempted ? await liveDocuments(kind, target) : [];
  const same = live.find(({ naturalKey }) => naturalKey === natural);
  if (same !== undefined) return { outcome: "adopted", newId: same.id };
  return { outcome: "created", newId: await kind.create(target, content) };
}

function madeBefore(kind: DocumentKind, { key, name }: Step, { ids }: TargetProject): string {
  const id = ids.get(kind.name, key);
  if (id !== undefined) return id;
  throw new BackupError({
    code: "RESTORE_DEPENDENCY",
    message: `${name} was not made, so it cannot get its final form`,
    hint: "See the failure of the step that makes it; run the restore again when that is solved.",
  });
}

/** Translated anew: by now everything it refers to has been made. */
async function contentFor(
  kind: DocumentKind,
  step: Step,
  { stored, target }: { readonly stored: StoredForm; readonly target: TargetProject },
): Promise<JsonObject> {
  const own = (id: string): string | undefined => target.ids.get(kind.name, id);
  const { content, obstacle } = await translation(kind, stored, { target, own });
  const sent = step.action === "create" ? (kind.paused?.(content) ?? content) : content;
  const open = obstacle ?? unmade(kind, sent);
  if (open !== undefined)
    throw new BackupError({
      code: "RESTORE_DEPENDENCY",
      message: `${step.name} cannot be restored: ${open}`,
      hint: "See what became of that in this restore; run it again when that is solved.",
    });
  const name = stringAt(step.detail ?? {}, "name");
  return name === undefined || name === step.name ? sent : (kind.named?.(sent, name) ?? sent);
}

/** A reference whose thing this restore was to make and has not. */
function unmade(kind: DocumentKind, content: JsonObject): string | undefined {
  for (const { id } of referencesIn(content, kind.references ?? []))
    if (id.startsWith("made from ")) return `${id.slice("made from ".length)} was not made`;
  return undefined;
}

function notStored({ stream, key }: Step): BackupError {
  return new BackupError({
    code: "SELECTION_EMPTY",
    message: `${key} of ${stream} is not in this snapshot`,
    hint: "Make a new plan: run the restore again, with previewOnly first.",
  });
}
