/**
 * Backs up one project into its vault (format.md §3.6):
 *
 *   open the vault (or begin it) → choose the run → probe a part of what is referenced
 *   → walk over all streams, keeping what is done in checkpoints → compose, commit → retention
 *
 * Running it again after any interruption converges: same build → same run → checkpoints are taken up; a run that
 * has committed finds its own entry.
 */
import { BackupError, describeError } from "../foundation/errors.ts";
import type { SourceProject } from "../kinds/kind.ts";
import { commitSnapshot, type Committed } from "../vault/commit.ts";
import { abandonedDrafts } from "../vault/checkpoints.ts";
import { recordIncident } from "../vault/incident.ts";
import type { Log } from "../vault/log.ts";
import { brokenStreams, nextProbePart } from "../vault/probe.ts";
import type { Ref } from "../vault/ref.ts";
import { keptSnapshots, snapshotOfRun, type LoggedSnapshot } from "../vault/snapshots.ts";
import { vaultStreamWriter } from "../vault/vault-stream-writer.ts";
import { anomaliesOf } from "./anomalies.ts";
import { appendFacts, openSession, type BackupRequest, type BackupTools, type Session } from "./back-up-session.ts";
import type { StreamDraft } from "./back-up-stream.ts";
import { backupResult } from "./backup-result.ts";
import { keepCheckpoints, type Checkpoints } from "./backup-checkpoints.ts";
import { readSource, type Walk, type WalkResult } from "./read-source.ts";
import { isReconcileDue } from "./reconcile.ts";
import { runRetention } from "./run-retention.ts";
import type { BackupResult } from "./results.ts";
import { streamFilter, type StreamFilter } from "./stream-filter.ts";

/** Undefined when this agent was one of several: the composing job makes the snapshot. */
export async function backUpProject(request: BackupRequest, tools: BackupTools): Promise<BackupResult | undefined> {
  const filter = filterOf(request); // wrong patterns are told before anything is written
  const session = await openSession(request, tools);
  const earlier = snapshotOfRun(session.opened.log, session.by.run);
  if (earlier !== undefined) return alreadyCommitted(session, earlier);
  const checkpoints = await keepCheckpoints(session);
  const broken = await brokenStreams(session.access, session.parent, nextProbePart(session.opened.log));
  const adopted = await abandonedBy(session);
  const walk = await prepareWalk(session, { checkpoints, broken, adopted, filter });
  const read = await readKeeping(walk, checkpoints);
  if (request.share.phase === "shard") {
    await checkpoints.flush();
    return undefined;
  }
  const committed = await commit(session, read, walk);
  const log = await reportBroken(session, committed.log, broken);
  const retention = await runRetention(session, log);
  return backupResult(session, { ...committed, log, read, retention });
}

function filterOf(request: BackupRequest): StreamFilter {
  return streamFilter(
    request,
    request.kinds.map(({ name }) => name),
  );
}

/** Whatever ends the walk early, what it has stored so far is kept for the next attempt. */
async function readKeeping(walk: Walk, checkpoints: Checkpoints): Promise<WalkResult> {
  try {
    return await readSource(walk);
  } catch (error) {
    await checkpoints.flush().catch(() => undefined); // the storage itself may be what failed
    throw error;
  }
}

function alreadyCommitted(session: Session, snapshot: LoggedSnapshot): BackupResult {
  session.tools.reporter.info(`This run has already made snapshot ${snapshot.entry.by.run}; nothing is left to do`);
  const nothing = { drafts: new Map<string, StreamDraft>(), gaps: [] };
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
type Broken = ReadonlyMap<string, readonly Ref[]>;

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

/** Drafts of runs that died; the commit checks what they refer to like everything else. */
function abandonedBy({ access, opened, by, parent, request }: Session): Promise<Walk["adopted"]> {
  return abandonedDrafts(access, opened.log, { run: by.run, signer: request.agentKeys.signer, parent });
}

async function prepareWalk(
  session: Session,
  {
    checkpoints,
    broken,
    adopted,
    filter,
  }: {
    readonly checkpoints: Checkpoints;
    readonly broken: Broken;
    readonly adopted: Walk["adopted"];
    readonly filter: StreamFilter;
  },
): Promise<Walk> {
  const { request, tools, access, parent, sealed, opened, parentSnapshot } = session;
  const { cryptography } = tools;
  const now = await tools.store.serviceTime();
  const { project, options, parallelism } = request;
  const source: SourceProject = { ...tools, project, options, parallelism };
  for (const [stream, refs] of broken)
    tools.reporter.warn(
      `${refs.length} stored objects of ${stream} are missing or have another size; it is stored anew, earlier snapshots of it are damaged`,
    );
  return {
    source,
    sealed,
    access,
    parent,
    adopted,
    parentSeq: parentSnapshot?.entry.seq,
    now,
    broken: new Map(
      [...broken].map(([stream, refs]) => [stream, `object ${refs[0]?.o ?? ""} is missing or has another size`]),
    ),
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
  const redone = await readSource({
    ...walk,
    broken: again,
    finished: (stream) => (again.has(stream) ? undefined : read.drafts.get(stream)),
  });
  const second = await tryCommit(session, redone, "carry");
  if (second.outcome === "committed") return second;
  throw new Error("a commit that carries unusable streams cannot ask for them again");
}

function tryCommit(session: Session, { drafts, gaps }: WalkResult, unusable: "rebase" | "carry"): Promise<Committed> {
  const { tools, access, sealed, opened, parent, startedAt } = session;
  const all = [...drafts.values()];
  return commitSnapshot({
    append: appendFacts(session),
    access,
    sealed,
    log: opened.log,
    base: parent,
    drafts: all,
    window: [startedAt, tools.clock.now().toISOString()],
    hasGaps: gaps.length > 0 || all.some((draft: StreamDraft) => draft.gaps.length > 0),
    newBytes: all.reduce((sum, draft) => sum + draft.newBytes, 0),
    anomalies: anomaliesOf(parent, drafts),
    unusable,
  });
}
