/**
 * Restores items of a snapshot into a project: plan, then apply with a journal. The same request again resumes what
 * was interrupted, or finds everything done.
 */
import type { AzureDevOps } from "../azure-devops/azure-devops.ts";
import { sha256Hex, type Cryptography } from "../crypto/cryptography.ts";
import type { PinnedSigner } from "../crypto/keys.ts";
import { utf8 } from "../foundation/bytes.ts";
import type { Clock } from "../foundation/clock.ts";
import { BackupError } from "../foundation/errors.ts";
import { canonicalJson, isObject, stringAt, type JsonObject } from "../foundation/json.ts";
import type { Reporter } from "../foundation/reporter.ts";
import type { GitAccess } from "../git/git-access.ts";
import type { ConflictPolicy, ProjectRef, ResourceKind, Step, WorkItemHistory } from "../kinds/kind.ts";
import { unpackedList } from "../native/packed-list.ts";
import type { ObjectStore } from "../store/object-store.ts";
import type { Head } from "../vault/log-entry.ts";
import { isRunId } from "../vault/layout.ts";
import { readLog, type Log } from "../vault/log.ts";
import { finishedJournals, openJournal, type JournalTarget, type RestoreJournal } from "../vault/restore-journal.ts";
import type { SnapshotReader } from "../vault/stream-reader.ts";
import { openSnapshot } from "../vault/vault-snapshot-reader.ts";
import { applyRestore, secretsToEnter, type StepJournal } from "./apply-restore.ts";
import { requireRecoveryKey } from "./check-keys.ts";
import { chooseSnapshot } from "./choose-snapshots.ts";
import { planRestore, type PlannedRestore } from "./plan-restore.ts";
import { idMap, restoreTarget, type FillingIdMap, type RestoreTarget } from "./restore-target.ts";
import type { RestorePlan, RestoreResult } from "./results.ts";
import { selectItems } from "./select-items.ts";

export interface RestoreRequest {
  readonly vault: string;
  readonly source: { readonly organizationUrl: string; readonly project: ProjectRef };
  readonly snapshot: string;
  readonly selectors: readonly string[];
  /** Undefined id: the project is to be created. */
  readonly targetProject: { readonly id: string | undefined; readonly name: string };
  readonly conflictPolicy: ConflictPolicy;
  readonly workItemHistory: WorkItemHistory;
  readonly mapping: JsonObject;
  readonly previewOnly: boolean;
  readonly planHash: string | undefined;
  readonly recoveryIdentities: readonly string[];
  readonly pinnedSigners: readonly PinnedSigner[];
  readonly pin: Head | undefined;
  readonly kinds: readonly ResourceKind[];
  readonly parallelism: number;
}

export interface RestoreTools {
  readonly store: ObjectStore;
  readonly cryptography: Cryptography;
  /** The target's organisation. */
  readonly azureDevOps: AzureDevOps;
  readonly git: GitAccess;
  readonly clock: Clock;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  readonly temporaryFolder: string;
  /** Called with the plan before anything is changed. */
  readonly announce: (plan: RestorePlan) => void;
}

export async function restoreItems(request: RestoreRequest, tools: RestoreTools): Promise<RestoreResult> {
  const { store, cryptography, clock } = tools;
  const startedMs = clock.monotonicMs();
  const { snapshot, log } = await openForRestore(request, tools);
  const restoreId = restoreIdOf(request, snapshot, tools);
  const place = { store, cryptography, vault: request.vault, identities: request.recoveryIdentities };
  const journal = await openJournal({ ...place, restoreId, recipients: log.keys?.recipients ?? [] });
  const ids = await knownIds(request, tools, { journal, place });
  const target = targetOf(request, tools, { snapshot, restoreId, ids });
  const isResumed = journal.state === "unfinished" && !request.previewOnly;
  const planned = isResumed
    ? await resumedPlan(journal, request, snapshot)
    : await planRestore({ ...request, snapshot, target, cryptography });
  tools.announce(planned.plan);
  checkHash(request, planned.plan);
  if (request.previewOnly) return preview(planned.plan, restoreId, clock.monotonicMs() - startedMs);
  if (!isResumed)
    await journal.begin({
      target: journalTarget(target),
      source: journalSource(request),
      plan: storedPlan(planned.plan),
    });
  const result = await applyRestore({
    ...planned,
    target,
    kinds: request.kinds,
    journal: stepJournal(journal, isResumed),
    resumed: isResumed,
  });
  if (isOver(result)) await journal.finish(figuresOf(result), journalTarget(target));
  return { ...result, durationMs: clock.monotonicMs() - startedMs };
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

/** The same request gives the same id (design: restore id). */
function restoreIdOf(
  request: RestoreRequest,
  snapshot: SnapshotReader,
  { azureDevOps, cryptography }: RestoreTools,
): string {
  const facts = {
    vault: request.vault,
    snapshot: snapshot.id,
    selectors: [...request.selectors].sort(),
    target: [azureDevOps.organization.id, request.targetProject.name.toLowerCase()],
    policy: [request.conflictPolicy, request.workItemHistory],
    mapping: request.mapping,
  };
  return sha256Hex(cryptography, utf8(canonicalJson(facts)));
}

function targetOf(
  request: RestoreRequest,
  tools: RestoreTools,
  {
    snapshot,
    restoreId,
    ids,
  }: { readonly snapshot: SnapshotReader; readonly restoreId: string; readonly ids: FillingIdMap },
): RestoreTarget {
  const { id, name } = request.targetProject;
  return restoreTarget({
    ...tools,
    ...request,
    ids,
    snapshot,
    restoreId,
    project: { id: id ?? "", name },
    isNew: id === undefined,
    isSource: id?.toLowerCase() === request.source.project.id.toLowerCase(),
  });
}

/** What earlier restores of the same source have made in this target, this one's unfinished part included. */
async function knownIds(
  request: RestoreRequest,
  { azureDevOps, reporter }: RestoreTools,
  { journal, place }: { readonly journal: RestoreJournal; readonly place: Parameters<typeof finishedJournals>[0] },
): Promise<FillingIdMap> {
  const ids = idMap();
  const { id, name } = request.targetProject;
  const target: JournalTarget = {
    organizationUrl: azureDevOps.organization.url,
    projectName: name,
    ...(id === undefined ? {} : { projectId: id }),
  };
  const { restores, unreadable } = await finishedJournals(place, target);
  for (const restore of restores) {
    if (restore.source.projectId !== undefined && restore.source.projectId !== request.source.project.id) continue;
    for (const { kind, oldId, newId } of restore.ids) ids.set(kind, oldId, newId);
  }
  for (const { restoreId, code } of unreadable)
    reporter.warn(
      `The journal of restore ${restoreId.slice(0, 12)} cannot be used (${code}); what it made may be made again`,
    );
  if (journal.state !== "new")
    reporter.info(
      journal.state === "unfinished"
        ? "An interrupted restore of the same request is continued"
        : "The same restore was made before; it is compared with what is there now",
    );
  return ids;
}

/** The plan of the interrupted run, with selections found again by its steps. */
async function resumedPlan(
  journal: RestoreJournal,
  request: RestoreRequest,
  snapshot: SnapshotReader,
): Promise<PlannedRestore> {
  const plan = planOf(journal.header?.plan);
  if (plan === undefined) {
    throw new BackupError({
      code: "JOURNAL_TAMPERED",
      message: "The journal of the interrupted restore holds no plan",
      hint: "Restore with another selection or snapshot, or contact support with the journal.",
    });
  }
  return { plan, selections: await selectItems(request.selectors, snapshot, request.kinds) };
}

function storedPlan({ steps, ...facts }: PlannedRestore["plan"]): JsonObject {
  return { ...jsonOf(facts), steps: steps.toJson() };
}

/** What was sealed under our own MAC is trusted to be what we wrote; only its form is looked at. */
function planOf(value: JsonObject | undefined): PlannedRestore["plan"] | undefined {
  const steps = unpackedList(value?.steps, isStep);
  if (value === undefined || steps === undefined || !isText(value, "hash", "snapshot")) return undefined;
  return { ...(value as unknown as RestorePlan), steps };
}

function isStep(value: unknown): value is Step {
  return isObject(value) && isText(value, "kind", "key", "stream", "phase");
}

function isText(value: JsonObject, ...keys: readonly string[]): boolean {
  return keys.every((key) => stringAt(value, key) !== undefined);
}

function checkHash({ planHash }: RestoreRequest, plan: RestorePlan): void {
  if (planHash === undefined || planHash === plan.hash) return;
  throw new BackupError({
    code: "PLAN_CHANGED",
    message: `The plan made now has the hash ${plan.hash}, not ${planHash}: snapshot or target changed since it was approved`,
    hint: "Look at the new plan, then apply it with its own planHash.",
  });
}

function preview(plan: RestorePlan, restoreId: string, durationMs: number): RestoreResult {
  return {
    plan,
    restoreId,
    resumed: false,
    applied: false,
    steps: [],
    created: 0,
    updated: 0,
    skipped: 0,
    failed: 0,
    worksheet: secretsToEnter(plan.steps),
    durationMs,
  };
}

function journalTarget({ azureDevOps, project, isNew }: RestoreTarget): JournalTarget {
  return {
    organizationUrl: azureDevOps.organization.url,
    projectName: project.name,
    ...(isNew ? {} : { projectId: project.id }),
  };
}

function journalSource({ source }: RestoreRequest): JournalTarget {
  return { organizationUrl: source.organizationUrl, projectName: source.project.name, projectId: source.project.id };
}

function jsonOf(value: unknown): JsonObject {
  const json: unknown = JSON.parse(JSON.stringify(value));
  if (!isObject(json)) throw new Error("a plan is an object");
  return json;
}
