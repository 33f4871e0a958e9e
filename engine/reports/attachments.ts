/**
 * What tasks attach to their run for the hub and for later runs. Whoever may see a run may read its attachments, so
 * a snapshot's attachment holds no names of items, only figures; whoever may change a pipeline can forge them, so
 * readers take them for claims, not for proof.
 */
import type { BackupResult, KindSummary, RestorePlan, RestoreResult, VerifyResult } from "../operations/results.ts";
import { isWhole } from "../vault/format/coverage.ts";
import { formatHead } from "../vault/format/head-pin.ts";
import { snapshotAttachmentType, snapshotForm } from "../vault/format/reported-snapshot.ts";
import { actions, countsOf, differingCount, doneGroups, outcomes, plannedGroups } from "./items.ts";

export interface RunAttachment {
  readonly type: string;
  readonly name: string;
  readonly json: string;
}

/** One for each project that a run backs up. */
export function snapshotAttachment(result: BackupResult): RunAttachment {
  const { vault, project, snapshot, seq, head, status, signer, signerPinned, headPinned, sum, anomalies } = result;
  return attachment(snapshotAttachmentType, `snapshot-${vault}.json`, {
    form: snapshotForm,
    vault,
    project,
    snapshot,
    seq,
    head: formatHead(head),
    status,
    signer,
    signerPinned,
    headPinned,
    sum,
    coverage: coverageFacts(result),
    gaps: result.gaps.length,
    notCovered: result.notCovered.length,
    findings: result.findings.length,
    overdue: result.overdue.length,
    anomalies,
    openAlarms: result.alarms.length,
    kinds: result.kinds.map(kindFigures),
    retention: result.retention ?? null,
    requests: result.requests,
    durationMs: Math.round(result.durationMs),
  });
}

/** The figures, whether they add up, and the kinds that are concerned. */
function coverageFacts({ coverage, kindsNotRead, kindsUnsure }: BackupResult): object | null {
  if (coverage === undefined) return null;
  return { ...coverage, isWhole: isWhole(coverage), notRead: kindsNotRead, unsure: kindsUnsure };
}

function kindFigures({ kind, streams, changedStreams, added, changed, deleted, newBytes, gaps }: KindSummary): object {
  return { kind, streams, changedStreams, added, changed, deleted, newBytes, gaps };
}

/** Pages that show plans read them whole; what is longer stands in `planLines` besides. */
const maxSteps = 10_000;

/**
 * The plan, names included: it is made at the wish of someone who may read them. Of a very long one the first steps, and
 * how many items there are in all.
 */
export function planAttachment(plan: RestorePlan, groups = plannedGroups(plan.steps)): RunAttachment {
  return attachment("devops-backup.plan", `plan-${plan.hash.slice(0, 16)}.json`, {
    form: "project-backup/plan/v1",
    ...plan,
    steps: firstOf(plan.steps, maxSteps),
    stepsInAll: plan.steps.length,
    counts: countsOf(groups, actions),
    differing: differingCount(plan.steps),
  });
}

/** All steps of a plan that is too long for its attachment, a line of JSON each; undefined for others. */
export function planLines(plan: RestorePlan): { readonly name: string; readonly lines: Iterable<string> } | undefined {
  if (plan.steps.length <= maxSteps) return undefined;
  return { name: `plan-${plan.hash.slice(0, 16)}.ndjson`, lines: linesOf(plan.steps) };
}

function* linesOf(values: Iterable<unknown>): Generator<string> {
  for (const value of values) yield JSON.stringify(value);
}

function firstOf<Value>(values: Iterable<Value>, count: number): readonly Value[] {
  const first: Value[] = [];
  for (const value of values) {
    if (first.length === count) break;
    first.push(value);
  }
  return first;
}

/** By item: what became of it, under which id. Of very many the first ones of each kind and outcome. */
export function restoreAttachment(result: RestoreResult): RunAttachment {
  const { plan, restoreId, resumed, applied, created, updated, skipped, failed } = result;
  const groups = doneGroups(result.steps);
  return attachment("devops-backup.restore-report", `restore-${restoreId.slice(0, 16)}.json`, {
    form: "project-backup/restore/v1",
    source: plan.source,
    target: plan.target,
    snapshot: plan.snapshot,
    takenAt: plan.takenAt,
    conflictPolicy: plan.conflictPolicy,
    planHash: plan.hash,
    restoreId,
    resumed,
    applied,
    created,
    updated,
    skipped,
    failed,
    counts: countsOf(groups, outcomes),
    items: groups
      .flatMap(({ items }) => items)
      .map(({ kind, key, name, outcome, newId, messages, reasons, fidelity }) => ({
        kind,
        key,
        name,
        outcome,
        newId: newId ?? null,
        messages: [...messages, ...reasons],
        fidelity,
      })),
    secretsToEnter: result.worksheet.length,
    durationMs: Math.round(result.durationMs),
  });
}

export function verifyAttachment(result: VerifyResult): RunAttachment {
  const { vault, head, streams, log, durationMs, newestCompleteAt, rtoSeconds, immutability, ...figures } = result;
  return attachment("devops-backup.verification", `verification-${vault}.json`, {
    form: "project-backup/verification/v1",
    vault,
    head: formatHead(head),
    ...figures,
    streams: streams.length,
    damage: streams
      .filter(({ findings }) => findings.some(({ severity }) => severity === "damage"))
      .map(({ stream, snapshots, findings }) => ({ stream, snapshots, codes: codesOf(findings) })),
    log: codesOf(log),
    immutability,
    newestCompleteAt: newestCompleteAt ?? null,
    rtoSeconds: rtoSeconds ?? null,
    durationMs: Math.round(durationMs),
  });
}

function codesOf(findings: VerifyResult["log"]): readonly string[] {
  return [...new Set(findings.filter(({ severity }) => severity === "damage").map(({ code }) => code))];
}

function attachment(type: string, name: string, content: unknown): RunAttachment {
  return { type, name, json: `${JSON.stringify(content, undefined, 1)}\n` };
}
