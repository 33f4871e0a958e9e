/**
 * Retention after a backup: planned always, carried out only with the owner key. Its failure never fails the backup:
 * what could not be retired today is retired tomorrow.
 */
import { BackupError, describeError } from "../foundation/errors.ts";
import { appendEntry, type AppendFacts } from "../vault/log-append.ts";
import type { Log } from "../vault/log.ts";
import { deleteRetired, retire, type RetireOutcome } from "../vault/retention-apply.ts";
import { retentionPlanner, type RetentionFacts, type RetentionPlan } from "../vault/retention-plan.ts";
import type { Session } from "./back-up-project.ts";
import type { RetentionSummary } from "./results.ts";

/** Undefined when the input keeps everything. */
export async function runRetention(session: Session, log: Log): Promise<RetentionSummary | undefined> {
  const { request, tools, access } = session;
  if (request.retention === undefined) return undefined;
  const facts: RetentionFacts = { access, clock: tools.clock, rules: request.retention };
  try {
    if (request.ownerKeys !== undefined) return await carryOut(session, facts, log);
    const plan = await retentionPlanner(facts).plan(log);
    return { ...figuresOf(plan), carriedOut: false, note: noteOf(plan) };
  } catch (error) {
    if (!(error instanceof BackupError)) throw error;
    tools.reporter.warn(`Retention did nothing: ${describeError(error)}`);
    return { kept: 0, retired: 0, objects: 0, bytes: 0, carriedOut: false, note: describeError(error) };
  }
}

async function carryOut(session: Session, facts: RetentionFacts, log: Log): Promise<RetentionSummary> {
  const { tools, access, sealed } = session;
  const append = appendFacts(session, session.request.ownerKeys);
  const outcome = await retire({ ...facts, append, sealed, log });
  const { vault } = session;
  const place = {
    store: tools.store,
    cryptography: tools.cryptography,
    vault,
    pinnedSigners: session.request.pinnedSigners,
  };
  const deleted = await deleteRetired({
    log: place,
    access,
    store: tools.store,
    onOverlap: (objects) => recordIncident(session, outcome.log, objects),
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

function appendFacts(
  { request, tools, by, vault }: Session,
  signing: { readonly signingSeed: Uint8Array; readonly signer: string } = request.agentKeys,
): AppendFacts {
  const { store, cryptography, clock } = tools;
  return {
    store,
    cryptography,
    vault,
    clock,
    by,
    signing: { signingSeed: signing.signingSeed, signer: signing.signer },
    pinnedSigners: request.pinnedSigners,
  };
}

/** Something about to be deleted turned out to be needed: everybody has to know. */
async function recordIncident(session: Session, log: Log, objects: readonly string[]): Promise<void> {
  const incident = { code: "RETENTION_OVERLAP", objects: objects.slice(0, 100), snapshots: [] };
  await appendEntry(appendFacts(session), log, async () => ({ kind: "incident", incident }));
}

function figuresOf(plan: RetentionPlan): Pick<RetentionSummary, "kept" | "retired" | "objects" | "bytes"> {
  return {
    kept: plan.snapshots.keep.length,
    retired: plan.snapshots.retire.length,
    objects: plan.objects.length,
    bytes: plan.bytes,
  };
}

function noteOf(plan: RetentionPlan): string {
  const guards = plan.guards.map(({ message }) => message);
  return ["planned only: give the secret input ownerKey to carry it out", ...guards].join("; ");
}
