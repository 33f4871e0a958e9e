/**
 * What tasks attach to their run for the hub and for later runs. Whoever may see a run may read its attachments, so
 * a snapshot's attachment holds no names of items, only figures; whoever may change a pipeline can forge them, so
 * readers take them for claims, not for proof.
 */
import { numberAt, objectAt, parseObject, stringAt, type JsonObject } from "../foundation/json.ts";
import type { BackupResult, KindSummary, RestorePlan, RestoreResult, VerifyResult } from "../operations/results.ts";
import { formatHead, parseHead } from "../vault/head-pin.ts";
import { doneItems } from "./items.ts";

export interface RunAttachment {
  readonly type: string;
  readonly name: string;
  readonly json: string;
}

const snapshotForm = "project-backup/snapshot/v1";

/** One for each project that a run backs up. */
export function snapshotAttachment(result: BackupResult): RunAttachment {
  const { vault, project, snapshot, seq, head, status, signer, signerPinned, headPinned, sum, anomalies } = result;
  return attachment("devops-backup.snapshot", `snapshot-${vault}.json`, {
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
    gaps: result.gaps.length,
    findings: result.findings.length,
    overdue: result.overdue.length,
    anomalies,
    kinds: result.kinds.map(kindFigures),
    retention: result.retention ?? null,
    requests: result.requests,
    durationMs: Math.round(result.durationMs),
  });
}

/** What a later run or the hub needs of it; everything else in `facts`, unchecked. */
export interface ReportedSnapshot {
  readonly vault: string;
  readonly project: { readonly id: string; readonly name: string };
  readonly snapshot: string;
  readonly seq: number;
  /** `<seq>:<sha256>`. */
  readonly head: string;
  readonly status: "complete" | "partial";
  readonly facts: JsonObject;
}

/** Undefined for anything that is not a snapshot's attachment of this form. */
export function parseSnapshotAttachment(json: string): ReportedSnapshot | undefined {
  const facts = parseObject(json);
  if (facts?.form !== snapshotForm) return undefined;
  const vault = matching(facts, "vault", /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  const snapshot = matching(facts, "snapshot", /^[0-9A-Za-z-]{1,64}$/);
  const status = statusAt(facts);
  const head = parseHead(stringAt(facts, "head") ?? "");
  const seq = seqAt(facts);
  const project = projectAt(facts);
  if (vault === undefined || snapshot === undefined || status === undefined) return undefined;
  if (head === undefined || seq === undefined || project === undefined) return undefined;
  return { vault, project, snapshot, seq, head: formatHead(head), status, facts };
}

function matching(facts: JsonObject, key: string, form: RegExp): string | undefined {
  const text = stringAt(facts, key);
  return text !== undefined && form.test(text) ? text : undefined;
}

function statusAt({ status }: JsonObject): ReportedSnapshot["status"] | undefined {
  return status === "complete" || status === "partial" ? status : undefined;
}

function seqAt(facts: JsonObject): number | undefined {
  const seq = numberAt(facts, "seq");
  return seq !== undefined && Number.isSafeInteger(seq) && seq >= 0 ? seq : undefined;
}

function projectAt(facts: JsonObject): ReportedSnapshot["project"] | undefined {
  const project = objectAt(facts, "project") ?? {};
  const id = stringAt(project, "id");
  const name = stringAt(project, "name");
  return id === undefined || name === undefined ? undefined : { id, name };
}

function kindFigures({ kind, streams, changedStreams, added, changed, deleted, newBytes, gaps }: KindSummary): object {
  return { kind, streams, changedStreams, added, changed, deleted, newBytes, gaps };
}

/** The whole plan, names included: it is made at the wish of someone who may read them. */
export function planAttachment(plan: RestorePlan): RunAttachment {
  return attachment("devops-backup.plan", `plan-${plan.hash.slice(0, 16)}.json`, {
    form: "project-backup/plan/v1",
    ...plan,
  });
}

/** By item: what became of it, under which id. */
export function restoreAttachment(result: RestoreResult): RunAttachment {
  const { plan, restoreId, resumed, applied, created, updated, skipped, failed } = result;
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
    items: doneItems(result.steps).map(({ kind, key, name, outcome, newId, messages, reasons, fidelity }) => ({
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
  const { vault, head, streams, log, durationMs, newestCompleteAt, rtoSeconds, ...figures } = result;
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
