/**
 * Retention after a backup: planned always, carried out only with the owner key. Its failure never fails the backup:
 * what could not be retired today is retired tomorrow.
 */
import { BackupError, describeError } from "../../foundation/errors.ts";
import { recordIncident } from "../../vault/log/incident.ts";
import type { Log } from "../../vault/log/log.ts";
import { deleteRetired, retire, type RetireOutcome } from "../../vault/retention/apply.ts";
import { retentionPlanner, type RetentionFacts, type RetentionPlan } from "../../vault/retention/plan.ts";
import { appendFacts, type Session } from "./session.ts";
import type { RetentionSummary } from "../results.ts";

/** Undefined when the input keeps everything. */
export async function runRetention(session: Session, log: Log): Promise<RetentionSummary | undefined> {
  const { request, tools, access } = session;
  if (request.retention === undefined) return undefined;
  const facts: RetentionFacts = { access, clock: tools.clock, rules: request.retention };
  try {
    if (request.ownerKeys !== undefined) return await carryOut(session, facts, log);
    const plan = await retentionPlanner(facts).plan(log);
    return { ...figuresOf(plan), carriedOut: false, note: noteOf(plan, session.opened.hasOwner) };
  } catch (error) {
    if (!(error instanceof BackupError)) throw error;
    tools.reporter.warn(`Retention did nothing: ${describeError(error)}`);
    return { kept: 0, retired: 0, objects: 0, bytes: 0, carriedOut: false, note: describeError(error) };
  }
}

async function carryOut(session: Session, facts: RetentionFacts, log: Log): Promise<RetentionSummary> {
  const { tools, access, sealed } = session;
  const append = appendFacts(session, session.request.ownerKeys);
  const outcome = await retire({ ...facts, append, sealed, log, allow: session.request.retentionAllow });
  const { vault } = session;
  const { pinnedSigners, pin } = session.request;
  const { store, cryptography } = tools;
  const place = { store, cryptography, vault, pinnedSigners, pin, everyName: true };
  const deleted = await deleteRetired({
    log: place,
    access,
    store: tools.store,
    onOverlap: (objects) => recordOverlap(session, outcome.log, objects),
  });
  const note = [
    ...(outcome.refusedBy.length === 0
      ? []
      : [`not carried out: ${outcome.refusedBy.map(({ message }) => message).join("; ")}`]),
    ...(deleted.objects === 0 ? [] : [`${deleted.objects} objects retired earlier were deleted`]),
    ...(deleted.locked === 0 ? [] : [`${deleted.locked} are still protected by the storage and stay for now`]),
  ];
  return {
    ...figuresOf(outcome.plan),
    carriedOut: isCarriedOut(outcome),
    ...(note.length === 0 ? {} : { note: note.join("; ") }),
  };
}

function isCarriedOut({ outcome }: RetireOutcome): boolean {
  return outcome !== "refused";
}

/** Something about to be deleted turned out to be needed: everybody has to know. */
async function recordOverlap(session: Session, log: Log, objects: readonly string[]): Promise<void> {
  await recordIncident(appendFacts(session), log, { code: "RETENTION_OVERLAP", objects, snapshots: [] });
}

function figuresOf(plan: RetentionPlan): Pick<RetentionSummary, "kept" | "retired" | "objects" | "bytes"> {
  return {
    kept: plan.snapshots.keep.length,
    retired: plan.snapshots.retire.length,
    objects: plan.objects.length,
    bytes: plan.bytes,
  };
}

function noteOf(plan: RetentionPlan, hasOwner: boolean): string {
  const guards = plan.guards.map(({ message }) => message);
  const how = hasOwner
    ? "planned only: give the secret input ownerKey to carry it out"
    : "planned only, and never to be carried out in this vault: it was begun without an owner key, so no key may retire " +
      "snapshots; begin a new container with owner=ed25519:… in signer, or ownerKey, given to the first run";
  return [how, ...guards].join("; ");
}
