/**
 * Backs up one project into its vault (docs/architecture.md):
 *
 *   open the vault (or begin it) → choose the run → walk over all streams, keeping what is done in checkpoints, and
 *   beside it probe a part of what is referenced → compose, commit → retention
 *
 * Running it again after any interruption converges: same build → same run → checkpoints are taken up; a run that
 * has committed finds its own entry.
 */
import { BackupError, describeError } from "../../foundation/errors.ts";
import type { SourceProject } from "../../kinds/kind.ts";
import { judgeSnapshot } from "../../insight/judge-snapshot.ts";
import { snapshotFacts } from "../../insight/snapshot-facts.ts";
import { commitSnapshot, type Committed } from "../../vault/snapshots/commit.ts";
import { abandonedDrafts } from "../../vault/snapshots/checkpoints.ts";
import type { RunSum } from "../../vault/format/figures.ts";
import { readmeName } from "../../vault/format/layout.ts";
import { recordIncident, recordVoidEntries } from "../../vault/log/incident.ts";
import { type Log } from "../../vault/log/log.ts";
import { entriesOf } from "../../vault/format/logged-entry.ts";
import { brokenStreams, nextProbePart } from "../../vault/snapshots/probe.ts";
import type { SizedObject } from "../../vault/snapshots/reaches.ts";
import { keptSnapshots, snapshotOfRun, type LoggedSnapshot } from "../../vault/snapshots/snapshots.ts";
import type { IndexLine } from "../../vault/format/state.ts";
import { vaultStreamWriter } from "../../vault/streams/vault-stream-writer.ts";
import { appendFacts, openSession, type BackupRequest, type BackupTools, type Session } from "./session.ts";
import type { StreamDraft } from "./back-up-stream.ts";
import { backupResult } from "./result.ts";
import { keepCheckpoints, type Checkpoints } from "./checkpoints.ts";
import { sealedToOldKeys } from "./previous-stream.ts";
import { readSource, type Walk, type WalkResult } from "./read-source.ts";
import { isReconcileDue } from "./reconcile.ts";
import { namePattern } from "../name-pattern.ts";
import { runRetention } from "./run-retention.ts";
import type { BackupResult } from "../results.ts";
import { surroundingsOf } from "../surroundings.ts";
import { streamFilter, type StreamFilter } from "./stream-filter.ts";
import { noTroubles } from "./uncovered-kinds.ts";
import { streamOf } from "../../vault/format/stream-ids.ts";

/** Undefined when this agent was one of several: the composing job makes the snapshot. */
export async function backUpProject(request: BackupRequest, tools: BackupTools): Promise<BackupResult | undefined> {
  const filter = filterOf(request); // wrong patterns are told before anything is written
  const session = await openSession(request, tools);
  const earlier = snapshotOfRun(session.opened.log, session.by.run);
  if (earlier !== undefined) return alreadyCommitted(session, earlier);
  warnOfReadme(session);
  const checkpoints = await keepCheckpoints(session);
  const walk = await prepareWalk(session, { checkpoints, adopted: await abandonedBy(session), filter });
  const { read, broken } = await keepingOnFailure(checkpoints, () => readAndProbe(session, walk));
  if (request.share.phase === "shard") {
    await checkpoints.flush();
    return undefined;
  }
  warnOfIdle(session, filter, read);
  const committed = await commit(session, read, walk);
  const log = await reportVoid(session, await reportBroken(session, committed.log, broken));
  const retention = await runRetention(session, log);
  return backupResult(session, { ...committed, log, read, retention });
}

function filterOf(request: BackupRequest): StreamFilter {
  return streamFilter(request, request.kinds);
}

/** It is what people follow on the worst day, beside the recovery key. */
function warnOfReadme({ opened: { readme }, tools, vault }: Session): void {
  if (readme.state !== "other") return;
  tools.reporter.warn(
    `${readmeName(vault)} is none that this program has written: do not follow its commands. Find out who can write over objects in the container, and delete it; the next backup writes it anew`,
  );
}

/** A line of `include` with a typing error must not look like a backup. */
function warnOfIdle({ request, tools }: Session, filter: StreamFilter, { notRead }: WalkResult): void {
  const unlisted = new Set(notRead);
  for (const line of filter.idle()) {
    if (unlisted.has(namePattern(line).kind)) continue; // it may match what could not be listed
    tools.reporter.warn(
      `Input include: "${line}" matches nothing in project ${request.project.name}, so nothing is backed up for it. Correct the line, or take it out.`,
    );
  }
}

/** Whatever ends the reading early, what it has stored so far is kept for the next attempt. */
async function keepingOnFailure<Result>(checkpoints: Checkpoints, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    await checkpoints.flush().catch(() => undefined); // the storage itself may be what failed
    throw error;
  }
}

function alreadyCommitted(session: Session, snapshot: LoggedSnapshot): BackupResult {
  session.tools.reporter.info(`This run has already made snapshot ${snapshot.entry.by.run}; nothing is left to do`);
  const nothing = { drafts: new Map<string, StreamDraft>(), ...noTroubles };
  const { log } = session.opened;
  return backupResult(session, {
    outcome: "committed",
    log,
    snapshot,
    already: true,
    streams: [],
    carried: [],
    read: nothing,
    retention: undefined,
  });
}

/** What is missing of streams, by stream. */
type Broken = ReadonlyMap<string, readonly SizedObject[]>;

interface ReadAndProbed {
  readonly read: WalkResult;
  readonly broken: Broken;
}

/**
 * Walks over the source while the storage is probed: the one waits for Azure DevOps, the other for the storage. What
 * turns out to rest on missing objects is read once more, now to be stored anew; all before anything is committed.
 */
async function readAndProbe(session: Session, walk: Walk): Promise<ReadAndProbed> {
  const stop = new AbortController();
  const probing = probe(session);
  probing.catch((error: unknown) => stop.abort(error)); // the walk then ends at its next stream
  const signal = AbortSignal.any([walk.source.signal, stop.signal]);
  try {
    const read = await readSource({ ...walk, source: { ...walk.source, signal } });
    const broken = await probing;
    return { read: await withoutBroken(session, { read, broken }, walk), broken };
  } finally {
    await probing.catch(() => undefined); // thrown above, unless the walk has failed as well
  }
}

/** A part of the newest snapshot's streams; of several agents each looks at its own, the composing one at all. */
async function probe({ access, opened, parent, request, tools }: Session): Promise<Broken> {
  const { share } = request;
  const isMine = ({ s }: IndexLine): boolean => share.phase !== "shard" || share.holds(streamOf(s), tools.cryptography);
  const broken = await brokenStreams(access, [...parent.values()].filter(isMine), nextProbePart(opened.log));
  for (const [stream, objects] of broken)
    tools.reporter.warn(
      `${objects.length} stored objects of ${stream} are missing or have another size; it is stored anew, earlier snapshots of it are damaged`,
    );
  return broken;
}

async function withoutBroken(
  { reaches, request }: Session,
  { read, broken }: ReadAndProbed,
  walk: Walk,
): Promise<WalkResult> {
  const again = new Map<string, string>();
  if (request.share.phase === "compose") return read; // what agents have read is read
  for (const [stream, objects] of broken) {
    const reached = await Promise.all((read.drafts.get(stream)?.lines ?? []).map((line) => reaches.of(line)));
    const paths = new Set(reached.flat().map(({ o }) => o));
    const missing = objects.find(({ o }) => paths.has(o));
    if (missing !== undefined) again.set(stream, `object ${missing.o} is missing or has another size`);
  }
  return again.size === 0 ? read : readAgain(walk, read, again);
}

/** Reads some streams once more, each with why what is stored of it cannot be used; all others stay as they are. */
function readAgain(walk: Walk, read: WalkResult, broken: ReadonlyMap<string, string>): Promise<WalkResult> {
  return readSource({
    ...walk,
    broken,
    finished: (stream) => (broken.has(stream) ? undefined : read.drafts.get(stream)),
  });
}

/** Missing objects are an incident: retention stops until a person has looked. Failing to say so fails nothing. */
async function reportBroken(session: Session, log: Log, broken: Broken): Promise<Log> {
  if (broken.size === 0) return log;
  const objects = [...broken.values()].flat().map(({ o }) => o);
  const seq = session.parentSnapshot?.entry.seq;
  try {
    return await recordIncident(appendFacts(session), log, {
      code: "OBJECT_MISSING",
      objects,
      snapshots: seq === undefined ? [] : [seq],
    });
  } catch (error) {
    if (!(error instanceof BackupError)) throw error;
    session.tools.reporter.warn(`The missing objects could not be recorded in the log: ${describeError(error)}`);
    return log;
  }
}

/** So is a name in the log that no signer has written. */
async function reportVoid(session: Session, log: Log): Promise<Log> {
  const { reporter } = session.tools;
  try {
    const now = await recordVoidEntries(appendFacts(session), log);
    const incident = now.head?.seq === log.head?.seq ? undefined : entriesOf(now, "incident").at(-1)?.entry;
    if (incident !== undefined)
      reporter.warn(
        `Somebody who is no signer of this vault has put objects into its log, the first one as ${incident.incident.objects[0]}; they count for nothing, but find out who can write to the container. Retention waits until retentionAllow names incident`,
      );
    return now;
  } catch (error) {
    if (!(error instanceof BackupError)) throw error;
    reporter.warn(`Void entries could not be recorded in the log: ${describeError(error)}`);
    return log;
  }
}

/** Drafts of runs that died; the commit checks what they refer to like everything else. */
async function abandonedBy({ access, opened, by, parent, request, tools }: Session): Promise<Walk["adopted"]> {
  const now = await tools.store.serviceTime();
  return abandonedDrafts(access, opened.log, { run: by.run, signer: request.agentKeys.signer, parent, now });
}

async function prepareWalk(
  session: Session,
  {
    checkpoints,
    adopted,
    filter,
  }: { readonly checkpoints: Checkpoints; readonly adopted: Walk["adopted"]; readonly filter: StreamFilter },
): Promise<Walk> {
  const { request, tools, access, parent, sealed, reaches, opened, parentSnapshot } = session;
  const { cryptography } = tools;
  const now = await tools.store.serviceTime();
  const { project, options, parallelism, jobProject } = request;
  const source: SourceProject = { ...surroundingsOf({ ...tools, parallelism }), project, options, jobProject };
  return {
    source,
    sealed,
    access,
    reaches,
    parent,
    adopted,
    parentSeq: parentSnapshot?.entry.seq,
    now,
    broken: sealedToOldKeys(opened.log, [...parent.values(), ...[...adopted.values()].flatMap(({ lines }) => lines)]),
    reconcile: isReconcileDue(keptSnapshots(opened.log), now),
    kinds: request.kinds,
    filter,
    writer: (stream) => vaultStreamWriter({ stream, sealed, agentKeys: request.agentKeys, access }),
    isMine: (stream) => request.share.holds(stream, cryptography),
    asksAboutAbsent: request.share.phase !== "shard",
    finished: (stream) => checkpoints.finished(stream),
    keep: (stream, draft) => checkpoints.keep(stream, draft),
    streamsAtOnce: Math.max(1, request.parallelism),
  };
}

type Done = Extract<Committed, { readonly outcome: "committed" }>;

/** Commits; streams whose objects turn out to be unusable are stored anew once, then carried. */
async function commit(session: Session, read: WalkResult, walk: Walk): Promise<Done> {
  const first = await tryCommit(session, read, "rebase");
  if (first.outcome === "committed") return first;
  const again = new Map(
    first.streams.map(({ stream, code }) => [stream, `its stored objects cannot be used (${code})`]),
  );
  const redone = await readAgain(walk, read, again);
  const second = await tryCommit(session, redone, "carry");
  if (second.outcome === "committed") return second;
  throw new Error("a commit that carries unusable streams cannot ask for them again");
}

function tryCommit(session: Session, read: WalkResult, unusable: "rebase" | "carry"): Promise<Committed> {
  const { drafts, gaps, notRead, unsure } = read;
  const { tools, access, sealed, opened, parent, parentSnapshot, reaches, startedAt } = session;
  const all = [...drafts.values()];
  return commitSnapshot({
    append: appendFacts(session),
    access,
    sealed,
    log: opened.log,
    base: parent,
    baseSeq: parentSnapshot?.entry.seq,
    reaches,
    drafts: all,
    window: [startedAt, tools.clock.now().toISOString()],
    hasGaps: gaps.length > 0 || all.some((draft: StreamDraft) => draft.gaps.length > 0),
    kinds: { kindsNotRead: notRead.length, kindsUnsure: unsure.length },
    newBytes: all.reduce((sum, draft) => sum + draft.newBytes, 0),
    run: () => runSum(session),
    judge: (made) => judgeSnapshot(snapshotFacts({ ...made, kinds: made.sum.kinds ?? [] })),
    unusable,
  });
}

/** Of this agent: where several share a run, of the one that composes. */
function runSum({ tools: { azureDevOps, clock }, startedMs }: Session): RunSum {
  return {
    requests: azureDevOps.requests,
    seconds: Math.round((clock.monotonicMs() - startedMs) / 1000),
    throttledSeconds: Math.round(azureDevOps.throttledMs / 1000),
    retries: azureDevOps.retries,
  };
}
