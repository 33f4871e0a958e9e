/**
 * Restores items of a snapshot into a project: plan, then apply with a journal. The same request again resumes what
 * was interrupted, or finds everything done.
 */
import { BackupError } from "../../foundation/errors.ts";
import type { JsonObject } from "../../foundation/json.ts";
import { isRunId } from "../../vault/format/layout.ts";
import { readLog, type Log } from "../../vault/log/log.ts";
import {
  isSameTarget,
  openJournal,
  type JournalTarget,
  type RestoreJournal,
} from "../../vault/journal/restore-journal.ts";
import type { SnapshotReader } from "../../vault/streams/stream-reader.ts";
import { openSnapshot } from "../../vault/snapshots/snapshot-reader.ts";
import { applyRestore, secretsToEnter, type StepJournal } from "./apply-restore.ts";
import { requireRecoveryKey } from "../check-keys.ts";
import { chooseSnapshot } from "../choose-snapshots.ts";
import { planRestore, type PlannedRestore, type PlanRequest } from "./plan-restore.ts";
import { knownRestores, openHistory, type KeptRestores } from "./history.ts";
import { restoreTarget, type RestoreTarget } from "./target.ts";
import { surroundingsOf } from "../surroundings.ts";
import { keepTurn, takeTurn, type Turn } from "./turn.ts";
import type { RestorePlan, RestoreResult } from "../results.ts";
import { resumedPlan, storedPlan } from "./resumed-plan.ts";
import type { RestoreRequest, RestoreTools } from "./request.ts";

export async function restoreItems(request: RestoreRequest, tools: RestoreTools): Promise<RestoreResult> {
  const startedMs = tools.clock.monotonicMs();
  const { snapshot, log } = await openForRestore(request, tools);
  const history = await openHistory(request, tools, { log, snapshot: snapshot.id });
  const work: Work = { request, tools, snapshot, log, history };
  const result = request.previewOnly ? await preview(work) : await restore(work);
  return { ...result, durationMs: tools.clock.monotonicMs() - startedMs };
}

interface Work {
  readonly request: RestoreRequest;
  readonly tools: RestoreTools;
  readonly snapshot: SnapshotReader;
  readonly log: Log;
  readonly history: readonly KeptRestores[];
}

/** A plan for the target as it is now; writes nothing. */
async function preview(work: Work): Promise<RestoreResult> {
  const { request, tools, history } = work;
  const restoreId = history[0]?.restoreId ?? "";
  const { plan, notes } = await newPlan(work, restoreId);
  announce({ ...plan, notes }, tools);
  checkHash(request, plan);
  return {
    plan: { ...plan, notes },
    restoreId,
    resumed: false,
    applied: false,
    steps: [],
    ...{ created: 0, updated: 0, skipped: 0, failed: 0 },
    worksheet: secretsToEnter(plan.steps),
    durationMs: 0,
  };
}

/** Plans and applies while no other restore into the target does. */
async function restore(work: Work): Promise<RestoreResult> {
  const { request, tools, history } = work;
  let target = requestedTarget(request, tools);
  await takeTurn(history, target, tools);
  const journals: RestoreJournal[] = [];
  for (const { place, restoreId } of history) journals.push(await openJournal({ ...place, restoreId }));
  const turn = keepTurn(history, journals, tools);
  let failure: unknown;
  try {
    // Whoever took this restore for dead has closed the journal to it: better known before anything is made.
    for (const journal of journals) if (journal.chain.names.length > 0) await journal.sign("alive");
    const journal = journals.find(({ state }) => state === "unfinished") ?? journals[0];
    if (journal === undefined) throw new Error("a recovery key of the vault has a journal");
    const done = await applied(work, journal, turn);
    target = done.target;
    return done.result;
  } catch (error) {
    failure = error;
    throw error;
  } finally {
    await turn.end(failure, target);
  }
}

async function applied(
  work: Work,
  journal: RestoreJournal,
  turn: Turn,
): Promise<{ readonly result: RestoreResult; readonly target: JournalTarget }> {
  const { request, tools } = work;
  const { restoreId } = journal;
  const resumed = await continued(work, journal);
  const planned = resumed ?? (await newPlan(work, restoreId));
  const { target, notes } = planned;
  const plan = { ...planned.plan, notes };
  announce(plan, tools);
  checkHash(request, plan);
  if (resumed === undefined)
    await journal.begin({
      target: journalTarget(target),
      source: journalSource(request),
      plan: storedPlan(planned.plan),
    });
  const result = await applyRestore({
    plan,
    selected: planned.selected,
    target,
    kinds: request.kinds,
    journal: stepJournal(journal, resumed !== undefined),
    turn,
    resumed: resumed !== undefined,
  });
  if (isOver(result)) await journal.finish(figuresOf(result), journalTarget(target));
  return { result, target: journalTarget(target) };
}

interface Planned extends PlannedRestore {
  readonly target: RestoreTarget;
}

async function newPlan(work: Work, restoreId: string): Promise<Planned> {
  const { target, notes } = await targetOf(work, restoreId);
  const planned = await planRestore(planRequest(work, target));
  return { ...planned, target, notes: [...notes, ...planned.notes] };
}

/** The plan of the interrupted run, unless another one was approved meanwhile. */
async function continued(work: Work, journal: RestoreJournal): Promise<Planned | undefined> {
  const { request, tools } = work;
  const { state, header } = journal;
  if (state === "done") tools.reporter.info("The same restore was made before; it is compared with what is there now");
  if (state !== "unfinished" || header === undefined) return undefined;
  const { target, notes } = await targetOf(work, journal.restoreId);
  const planned = isStillTheTarget(journal, requestedTarget(request, tools))
    ? await resumedPlan(header, planRequest(work, target))
    : undefined;
  if (planned === undefined) {
    tools.reporter.warn("The plan of the interrupted restore does not fit any more: a new one is made");
    return undefined;
  }
  if (request.planHash !== undefined && request.planHash !== planned.plan.hash) {
    tools.reporter.info("Another plan than that of the interrupted restore was approved: a new one is made");
    return undefined;
  }
  tools.reporter.info("An interrupted restore of the same request is continued");
  return { ...planned, target, notes: [...notes, ...planned.notes] };
}

/** Also when it was this restore that made the project: another one may have its name by now. */
function isStillTheTarget({ header, results }: RestoreJournal, target: JournalTarget): boolean {
  if (header === undefined || !isSameTarget(header.target, target)) return false;
  for (const { item, newId } of results.values())
    if (item[0] === "project" && newId !== undefined && newId !== target.projectId) return false;
  return true;
}

function planRequest({ request, tools, snapshot }: Work, target: RestoreTarget): PlanRequest {
  const { selectors, kinds } = request;
  return { selectors, kinds, snapshot, target, cryptography: tools.cryptography };
}

function announce(plan: RestorePlan, { reporter, announce: show }: RestoreTools): void {
  for (const note of plan.notes ?? []) reporter.warn(note);
  show(plan);
}

/** A pass that begins anew takes nothing from the one before it. */
function stepJournal(journal: RestoreJournal, isResumed: boolean): StepJournal {
  return {
    results: isResumed ? journal.results : new Map(),
    intents: isResumed ? journal.intents : new Set(),
    intend: (steps) => journal.intend(steps),
    record: (results) => journal.record(results),
  };
}

/** Nothing is left that another run could do better: what failed is only what cannot be done at all. */
function isOver({ steps }: RestoreResult): boolean {
  for (const { action, result } of steps) if (result.outcome === "failed" && action !== "cannot") return false;
  return true;
}

function figuresOf({ created, updated, skipped }: RestoreResult): JsonObject {
  return { created, updated, skipped };
}

/** The verified snapshot, readable with the recovery key. Throws before anything is contacted but the storage. */
export async function openForRestore(
  request: Pick<RestoreRequest, "vault" | "snapshot" | "recoveryIdentities" | "pinnedSigners" | "pin">,
  { store, cryptography }: Pick<RestoreTools, "store" | "cryptography">,
): Promise<{ readonly snapshot: SnapshotReader; readonly log: Log }> {
  const { vault, recoveryIdentities } = request;
  const log = await readLog({ store, cryptography, vault, pinnedSigners: request.pinnedSigners, pin: request.pin });
  refuseDoubtful(log, request.snapshot);
  const chosen = chooseSnapshot(log, request.snapshot);
  await requireRecoveryKey(log, recoveryIdentities, cryptography);
  const access = { store, cryptography, vault, identities: recoveryIdentities };
  return { log, snapshot: openSnapshot({ access, entry: chosen.entry, takenAt: chosen.entry.srv }) };
}

/**
 * A log that was cut off, forked or broken cannot say which snapshot is the latest. One that is named by its id is
 * restored all the same: its own entry was verified.
 */
function refuseDoubtful(log: Log, selector: string): void {
  const problem = log.problems.find(({ code }) => blockingProblems.includes(code));
  if (problem === undefined || isRunId(selector)) return;
  throw new BackupError({
    code: problem.code,
    message: problem.message,
    hint: `${problem.hint} To restore nevertheless, name a snapshot by its id instead of "${selector}".`,
  });
}

const blockingProblems = ["LOG_ROLLBACK", "LOG_FORK", "LOG_CHAIN_BROKEN"];

async function targetOf(
  work: Work,
  restoreId: string,
): Promise<{ readonly target: RestoreTarget; readonly notes: readonly string[] }> {
  const { request, tools, snapshot, history } = work;
  const { ids, notes } = await knownRestores(history, requestedTarget(request, tools), request);
  const { source, conflictPolicy, workItemHistory, mapping, parallelism } = request;
  const { id, name } = request.targetProject;
  const isSameOrganization = isOrganizationOf(work, tools.azureDevOps.organization);
  const facts = {
    ...surroundingsOf({ ...tools, parallelism }),
    ...{ source, conflictPolicy, workItemHistory, mapping, snapshot, restoreId, isSameOrganization },
    project: { id: id ?? "", name },
    isNew: id === undefined,
    isSource: isSameOrganization && id?.toLowerCase() === source.project.id.toLowerCase(),
  };
  return { target: restoreTarget(facts, ids), notes };
}

/** By the id that the vault began with: addresses of organisations change. */
function isOrganizationOf({ log, request }: Work, { id, url }: RestoreTools["azureDevOps"]["organization"]): boolean {
  const begun = log.genesis?.entry.genesis.organization;
  if (begun === undefined) return url.toLowerCase() === request.source.organizationUrl.toLowerCase();
  return begun.id.toLowerCase() === id.toLowerCase();
}

function checkHash({ planHash }: RestoreRequest, plan: RestorePlan): void {
  if (planHash === undefined || planHash === plan.hash) return;
  throw new BackupError({
    code: "PLAN_CHANGED",
    message: `The plan made now has the hash ${plan.hash}, not ${planHash}: snapshot or target changed since it was approved`,
    hint: "Look at the new plan, then apply it with its own planHash.",
  });
}

function requestedTarget(
  { targetProject: { id, name } }: RestoreRequest,
  { azureDevOps }: RestoreTools,
): JournalTarget {
  const { url } = azureDevOps.organization;
  return { organizationUrl: url, projectName: name, ...(id === undefined ? {} : { projectId: id }) };
}

function journalTarget({ asAsked: { azureDevOps, project, isNew } }: RestoreTarget): JournalTarget {
  return {
    organizationUrl: azureDevOps.organization.url,
    projectName: project.name,
    ...(isNew ? {} : { projectId: project.id }),
  };
}

function journalSource({ source }: RestoreRequest): JournalTarget {
  return { organizationUrl: source.organizationUrl, projectName: source.project.name, projectId: source.project.id };
}
